package io.github.dyt4j.training.dna;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FastaTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }

    /** A record's bases as letters. */
    static String letters(Genome genome, int contig) {
        byte[] tokens = new byte[(int) genome.contigs().get(contig).length()];
        genome.read(contig, 0, tokens.length, tokens, 0);
        StringBuilder text = new StringBuilder();
        for (byte token : tokens) {
            text.append("ACGTN".charAt(token - Bases.A));
        }
        return text.toString();
    }

    private void refused(String text, String... said) throws IOException {
        Path file = write("bad.fa", text);
        assertThatThrownBy(() -> Genome.open(file).close())
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(said);
    }

    @Test
    void readsWhateverLinesAreLike() throws IOException {
        Path file = write("a.fa", ">one the first\r\nACGT\r\nac\r\n\r\ngtnn\r\n>two\r\nRYSWKMBDHVu\r\n>three\r\nG");
        try (Genome genome = Genome.open(file)) {
            assertThat(genome.contigs())
                    .containsExactly(
                            new Genome.Contig("one", 10), new Genome.Contig("two", 11), new Genome.Contig("three", 1));
            assertThat(letters(genome, 0)).isEqualTo("ACGTACGTNN");
            assertThat(letters(genome, 1)).isEqualTo("NNNNNNNNNNT");
            assertThat(letters(genome, 2)).isEqualTo("G");
            assertThat(genome.describe()).endsWith("a.fa: 22 bases in 3 records");
        }
    }

    /** Longer than the buffers, so that records and lines lie across them. */
    @Test
    void packedFilesOfManyBuffersReadTheSame() throws IOException {
        StringBuilder text = new StringBuilder();
        StringBuilder bases = new StringBuilder();
        java.util.Random random = new java.util.Random(5);
        text.append(">long\n");
        for (int line = 0; line < 40_000; line++) {
            for (int i = 0; i < 61; i++) {
                char c = "ACGT".charAt(random.nextInt(4));
                text.append(c);
                bases.append(c);
            }
            text.append('\n');
        }
        Path plain = write("plain.fa", text.toString());
        Path packed = Files.write(
                folder.resolve("packed.fasta.gz"), gzip(text.toString().getBytes(StandardCharsets.UTF_8)));
        for (Path file : new Path[] {plain, packed}) {
            try (Genome genome = Genome.open(file)) {
                assertThat(letters(genome, 0)).isEqualTo(bases.toString());
                byte[] some = new byte[100];
                genome.read(0, (1 << 20) - 50, 100, some, 0);
                byte[] all = new byte[bases.length()];
                genome.read(0, 0, all.length, all, 0);
                assertThat(some).isEqualTo(Arrays.copyOfRange(all, (1 << 20) - 50, (1 << 20) + 50));
            }
        }
    }

    @Test
    void aFolderIsAllItsFiles() throws IOException {
        write("b.fna", ">b\nAC\n");
        write("a.fa", ">a\nGT\n");
        write("notes.txt", "not DNA");
        try (Genome genome = Genome.open(folder)) {
            assertThat(genome.contigs()).extracting(Genome.Contig::name).containsExactly("a", "b");
        }
        write("c.fa", ">a\nGT\n");
        assertThatThrownBy(() -> Genome.open(folder).close())
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll("The record a is there twice", "a.fa, line 1", "c.fa, line 1");
    }

    @Test
    void whatIsNoDnaIsNamedWithItsPlace() throws IOException {
        refused(
                ">dna\nACGT\n>prot\nACGT\nMKLV\n",
                "bad.fa, record prot, line 5: 'L' stands for no base; proteins have it.");
        refused(">gap\nAC-T\n", "record gap, line 2: '-' stands for no base.\n");
        refused(">x\nAC\u00e9\n", "record x, line 2: the byte 0xc3 stands for no base");
        refused("ACGT\n", "bad.fa, line 1: FASTA begins with >name");
        refused(">a\n>b\nAC\n", "bad.fa, line 1: the record a has no bases");
        refused(">a\nAC\n>b\n", "bad.fa, line 3: the record b has no bases");
        refused(">a\nAC\n>b", "bad.fa, line 3: the record b has no bases");
        refused(">a\r\n\r\n>b\r\nAC\r\n", "the record a has no bases");
        refused(">\nAC\n", "bad.fa, line 1: the record has no name");
        refused(">a\nAC\n>a\nGT\n", "The record a is there twice", "line 1", "line 3");
        refused("", "bad.fa is empty");
        refused("\n \r\n", "bad.fa is empty");
    }

    @Test
    void whatCannotBeReadIsSaid() throws IOException {
        assertThatThrownBy(() -> Genome.open(folder.resolve("none.fa")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("there is no such file");
        assertThatThrownBy(() -> Genome.open(folder))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("There is no FASTA file in");
        byte[] whole = gzip(">a\nACGTACGTACGTTGCATTGACA\n".getBytes(StandardCharsets.UTF_8));
        Path cut = Files.write(folder.resolve("cut.fa.gz"), Arrays.copyOf(whole, whole.length - 12));
        assertThatThrownBy(() -> Genome.open(cut).close())
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is damaged or cut off");
    }

    @Test
    void theBuiltInGenomeIsLambda() {
        try (Genome genome = Genome.builtIn()) {
            assertThat(genome.contigs()).containsExactly(new Genome.Contig("NC_001416.1", 48_502));
            String bases = letters(genome, 0);
            assertThat(bases).startsWith("GGGCGGCGACCTCGCGGGTTTTCGCTATTTATGAAAATTTTCCGG"); // cos, and what follows
            assertThat(bases).matches("[ACGT]+");
        }
    }
}
