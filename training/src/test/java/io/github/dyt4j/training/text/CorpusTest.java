package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    private Corpus open(Path data, long shard) {
        return Corpus.open(data.toString(), "bytes", 0.2, dir.resolve("cache"), shard);
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
