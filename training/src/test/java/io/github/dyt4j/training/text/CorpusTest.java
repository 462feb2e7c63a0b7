package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class CorpusTest {
    @TempDir
    Path dir;

    @Test
    void everyDocumentIsOnOneSideAndTheSecondOpeningTokenisesNothing() throws IOException {
        Path texts = Files.createDirectory(dir.resolve("texts"));
        long bytes = 0;
        for (int i = 0; i < 40; i++) {
            String text = "document " + i + " says héllo\n".repeat(i + 1);
            Files.writeString(texts.resolve(i + ".txt"), text);
            bytes += text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        }
        Files.write(texts.resolve("picture.png"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        // Shards of 50 tokens: documents go on from one to the next.
        try (Corpus corpus = open(texts, 50)) {
            assertThat(corpus.training().size() + corpus.heldOut().size()).isEqualTo(bytes + 40);
            assertThat(corpus.describe()).endsWith("passed over what is no UTF-8 text: 1 files");
            assertThat(corpus.heldOutBytes()).isPositive().isLessThan(bytes / 2);
            String all = text(corpus.training()) + text(corpus.heldOut());
            for (int i = 0; i < 40; i++) {
                assertThat(all).contains("document " + i + " says héllo\n");
            }
        }
        Path cached = only(dir.resolve("cache"));
        var made = Files.getLastModifiedTime(cached.resolve("training"));
        open(texts, 50).close();
        assertThat(Files.getLastModifiedTime(only(dir.resolve("cache")).resolve("training")))
                .isEqualTo(made);
    }

    @Test
    void oneFileIsCutAtALine() throws IOException {
        Path file = Files.writeString(dir.resolve("book.txt"), "line\n".repeat(100));
        try (Corpus corpus = open(file, 1 << 20)) {
            assertThat(text(corpus.heldOut())).startsWith("line\n").hasSizeBetween(80, 130);
        }
    }

    @Test
    void zipsAndParquetAreCorporaToo() throws Exception {
        Path zip = dir.resolve("texts.zip");
        try (var out = new java.util.zip.ZipOutputStream(Files.newOutputStream(zip))) {
            for (int i = 0; i < 30; i++) {
                out.putNextEntry(new java.util.zip.ZipEntry(i + ".txt"));
                out.write(("entry " + i + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
        }
        Path parquet = dir.resolve("texts.parquet");
        try (var duck = java.sql.DriverManager.getConnection("jdbc:duckdb:");
                var statement = duck.createStatement()) {
            statement.execute("COPY (SELECT 'entry ' || i || chr(10) AS text FROM range(30) t(i)) TO '" + parquet
                    + "' (FORMAT parquet)");
        }
        for (Path source : new Path[] {zip, parquet}) {
            try (Corpus corpus = open(source, 1 << 20)) {
                String all = text(corpus.training()) + text(corpus.heldOut());
                for (int i = 0; i < 30; i++) {
                    assertThat(all).as(source.toString()).contains("entry " + i + "\n");
                }
                assertThat(corpus.heldOut().size()).isPositive();
            }
        }
    }

    @Test
    void whatIsNoCorpusIsSaid() throws IOException {
        Path empty = Files.createDirectory(dir.resolve("empty"));
        assertThatThrownBy(() -> open(empty, 10)).isInstanceOf(UserError.class).hasMessageContaining("holds no text");
        Path rows = Files.writeString(dir.resolve("rows.jsonl"), "{\"text\": \"a\"}\n{\"txt\": \"b\"}\n");
        assertThatThrownBy(() -> open(rows, 10))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("rows.jsonl:2")
                .hasMessageContaining("'text' is missing");
        assertThatThrownBy(() -> Corpus.open(dir.resolve("nowhere").toString(), "bytes", 0.1))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("There is no");
    }

    @Test
    void aShardThatIsCutOffIsNamed() throws IOException {
        Path file = Files.writeString(dir.resolve("book.txt"), "line\n".repeat(100));
        open(file, 100).close();
        Path shard = only(dir.resolve("cache")).resolve("training/00001.tok");
        Files.write(shard, new byte[3]);
        assertThatThrownBy(() -> open(file, 100))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("00001.tok")
                .hasMessageContaining("cut off");
    }

    @Test
    void aBpeIsTrainedOnTheTrainingDocumentsAlone() throws IOException {
        Path texts = Files.createDirectory(dir.resolve("texts"));
        for (int i = 0; i < 40; i++) {
            Files.writeString(texts.resolve(i + ".txt"), "document " + i + " says héllo\r\n".repeat(i + 1));
        }
        byte[] trained = trained(texts, "first");
        assertThat(trained(texts, "again")).isEqualTo(trained);

        // Words that a trainer which saw them would merge, in the held-out documents and then in one that is trained
        // on.
        List<String> heldOut = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            if (Corpus.isHeldOut(i + ".txt", 0.2)) {
                heldOut.add(i + ".txt");
            }
        }
        assertThat(heldOut).hasSizeBetween(1, 30);
        for (String name : heldOut) {
            Files.writeString(texts.resolve(name), "zyzzyva quokka ".repeat(500));
        }
        assertThat(trained(texts, "held-out")).isEqualTo(trained);
        int i = 0;
        while (heldOut.contains(i + ".txt")) {
            i++;
        }
        Files.writeString(texts.resolve(i + ".txt"), "zyzzyva quokka ".repeat(500));
        assertThat(trained(texts, "training")).isNotEqualTo(trained);
    }

    @Test
    void theEndOfOneFileDoesNotTrainTheBpe() throws IOException {
        Path file = Files.writeString(dir.resolve("book.txt"), "line one\n".repeat(100) + "line two\n".repeat(20));
        byte[] trained = trained(file, "first");
        Files.writeString(file, "line one\n".repeat(100) + "qqqq zzz\n".repeat(20));
        assertThat(trained(file, "second")).isEqualTo(trained);
    }

    private byte[] trained(Path texts, String cache) throws IOException {
        Corpus.open(texts.toString(), "bpe-300", 0.2, dir.resolve(cache), 1 << 20)
                .close();
        return Files.readAllBytes(only(dir.resolve(cache)).resolve("tokenizer/tokenizer.json"));
    }

    @Test
    void aBpesTextComesBackAndItsTokensAreTheSameAfterReopening() throws IOException {
        Path rows = dir.resolve("rows.jsonl");
        List<String> texts = new ArrayList<>(List.of(ByteTokenizerTest.AWKWARD));
        texts.removeIf(text -> text.isEmpty() || text.contains(BpeTrainer.END));
        StringBuilder lines = new StringBuilder();
        for (String text : texts) {
            lines.append(JsonMapper.shared().writeValueAsString(Map.of("text", text)))
                    .append('\n');
        }
        Files.writeString(rows, lines.toString().repeat(4));
        long[] first;
        try (Corpus corpus = Corpus.open(rows.toString(), "bpe-280", 0.2, dir.resolve("cache"), 64)) {
            first = ids(corpus.training());
            assertThat(documents(corpus.training(), corpus.tokenizer()))
                    .hasSizeGreaterThan(5)
                    .isSubsetOf(texts);
            assertThat(documents(corpus.heldOut(), corpus.tokenizer()))
                    .isNotEmpty()
                    .isSubsetOf(texts);
            assertThat(corpus.training().size() + corpus.heldOut().size()).isGreaterThan(64); // in several shards
            assertThat(corpus.describe()).contains("(bpe-280)");
            assertThat(corpus.tokenizer().name()).isEqualTo("bpe-280");
        }
        var made = Files.getLastModifiedTime(only(dir.resolve("cache")).resolve("training"));
        try (Corpus corpus = Corpus.open(rows.toString(), "bpe-280", 0.2, dir.resolve("cache"), 64)) {
            assertThat(ids(corpus.training())).isEqualTo(first);
            assertThat(corpus.tokenizer().vocabSize()).isEqualTo(280);
        }
        assertThat(Files.getLastModifiedTime(only(dir.resolve("cache")).resolve("training")))
                .isEqualTo(made);
    }

    @Test
    void fewerPairsThanAskedForAreASmallerVocabulary() throws IOException {
        Path file = Files.writeString(dir.resolve("book.txt"), "ab\n".repeat(100));
        try (Corpus corpus = Corpus.open(file.toString(), "bpe-5000", 0.2, dir.resolve("cache"), 1 << 20)) {
            assertThat(corpus.tokenizer().vocabSize()).isEqualTo(258);
            assertThat(corpus.describe()).contains("(bpe-5000: the text has pairs for 258 tokens alone)");
        }
    }

    /** The shards of a tokenizer file are made anew where its bytes change, and shared where only its path does. */
    @Test
    void aTokenizerFileIsKnownByItsContent() throws IOException {
        Path folder = Files.createDirectory(dir.resolve("tokenizer"));
        Path json = Files.write(folder.resolve("tokenizer.json"), TokenizerFileTest.resource("tokenizer.json"));
        Path file = Files.writeString(dir.resolve("book.txt"), "some line\n".repeat(100));
        Path cache = dir.resolve("cache");
        for (Path typed : new Path[] {folder, json}) {
            try (Corpus corpus = Corpus.open(file.toString(), typed.toString(), 0.2, cache, 1 << 20)) {
                assertThat(corpus.tokenizer().vocabSize()).isEqualTo(600);
                assertThat(String.join("", documents(corpus.training(), corpus.tokenizer())))
                        .isEqualTo("some line\n".repeat(80));
            }
        }
        assertThat(count(cache)).isEqualTo(1);
        // Another end of text, from a file beside it.
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"!\"}");
        try (Corpus corpus = Corpus.open(file.toString(), folder.toString(), 0.2, cache, 1 << 20)) {
            assertThat(ids(corpus.training())[(int) corpus.training().size() - 1])
                    .isEqualTo(corpus.tokenizer().endOfText())
                    .isNotZero();
        }
        assertThat(count(cache)).isEqualTo(2);
        // The same path with another content.
        new ByteTokenizer().write(folder);
        Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": 0}");
        try (Corpus corpus = Corpus.open(file.toString(), folder.toString(), 0.2, cache, 1 << 20)) {
            assertThat(text(corpus.training())).isEqualTo("some line\n".repeat(80));
        }
        assertThat(count(cache)).isEqualTo(3);
    }

    @Test
    void whatIsNoTokenizerIsSaid() throws IOException {
        Path file = Files.writeString(dir.resolve("book.txt"), "some line\n".repeat(100));
        refused(file, "byts", "'byts' is not known", "Did you mean 'bytes'?");
        refused(file, "BPE4096", "'BPE4096' is not known", "Did you mean 'bpe-4096'?");
        refused(file, "gpt2-tokenizer-of-mine", "is not known", "the path of a tokenizer.json");
        refused(file, "bpe-256", "bpe-256 is too small", "bpe-257");
        refused(file, dir.resolve("none.json").toString(), "There is no tokenizer", "none.json");
        refused(
                file,
                dir.toString(),
                "There is no tokenizer",
                dir.resolve("tokenizer.json").toString());
        refused(file, file.toString(), "book.txt is no readable", "JSON");
        assertThat(Files.exists(dir.resolve("cache")) ? count(dir.resolve("cache")) : 0)
                .isZero();
    }

    private void refused(Path data, String tokenizer, String... says) {
        assertThatThrownBy(() -> Corpus.open(data.toString(), tokenizer, 0.2, dir.resolve("cache"), 100))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(says);
    }

    @Test
    void aDocumentLongerThanAShardGoesOnInTheNext() throws IOException {
        Path texts = Files.createDirectory(dir.resolve("texts"));
        String longText = "a long line of text\n".repeat(500);
        for (int i = 0; i < 10; i++) {
            Files.writeString(texts.resolve(i + ".txt"), i + longText);
        }
        try (Corpus corpus = open(texts, 777)) {
            List<String> all = documents(corpus.training(), corpus.tokenizer());
            all.addAll(documents(corpus.heldOut(), corpus.tokenizer()));
            assertThat(all)
                    .hasSize(10)
                    .allSatisfy(text -> assertThat(text.substring(1)).isEqualTo(longText));
        }
        assertThat(count(only(dir.resolve("cache")).resolve("training"))).isGreaterThan(20);
    }

    @Test
    void aCorpusWithoutTextIsSaid() throws IOException {
        for (String tokenizer : List.of("bytes", "bpe-300")) {
            Path empty = Files.createFile(
                    Files.createDirectory(dir.resolve("empty-" + tokenizer)).resolve("a.jsonl"));
            refused(empty, tokenizer, "holds no text");
            refused(Files.createFile(dir.resolve(tokenizer + ".txt")), tokenizer, "holds no text");
            Path blank = Files.writeString(dir.resolve(tokenizer + ".jsonl"), "{\"text\": \"\"}\n".repeat(20));
            refused(blank, tokenizer, "holds no text");
            Path line = Files.writeString(dir.resolve(tokenizer + "-line.txt"), "one line".repeat(100) + "\n");
            refused(line, tokenizer, "has no line break", "held_out");
        }
    }

    @Test
    void rowsAreOnTheSameSideWhereverTheirFileStands() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            lines.append("{\"text\": \"row ").append(i).append("\"}\n");
        }
        List<List<String>> heldOut = new ArrayList<>();
        for (String place : List.of("here", "there")) {
            Path folder = Files.createDirectory(dir.resolve(place));
            Files.writeString(folder.resolve("rows.jsonl"), lines);
            try (Corpus corpus = open(folder, 1 << 20)) {
                heldOut.add(documents(corpus.heldOut(), corpus.tokenizer()));
            }
        }
        assertThat(heldOut.get(0)).isNotEmpty().isEqualTo(heldOut.get(1));
    }

    private Corpus open(Path data, long shard) {
        return Corpus.open(data.toString(), "bytes", 0.2, dir.resolve("cache"), shard);
    }

    private static long count(Path folder) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.count();
        }
    }

    private static long[] ids(TokenStream stream) {
        long[] ids = new long[Math.toIntExact(stream.size())];
        stream.read(0, ids.length, ids, 0);
        return ids;
    }

    private static List<String> documents(TokenStream stream, Tokenizer tokenizer) {
        List<String> documents = new ArrayList<>();
        List<Integer> open = new ArrayList<>();
        for (long id : ids(stream)) {
            if (id != tokenizer.endOfText()) {
                open.add((int) id);
            } else {
                documents.add(tokenizer.decode(open.stream().mapToInt(i -> i).toArray()));
                open.clear();
            }
        }
        return documents;
    }

    private static Path only(Path folder) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.findFirst().orElseThrow();
        }
    }

    private static String text(TokenStream stream) {
        long[] ids = new long[Math.toIntExact(stream.size())];
        stream.read(0, ids.length, ids, 0);
        return new ByteTokenizer()
                .decode(java.util.Arrays.stream(ids).mapToInt(i -> (int) i).toArray());
    }
}
