package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The vector kernel against the oracle, both against a plain loop in f64 and its central differences, and on whatever number of threads. */
class ScanVectorTest {
    private static final String[] NAMES = {"y", "du", "dΔ", "dA", "dB", "dC", "dD"};

    @Test
    void agreesWithTheOracle() {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            ScanCall call = new ScanCall(
                    1 + random.nextInt(3), 1 + random.nextInt(150), 1 + random.nextInt(90), 1 + random.nextInt(40));
            double spread = random.nextInt(4) == 0 ? 30 : 1;
            float[][] expected = run(new ScanOracle(), call, new Values(call, seed, spread), _ -> true);
            float[][] actual = run(new ScanVector(), call, new Values(call, seed, spread), _ -> true);
            for (int i = 0; i < NAMES.length; i++) {
                assertThat(distance(actual[i], expected[i]))
                        .as("seed %d, %s: %s", seed, call, NAMES[i])
                        .isLessThan(3e-6);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 37})
    void isThePlainLoopAndItsSlopes(int length) {
        ScanCall call = new ScanCall(2, length, 5, 3);
        Values values = new Values(call, length, 1);
        double[][] in = values.doubles();
        for (ScanKernel kernel : new ScanKernel[] {new ScanOracle(), new ScanVector()}) {
            float[][] actual = run(kernel, call, values, _ -> true);
            assertThat(distance(actual[0], floats(plain(call, in)))).isLessThan(1e-6);
            for (int which = 0; which < 6; which++) {
                double[] slopes = new double[in[which].length];
                for (int i = 0; i < slopes.length; i++) {
                    double at = in[which][i];
                    double step = 1e-5;
                    in[which][i] = at + step;
                    double more = weighed(call, in, values.dy);
                    in[which][i] = at - step;
                    double less = weighed(call, in, values.dy);
                    in[which][i] = at;
                    slopes[i] = (more - less) / (2 * step);
                }
                assertThat(distance(actual[which + 1], floats(slopes)))
                        .as("%s, %s", kernel, NAMES[which + 1])
                        .isLessThan(1e-6);
            }
        }
    }

    @Test
    void threadsChangeNoBit() {
        ScanCall call = new ScanCall(2, 300, 150, 16);
        int before = RowPool.threads();
        try {
            RowPool.threads(1);
            float[][] alone = run(new ScanVector(), call, new Values(call, 5, 1), _ -> true);
            for (int threads : new int[] {2, 3, 5}) {
                RowPool.threads(threads);
                assertThat(run(new ScanVector(), call, new Values(call, 5, 1), _ -> true))
                        .isDeepEqualTo(alone);
            }
        } finally {
            RowPool.threads(before);
        }
    }

    @Test
    void whatIsNotWantedChangesNothingElse() {
        ScanCall call = new ScanCall(2, 70, 50, 4);
        Values values = new Values(call, 5, 1);
        for (ScanKernel kernel : new ScanKernel[] {new ScanOracle(), new ScanVector()}) {
            float[][] all = run(kernel, call, values, _ -> true);
            for (int only = 0; only < 6; only++) {
                int one = only;
                assertThat(run(kernel, call, values, i -> i == one)[only + 1]).isEqualTo(all[only + 1]);
            }
        }
    }

    /** Whatever N is, and however long: where the states of each token would be B·L·D·N. The guards of the other tests hold the kernel to it. */
    @Test
    void memoryIsThatOfTheInputs() {
        for (long length : new long[] {1, 1000, 131_072, 1_000_000}) {
            for (int channels : new int[] {16, 128, 512, 1000}) {
                for (int states : new int[] {1, 16, 64, 200}) {
                    ScanCall call = new ScanCall(3, length, channels, states);
                    double linear = 3.0 * length * (channels + states);
                    double once = 3.0 * channels * (2 * states + 40) + 3 * 16 * (length + states);
                    assertThat(call.kept() + call.scratch()).as("%s", call).isLessThanOrEqualTo((long)
                            (2.1 * linear + 2 * once));
                }
            }
        }
    }

    /** Random inputs, the same for one seed. */
    private static final class Values {
        final float[] u;
        final float[] delta;
        final float[] a;
        final float[] b;
        final float[] c;
        final float[] d;
        final float[] dy;

        Values(ScanCall call, long seed, double spread) {
            Random random = new Random(seed);
            long tokens = call.batch() * call.length();
            u = floats(random.doubles(tokens * call.channels(), -2, 2).toArray());
            // With a spread of 30 some decays are e to less than −87, and some are 1.
            delta = floats(random.doubles(tokens * call.channels(), -5, 1)
                    .map(z -> spread * Math.exp(z))
                    .toArray());
            a = floats(random.doubles((long) call.channels() * call.states(), -3, 0)
                    .toArray());
            b = floats(random.doubles(tokens * call.states(), -1, 1).toArray());
            c = floats(random.doubles(tokens * call.states(), -1, 1).toArray());
            d = floats(random.doubles(call.channels(), -1, 1).toArray());
            dy = floats(random.doubles(tokens * call.channels(), -1, 1).toArray());
        }

        double[][] doubles() {
            return Arrays.stream(new float[][] {u, delta, a, b, c, d})
                    .map(x -> {
                        double[] wide = new double[x.length];
                        Arrays.setAll(wide, i -> x[i]);
                        return wide;
                    })
                    .toArray(double[][]::new);
        }
    }

    private static double[] plain(ScanCall call, double[][] in) {
        int n = call.states();
        double[] y = new double[in[0].length];
        double[] h = new double[call.channels() * n];
        for (int row = 0; row < call.batch() * call.length(); row++) {
            if (row % call.length() == 0) {
                Arrays.fill(h, 0);
            }
            for (int d = 0; d < call.channels(); d++) {
                int at = row * call.channels() + d;
                y[at] = in[5][d] * in[0][at];
                for (int i = 0; i < n; i++) {
                    h[d * n + i] = Math.exp(in[1][at] * in[2][d * n + i]) * h[d * n + i]
                            + in[1][at] * in[3][row * n + i] * in[0][at];
                    y[at] += in[4][row * n + i] * h[d * n + i];
                }
            }
        }
        return y;
    }

    private static double weighed(ScanCall call, double[][] in, float[] dy) {
        double[] y = plain(call, in);
        double sum = 0;
        for (int i = 0; i < y.length; i++) {
            sum += dy[i] * y[i];
        }
        return sum;
    }

    /** y, and those of the six gradients that are wanted. */
    private static float[][] run(ScanKernel kernel, ScanCall call, Values values, IntPredicate wanted) {
        try (Arena arena = Arena.ofConfined()) {
            float[][] inputs = {values.u, values.delta, values.a, values.b, values.c, values.d};
            long[] at = Arrays.stream(inputs)
                    .mapToLong(x -> buffer(arena, x).address())
                    .toArray();
            ScanKernel.Inputs in = new ScanKernel.Inputs(at[0], at[1], at[2], at[3], at[4], at[5]);
            Buffer dy = buffer(arena, values.dy);
            Buffer y = empty(arena, values.u.length);
            Buffer kept = empty(arena, call.kept());
            Buffer scratch = empty(arena, call.scratch());
            kernel.forward(call, in, y.address(), kept.address());
            float[] first = y.values();
            kernel.forward(call, in, y.address(), 0);
            assertThat(y.values()).as("without what backward needs").isEqualTo(first);
            Buffer[] out =
                    Arrays.stream(inputs).map(x -> empty(arena, x.length)).toArray(Buffer[]::new);
            long[] to = IntStream.range(0, 6)
                    .mapToLong(i -> wanted.test(i) ? out[i].address() : 0)
                    .toArray();
            ScanKernel.Gradients gradients = new ScanKernel.Gradients(to[0], to[1], to[2], to[3], to[4], to[5]);
            kernel.backward(call, in, kept.address(), dy.address(), gradients, scratch.address());
            y.assertGuards("y");
            kept.assertGuards("kept");
            scratch.assertGuards("scratch");
            float[][] all = new float[7][];
            all[0] = y.values();
            for (int i = 0; i < 6; i++) {
                out[i].assertGuards(NAMES[i + 1]);
                all[i + 1] = out[i].values();
            }
            return all;
        }
    }

    private static Buffer buffer(Arena arena, float[] values) {
        return new Buffer(arena, Dtype.F32, values.length).fill(i -> values[i]);
    }

    private static Buffer empty(Arena arena, long size) {
        return new Buffer(arena, Dtype.F32, Math.toIntExact(size));
    }

    private static float[] floats(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }

    /** ‖a − e‖ / ‖e‖. */
    private static double distance(float[] a, float[] e) {
        double off = 0;
        double size = 0;
        for (int i = 0; i < e.length; i++) {
            off += Math.pow((double) a[i] - e[i], 2);
            size += Math.pow(e[i], 2);
        }
        return off == 0 ? 0 : Math.sqrt(off / size);
    }
}
