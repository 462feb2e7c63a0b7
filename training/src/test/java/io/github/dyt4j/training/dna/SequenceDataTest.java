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
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SequenceDataTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(java.util.Objects.requireNonNull(file.getParent()));
        return Files.writeString(file, text);
    }

    /** A folder with a file in it. */
    private Path set(String name, String file, String text) throws IOException {
        write(name + "/" + file, text);
        return folder.resolve(name);
    }

    private static byte[] tokens(String bases) {
        return Letters.tokens(bases, "here");
    }

    private static void refused(Path data, String... said) {
        assertThatThrownBy(() -> SequenceData.open(data, 0.2))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(said);
    }

    @Test
    void aTableWithItsSplits() throws IOException {
        Path table = write(
                "data.csv",
                "\ufeffid,sequence,label,split\r\n1,acgt,b,train\r\n2,\"GGN\",\"a\",train\r\n\r\n3,TTT,a,test\r\n4,T,b,valid\r\n");
        SequenceData data = SequenceData.open(table, 0.2);
        assertThat(data.classes()).containsExactly("a", "b");
        assertThat(data.train().labels()).containsExactly(1, 0);
        assertThat(data.train().bases()).containsExactly(tokens("ACGT"), tokens("GGN"));
        assertThat(data.test().labels()).containsExactly(0);
        assertThat(data.longest()).isEqualTo(4);
        assertThat(data.longerThan(3)).isEqualTo(1);
        assertThat(data.describe())
                .contains("data.csv, without its validation split", "2 training and 1 test sequences");
    }

    /** Numbers that name classes are in the order of numbers. */
    @Test
    void tablesTrainAndTestPackedOrNot() throws IOException {
        write("train.tsv", "label\tsequence\n10\tACGT\n9\tGGTT\n");
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write("label\tsequence\n9\tCCCC\n10\tACGT\n".getBytes(StandardCharsets.UTF_8));
        }
        Files.write(folder.resolve("test.tsv.gz"), packed.toByteArray());
        write("dev.csv", "sequence,label\nA,9\n");
        SequenceData data = SequenceData.open(folder, 0.2);
        assertThat(data.classes()).containsExactly("9", "10");
        assertThat(data.test().labels()).containsExactly(0, 1);
        assertThat(data.describe()).contains("; 1 of the test are trained on as well");
    }

    @Test
    void genomicBenchmarksFoldersAndFasta() throws IOException {
        write("train/positive/0.txt", "ACGT\n");
        write("train/positive/1.txt", "AC\r\nGG");
        write("train/negative/0.txt", "TTTT");
        write("train/.hidden/0.txt", "protein");
        write("test/positive.fa", ">a\nAC\nGT\n>b\nC\n");
        write("test/negative/x.fa", ">a\nGG\n");
        SequenceData data = SequenceData.open(folder, 0.2);
        assertThat(data.classes()).containsExactly("negative", "positive");
        assertThat(data.train().bases()).containsExactly(tokens("TTTT"), tokens("ACGT"), tokens("ACGG"));
        assertThat(data.train().labels()).containsExactly(0, 1, 1);
        assertThat(data.test().bases()).containsExactly(tokens("GG"), tokens("ACGT"), tokens("C"));
        assertThat(data.test().labels()).containsExactly(0, 1, 1);
    }

    /** A sequence and its other strand are on the same side, however often they are there. */
    @Test
    void withoutATestSetAHashHoldsOut() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        StringBuilder a = new StringBuilder();
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            StringBuilder bases = new StringBuilder();
            random.ints(20, 0, 4).forEach(k -> bases.append("ACGT".charAt(k)));
            a.append(">f%d\n%s\n>again%d\n%s\n".formatted(i, bases, i, bases));
            String other = bases.reverse()
                    .chars()
                    .collect(
                            StringBuilder::new,
                            (s, c) -> s.append("TGCA".charAt("ACGT".indexOf(c))),
                            StringBuilder::append)
                    .toString();
            b.append(">r%d\n%s\n".formatted(i, other));
        }
        write("forward.fa", a.toString());
        write("backward.fasta", b.toString());
        SequenceData data = SequenceData.open(folder, 0.2);
        assertThat(data.classes()).containsExactly("backward", "forward");
        assertThat(data.train().size() + data.test().size()).isEqualTo(3000);
        assertThat(data.test().size())
                .as("seed " + seed)
                .isBetween(450, 750)
                .isEqualTo(data.test().size() / 3 * 3);
        assertThat(data.describe())
                .contains("without a test set of its own: a share of 0.2 is it, by a hash")
                .doesNotContain("trained on as well");
        assertThat(SequenceData.open(folder, 0.2).test().labels())
                .isEqualTo(data.test().labels());
    }

    @Test
    void whatIsWrongIsNamedWithItsPlace() throws IOException {
        refused(write("one.csv", "sequence,label\nAC,x\nGT,x\nGG,x\nTT,x\nCC,x\n"), "There is one class alone", "(x)");
        refused(
                write("protein.csv", "sequence,label\nAC,x\nMKLV,y\n"),
                "protein.csv:3: 'L' stands for no base; proteins");
        refused(write("empty.csv", "sequence,label\nAC,x\n,y\n"), "empty.csv:3: the sequence is empty");
        refused(write("label.csv", "sequence,label\nAC,\n"), "label.csv:2: the sequence has no label");
        refused(
                write("columns.csv", "sequence,label\nAC,x,3\n"),
                "columns.csv:2: 3 columns, and the first line names 2");
        refused(
                write("header.csv", "AC,x\n"),
                "header.csv:1: the first line names the columns, sequence and label",
                "'AC,x'");
        refused(write("nothing.csv", ""), "nothing.csv:1: ", "the file is empty");
        refused(
                write("split.csv", "sequence,label,split\nAC,x,holdout\n"),
                "split.csv:2: the split is train, valid or test");
        refused(
                write("new.csv", "sequence,label,split\nAC,x,train\nAG,y,train\nAC,z,test\n"),
                "new.csv:4: the class 'z' has no training sequence; the classes are x, y.");
        refused(write("table.xlsx", "x"), "table.xlsx is no table of sequences", "Known layouts");
        refused(folder.resolve("none"), "there is no such file or folder", "Known layouts");
        refused(set("a", "train/x.fa", ">a\nAC\n"), "There is one class alone", "(x)");
        refused(set("b", "readme.md", "x"), "is not known: there is readme.md in it", "Known layouts");
        refused(set("c", "train/x/p.fa", ">a\nACGT\n>b\nAEC\n"), "p.fa, record b, line 4: 'E'");
        refused(set("d", "train/x/p.doc", "AC"), "p.doc is neither a text file nor FASTA");
        Files.createDirectories(folder.resolve("e/train"));
        refused(folder.resolve("e"), "There is no sequence in the folder");
        refused(set("f", "train.csv", "sequence,label,split\nAC,x,test\nAC,y,train\n"), "has a column split");
    }

    /** What the notice says of them: three classes, each sequence once; nearly every donor has GT and every acceptor AG where they belong. */
    @Test
    void theBuiltInSetIsTheSpliceJunctions() {
        SequenceData data = SequenceData.builtIn();
        assertThat(data.classes()).containsExactly("EI", "IE", "N");
        assertThat(data.train().size() + data.test().size()).isEqualTo(3001);
        Set<String> unique = new HashSet<>();
        int[][] right = new int[3][2];
        for (SequenceData.Split split : List.of(data.train(), data.test())) {
            for (int i = 0; i < split.size(); i++) {
                byte[] bases = split.bases().get(i);
                assertThat(bases).hasSize(60);
                unique.add(new String(bases, StandardCharsets.ISO_8859_1));
                boolean donor = bases[30] == Bases.G && bases[31] == Bases.T;
                boolean acceptor = bases[28] == Bases.A && bases[29] == Bases.G;
                right[split.label(i)][0] += (split.label(i) == 0 ? donor : acceptor) ? 1 : 0;
                right[split.label(i)][1]++;
            }
        }
        assertThat(unique).hasSize(3001);
        assertThat(right[0][0]).isGreaterThan(right[0][1] * 98 / 100);
        assertThat(right[1][0]).isGreaterThan(right[1][1] * 98 / 100);
        for (int k : IntStream.range(0, 3).toArray()) {
            double share = data.test().labels().stream().filter(l -> l == k).count() / (double) right[k][1];
            assertThat(share).isBetween(0.195, 0.205);
        }
        assertThat(data.describe()).startsWith("the built-in splice junctions").doesNotContain("trained on as well");
    }
}
