package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.lab.bench.Samples.Middle;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** The harness on a clock that its candidates move themselves. */
final class InterleavedTest {
    private long now;

    private Runnable taking(long nanos) {
        return () -> now += nanos;
    }

    @Test
    void everyCandidateIsTimedInEveryRound() {
        List<double[]> nanos =
                new Interleaved(() -> now, () -> 0, 0.1).run(List.of(taking(2_000_000), taking(1_000), taking(0)));
        assertThat(nanos).hasSize(3);
        assertThat(nanos.get(0)).hasSizeGreaterThanOrEqualTo(12).containsOnly(2e6);
        assertThat(nanos.get(1)).hasSameSizeAs(nanos.get(0)).containsOnly(1e3);
        assertThat(nanos.get(2)).hasSameSizeAs(nanos.get(0)).containsOnly(0);
    }

    @Test
    void whatGetsFasterIsWarmedUpForLonger() {
        int[] calls = {0};
        Runnable compiles = () -> now += ++calls[0] < 150 ? 10_000_000 - 50_000L * calls[0] : 1_000_000;
        List<double[]> nanos = new Interleaved(() -> now, () -> 0, 0.5).run(List.of(compiles));
        assertThat(nanos.getFirst()).containsOnly(1e6);
    }

    @Test
    void whatNeverSettlesIsMeasuredAllTheSame() {
        double[] next = {1e9};
        Runnable faster = () -> {
            next[0] *= 0.99;
            now += (long) next[0];
        };
        assertThat(new Interleaved(() -> now, () -> 0, 1).run(List.of(faster)).getFirst().length)
                .isGreaterThanOrEqualTo(12);
    }

    @Test
    void longCallsAreNotWarmedUpForHours() {
        int[] calls = {0};
        double[] next = {4e9};
        Runnable faster = () -> {
            calls[0]++;
            next[0] *= 0.9;
            now += (long) next[0];
        };
        new Interleaved(() -> now, () -> 0, 1).run(List.of(faster));
        // Two rounds last longer than all eight warm-ups of half a second were to; then come the twelve of the
        // measurement.
        assertThat(calls[0]).isEqualTo(2 + 12);
    }

    @Test
    void aDisturbanceOfBothLeavesTheirRatioAlone() {
        int[] calls = {0};
        List<Runnable> pair = new ArrayList<>();
        for (long nanos : new long[] {3_000_000, 2_000_000}) {
            // Every other round of two calls the whole machine is three times as slow.
            pair.add(() -> now += (calls[0]++ / 2 % 2 == 0 ? 3 : 1) * nanos);
        }
        List<double[]> nanos = new Interleaved(() -> now, () -> 0, 0.1).run(pair);
        Middle ratio = Middle.of(Samples.ratios(nanos.get(0), nanos.get(1)));
        assertThat(ratio.median()).isEqualTo(1.5, within(1e-9));
        assertThat(ratio.spread()).isZero();
        assertThat(Middle.of(nanos.get(0)).spread()).isGreaterThan(0.3);
    }

    @Test
    void quantilesLieBetweenNeighbours() {
        double[] values = DoubleStream.iterate(11, v -> v - 1).limit(11).toArray();
        assertThat(Samples.median(values)).isEqualTo(6);
        assertThat(Samples.quantile(0.1, values)).isEqualTo(2);
        assertThat(Samples.quantile(0.25, 1, 2)).isEqualTo(1.25);
        assertThat(Samples.median(4)).isEqualTo(4);
        assertThat(Middle.of(values).spread()).isEqualTo((10 - 2) / 2.0 / 6, within(1e-12));
    }
}
