package io.github.dyt4j.training.dna;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;
import io.github.dyt4j.training.data.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WindowsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private Genome genome(String... records) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < records.length; i++) {
            text.append(">r").append(i).append('\n').append(records[i]).append('\n');
        }
        return Genome.open(Files.writeString(folder.resolve("genome.fa"), text));
    }

    private Path bed(String lines) throws IOException {
        return Files.writeString(folder.resolve("intervals.bed"), lines);
    }

    @Test
    void theEndOfEveryRecordIsHeldOut() throws IOException {
        try (Genome genome = genome("A".repeat(100), "C".repeat(40))) {
            Regions regions = Regions.of(genome, 0.25, 10);
            assertThat(regions.training()).containsExactly(new Region(0, 0, 75), new Region(1, 0, 30));
            assertThat(regions.heldOut()).containsExactly(new Region(0, 75, 100), new Region(1, 30, 40));
        }
    }

    /** Of records that are too short to be cut some are held out whole, about as many as the share says, and always the same. */
    @Test
    void shortRecordsAreHeldOutWhole() throws IOException {
        String[] records = new String[1000];
        Arrays.fill(records, "ACGTACGT");
        try (Genome genome = genome(records)) {
            Regions regions = Regions.of(genome, 0.2, 8);
            assertThat(regions.heldOut().size()).isBetween(150, 250);
            assertThat(regions.training().size() + regions.heldOut().size()).isEqualTo(1000);
            assertThat(regions.training()).doesNotContainAnyElementsOf(regions.heldOut());
            assertThat(Regions.of(genome, 0.2, 8)).isEqualTo(regions);
        }
    }

    @Test
    void aShareThatLeavesNothingIsRefused() throws IOException {
        try (Genome genome = genome("ACGT".repeat(25))) {
            assertThatThrownBy(() -> Regions.of(genome, 0.05, 50))
                    .isInstanceOf(UserError.class)
                    .hasMessageContainingAll(
                            "leaves nothing to be judged by in windows of 50 bases", "Take a larger held_out");
        }
    }

    @Test
    void intervalsSayWhatIsTrainedOnAndJudgedBy() throws IOException {
        try (Genome genome = genome("A".repeat(100), "C".repeat(40))) {
            Regions regions = Regions.read(
                    bed("# a comment\nr0\t0\t50\ttrain\r\nr0\t50\t60\tvalid\nr0\t60\t70\ttest\n\nr1\t30\t40\ttrain\n"),
                    genome);
            assertThat(regions.training()).containsExactly(new Region(0, 0, 50), new Region(1, 30, 40));
            assertThat(regions.heldOut()).containsExactly(new Region(0, 50, 60));
            assertThat(Regions.read(bed("r0 0 50 train\nr0 60 70 test\n"), genome)
                            .heldOut())
                    .containsExactly(new Region(0, 60, 70));
        }
    }

    @Test
    void wrongIntervalsAreNamed() throws IOException {
        try (Genome genome = genome("A".repeat(100), "C".repeat(40))) {
            for (String[] wrong : new String[][] {
                {"r0\t0\t50\ttrain\nr1\t30\t41\tvalid\n", ":2: the interval ends at base 41 of r1, which has 40."},
                {"r0\t0\t50\ttrain\nr0\t40\t60\tvalid\n", "the intervals 0 to 50 and 40 to 60 of r0 overlap"},
                {"r0\t0\t90\ttrain\nr0\t10\t20\ttrain\nr0\t40\t60\tvalid\n", "the intervals 0 to 90 and 40 to 60 of r0"
                },
                {"r0\t0\t50\ttrain\nr0\t0\t50\tvalid\n", "overlap"},
                {"r2\t0\t50\ttrain\n", ":1: there is no record 'r2' in the genome. Did you mean"},
                {"r0\t50\t50\ttrain\n", ":1: the interval ends at 50, not after its start"},
                {"r0\t-5\t50\ttrain\n", ":1: an interval is record, start, end and split"},
                {"r0\t5\t50\n", ":1: an interval is record, start, end and split"},
                {"r0\t5\t50\tdev\n", ":1: the split is train, valid or test, and not 'dev'"},
                {"r0\t5\t50\ttrain\n", "has no interval to be judged by"},
                {"r0\t5\t50\ttest\n", "has no interval to train on"},
            }) {
                Path bed = bed(wrong[0]);
                assertThatThrownBy(() -> Regions.read(bed, genome))
                        .as(wrong[0])
                        .isInstanceOf(UserError.class)
                        .hasMessageContaining(wrong[1]);
            }
            assertThatThrownBy(() -> Regions.read(folder.resolve("none.bed"), genome))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("none.bed: there is no such file");
        }
    }

    /** Every window lies within one region, all places come up, and the numbers decide which. */
    @Test
    void windowsAreDrawnFromTheRegionsAlone() throws IOException {
        try (Genome genome = genome("A".repeat(30) + "C".repeat(30) + "G".repeat(30), "T".repeat(5))) {
            Windows windows = new Windows(genome, List.of(new Region(0, 25, 55), new Region(1, 0, 5)), 8);
            byte[] window = new byte[8];
            byte[] again = new byte[8];
            int[] seen = new int[Bases.VOCABULARY];
            for (int i = 0; i < 2000; i++) {
                windows.draw(Rng.of(1, 2, i), window);
                windows.draw(Rng.of(1, 2, i), again);
                assertThat(again).isEqualTo(window);
                seen[window[0]]++;
                if (window[0] == Bases.T) {
                    assertThat(window).containsExactly(10, 10, 10, 10, 10, 4, 4, 4);
                }
            }
            // 23 places begin in the first region, 5 of them with A; the second, which is shorter than a window, is
            // one.
            assertThat(seen[Bases.A] / 2000.0).isBetween(5 / 24.0 - 0.04, 5 / 24.0 + 0.04);
            assertThat(seen[Bases.C] / 2000.0).isBetween(18 / 24.0 - 0.04, 18 / 24.0 + 0.04);
            assertThat(seen[Bases.T]).isPositive();
            assertThat(seen[Bases.G]).isZero();
        }
    }

    @Test
    void whatIsMostlyNIsPassedOver() throws IOException {
        try (Genome genome = genome("N".repeat(500) + "ACGTACGTAC" + "N".repeat(500))) {
            Windows windows = new Windows(genome, List.of(new Region(0, 0, 1010)), 10);
            byte[] window = new byte[10];
            for (int i = 0; i < 50; i++) {
                windows.draw(Rng.of(3, 0, i), window);
                int unknown = 0;
                for (byte token : window) {
                    unknown += token == Bases.N ? 1 : 0;
                }
                assertThat(unknown).isLessThanOrEqualTo(5);
            }
            assertThat(windows.spread(10, 0)).hasNumberOfRows(1);
            Windows nothing = new Windows(genome, List.of(new Region(0, 0, 400)), 10);
            assertThatThrownBy(() -> nothing.draw(Rng.of(0, 0, 0), window))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("all were N for the greater part");
            assertThat(nothing.spread(10, 0)).hasNumberOfRows(0);
        }
    }

    @Test
    void judgedWindowsLieSideBySideAndAreSpread() throws IOException {
        try (Genome genome = genome("ACGT".repeat(25), "CC")) {
            Windows windows = new Windows(genome, List.of(new Region(0, 50, 100), new Region(1, 0, 2)), 10);
            assertThat(windows.spread(10, 0)).hasNumberOfRows(6);
            assertThat(windows.spread(10, 0)[0]).startsWith(Bases.G, Bases.T, Bases.A);
            assertThat(windows.spread(10, 0)[5]).containsExactly(8, 8, 4, 4, 4, 4, 4, 4, 4, 4);
            assertThat(windows.spread(10, 3)).hasNumberOfRows(3);
            assertThat(windows.spread(10, 100)).hasNumberOfRows(6);
            assertThat(windows.spread(10, 2)[1]).isEqualTo(windows.spread(10, 0)[3]);
            assertThat(windows.spread(9, 0)).hasNumberOfRows(6);
            assertThat(windows.spread(5, 0)).hasNumberOfRows(10);
        }
    }

    @Test
    void theOtherStrandIsReadBackwardsAndPaddingStays() {
        byte[] tokens = Arrays.copyOf(Letters.tokens("AACGTN", "here"), 8);
        Arrays.fill(tokens, 6, 8, (byte) Bases.PAD);
        Strands.reverseComplement(tokens);
        byte[] other = Arrays.copyOf(Letters.tokens("NACGTT", "here"), 8);
        Arrays.fill(other, 6, 8, (byte) Bases.PAD);
        assertThat(tokens).isEqualTo(other);
        byte[] odd = Letters.tokens("ACG", "here");
        Strands.reverseComplement(odd);
        assertThat(odd).isEqualTo(Letters.tokens("CGT", "here"));
    }
}
