package io.github.dyt4j.training.dna;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read by an index is what is read without one. */
final class FastaIndexTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    /** A FASTA text and samtools' index of it. */
    private record Indexed(String text, String fai) {
        static Indexed of(long seed, String lineEnd) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder();
            StringBuilder fai = new StringBuilder();
            for (int record = 0; record < 4; record++) {
                int width = 1 + random.nextInt(80);
                int length = 1 + random.nextInt(5000);
                text.append(">r")
                        .append(record)
                        .append(" chromosome ")
                        .append(record)
                        .append(lineEnd);
                fai.append("r%d\t%d\t%d\t%d\t%d\n"
                        .formatted(record, length, text.length(), width, width + lineEnd.length()));
                for (int i = 0; i < length; i++) {
                    text.append("ACGTacgtNR".charAt(random.nextInt(10)));
                    if (i % width == width - 1 || i == length - 1) {
                        text.append(lineEnd);
                    }
                }
            }
            return new Indexed(text.toString(), fai.toString());
        }
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static void assertSame(Genome own, Genome whole, Random random, String seed) {
        assertThat(own.contigs()).as(seed).isEqualTo(whole.contigs());
        for (int contig = 0; contig < whole.contigs().size(); contig++) {
            assertThat(FastaTest.letters(own, contig)).as(seed).isEqualTo(FastaTest.letters(whole, contig));
            int length = (int) whole.contigs().get(contig).length();
            for (int i = 0; i < 50; i++) {
                int from = random.nextInt(length);
                int count = random.nextInt(length - from) + 1;
                byte[] a = new byte[count + 2];
                byte[] b = new byte[count + 2];
                own.read(contig, from, count, a, 1);
                whole.read(contig, from, count, b, 1);
                assertThat(a).as(seed).isEqualTo(b);
            }
        }
    }

    @Test
    void anyPlaceReadsTheSame() throws IOException {
        for (String lineEnd : List.of("\n", "\r\n")) {
            long seed = System.nanoTime();
            Indexed indexed = Indexed.of(seed, lineEnd);
            Path whole = write("whole.fa", indexed.text());
            Path own = write("own.fa", indexed.text());
            write("own.fa.fai", indexed.fai());
            try (Genome a = Genome.open(own);
                    Genome b = Genome.open(whole)) {
                assertSame(a, b, new Random(seed), "seed " + seed);
            }
        }
    }

    @Test
    void blocksReadTheSame() throws IOException {
        long seed = System.nanoTime();
        Indexed indexed = Indexed.of(seed, "\n");
        Path whole = write("whole.fa", indexed.text());
        Path own = folder.resolve("own.fa.gz");
        bgzip(indexed.text().getBytes(StandardCharsets.UTF_8), own, 700);
        write("own.fa.gz.fai", indexed.fai());
        try (Genome a = Genome.open(own);
                Genome b = Genome.open(whole)) {
            assertSame(a, b, new Random(seed), "seed " + seed);
        }
        // Without bgzip's own index it is a gzip file as any other.
        Files.delete(folder.resolve("own.fa.gz.gzi"));
        try (Genome a = Genome.open(own);
                Genome b = Genome.open(whole)) {
            assertSame(a, b, new Random(seed), "seed " + seed);
        }
    }

    /** As the SAM specification has it, in blocks of so many bytes, with an index and an empty block at the end. */
    private static void bgzip(byte[] plain, Path file, int size) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<long[]> blocks = new ArrayList<>();
        for (int from = 0; from <= plain.length; from += size) {
            if (from > 0 && from < plain.length) {
                blocks.add(new long[] {out.size(), from});
            }
            out.write(block(Arrays.copyOfRange(plain, from, Math.min(plain.length, from + size))));
        }
        out.write(block(new byte[0]));
        Files.write(file, out.toByteArray());
        ByteBuffer gzi = ByteBuffer.allocate(8 + 16 * blocks.size()).order(ByteOrder.LITTLE_ENDIAN);
        gzi.putLong(blocks.size());
        blocks.forEach(b -> gzi.putLong(b[0]).putLong(b[1]));
        Files.write(Path.of(file + ".gzi"), gzi.array());
    }

    private static byte[] block(byte[] plain) {
        try (Deflater deflater = new Deflater(9, true)) {
            deflater.setInput(plain);
            deflater.finish();
            byte[] packed = new byte[plain.length + 100];
            int n = deflater.deflate(packed);
            CRC32 crc = new CRC32();
            crc.update(plain);
            ByteBuffer block = ByteBuffer.allocate(18 + n + 8).order(ByteOrder.LITTLE_ENDIAN);
            block.put(new byte[] {0x1f, (byte) 0x8b, 8, 4, 0, 0, 0, 0, 0, (byte) 0xff, 6, 0, 'B', 'C', 2, 0});
            block.putShort((short) (block.capacity() - 1));
            block.put(packed, 0, n).putInt((int) crc.getValue()).putInt(plain.length);
            return block.array();
        }
    }

    private void refused(String text, String fai, String... said) throws IOException {
        Path file = write("bad.fa", text);
        write("bad.fa.fai", fai);
        assertThatThrownBy(() -> {
                    try (Genome genome = Genome.open(file)) {
                        FastaTest.letters(genome, 0);
                    }
                })
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(said);
    }

    @Test
    void anIndexOfAnotherFileIsRefused() throws IOException {
        String text = ">a\nACGT\nAC\n>b\nGG\n";
        String right = "a\t6\t3\t4\t5\nb\t2\t14\t2\t3\n";
        write("good.fa", text);
        write("good.fa.fai", right);
        try (Genome genome = Genome.open(folder.resolve("good.fa"))) {
            assertThat(FastaTest.letters(genome, 0)).isEqualTo("ACGTAC");
            assertThat(FastaTest.letters(genome, 1)).isEqualTo("GG");
        }
        refused(
                text,
                "a\t6\t3\t4\t5\nc\t2\t14\t2\t3\n",
                "The index",
                "is not that of",
                "the record c",
                "samtools faidx bad.fa");
        refused(text, "a\t5\t3\t4\t5\nb\t2\t13\t2\t3\n", "is not that of");
        refused(text, "a\t60\t3\t4\t5\n", "Cannot read");
        refused(text, "a\t6\t3\t5\t6\nb\t2\t14\t2\t3\n", "is not that of");
        refused(text, "a\t6\t3\n", "bad.fa.fai:1: this is no line of an index");
        refused(text, "a\tsix\t3\t4\t5\n", "this is no line of an index");
        refused(text, "", "bad.fa.fai is empty");
        refused(">a\n>b\nGG\n", "a\t0\t3\t0\t0\nb\t2\t6\t2\t3\n", "the record a of", "has no bases");
        refused(
                ">a\nACGT\nML\n",
                "a\t6\t3\t4\t5\n",
                "record a, base 6, line 2 of the record: 'L' stands for no base; proteins");
        refused(">a\nAC\n>a\nGG\n", "a\t2\t3\t2\t3\na\t2\t9\t2\t3\n", "The record a is there twice");
    }

    @Test
    void anIndexOfOtherBlocksIsRefused() throws IOException {
        Indexed indexed = Indexed.of(3, "\n");
        Path file = folder.resolve("own.fa.gz");
        bgzip(indexed.text().getBytes(StandardCharsets.UTF_8), file, 500);
        write("own.fa.gz.fai", indexed.fai());
        Path gzi = folder.resolve("own.fa.gz.gzi");
        byte[] right = Files.readAllBytes(gzi);
        Files.write(gzi, Arrays.copyOf(right, right.length - 3));
        assertThatThrownBy(() -> Genome.open(file).close())
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll("own.fa.gz.gzi is no index of bgzip's", "bgzip --reindex own.fa.gz");
        byte[] wrong = right.clone();
        wrong[8]++; // the second block's place in the packed file
        Files.write(gzi, wrong);
        assertThatThrownBy(() -> {
                    try (Genome genome = Genome.open(file)) {
                        FastaTest.letters(genome, 0);
                        FastaTest.letters(genome, 1);
                    }
                })
                .isInstanceOf(UserError.class)
                .hasMessageContaining("own.fa.gz.gzi is not that of");
    }
}
