package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Norms whose statistics go over places, and every norm on images that lie in memory with their channels last. */
class PlaceNormsTest {
    private static final int C = 6;

    @BeforeEach
    void seed() {
        TorchRuntime.seed(11);
    }

    private static Norm norm(String spec, Parameters p, Layout layout) {
        Norm norm = new Norms(NormSpec.parse(spec)).at(Site.CONV, p.child("n"), C, layout, true);
        try (var _ = new Scope();
                var _ = Grad.off()) {
            p.trainable()
                    .values()
                    .forEach(t -> t.add_(torch.randn(Tensors.shape(t)).mul(new Scalar(0.2))));
        }
        return norm;
    }

    private static Tensor images() {
        return torch.randn(4, C, 5, 3).mul(new Scalar(3)).add(new Scalar(1));
    }

    private static Tensor state(Parameters p, String name) {
        return Objects.requireNonNull(p.state().get("n." + name));
    }

    @Test
    void batchNormFollowsTheBatchesAndEvaluatesByThem() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norm norm = norm("batchnorm(momentum=0.25, eps=0.001)", p, Layout.CHANNELS_FIRST);
            double mean = 0;
            double var = 1;
            Tensor x = images();
            for (int i = 0; i < 3; i++) {
                x = images();
                norm.forward(x);
                Tensor channel = x.select(1, 2);
                mean = 0.75 * mean + 0.25 * channel.mean().item_double();
                var = 0.75 * var + 0.25 * Math.pow(channel.std(true).item_double(), 2);
            }
            assertThat(Tensors.floats(state(p, "running_mean"))[2]).isCloseTo((float) mean, within(1e-4f));
            assertThat(Tensors.floats(state(p, "running_var"))[2]).isCloseTo((float) var, within(1e-3f));
            assertThat(Tensors.longs(state(p, "num_batches_tracked"))).containsExactly(3);

            p.training(false);
            float[] y = Tensors.floats(norm.forward(x).select(1, 2));
            float[] v = Tensors.floats(x.select(1, 2));
            float g = Tensors.floats(state(p, "weight"))[2];
            float b = Tensors.floats(state(p, "bias"))[2];
            for (int i = 0; i < v.length; i++) {
                assertThat(y[i]).isCloseTo((float) (g * (v[i] - mean) / Math.sqrt(var + 1e-3) + b), within(1e-4f));
            }
            assertThat(Tensors.longs(state(p, "num_batches_tracked"))).containsExactly(3);
        }
    }

    @Test
    void theBatchsOwnStatisticsAreThoseOfTraining() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norm norm = norm("batchnorm", p, Layout.CHANNELS_FIRST);
            float[] before = Tensors.floats(state(p, "running_mean"));
            Tensor squashed = norm.squashed(images());
            for (int c = 0; c < C; c++) {
                assertThat(Tensors.std(squashed.select(1, c))).isCloseTo(1, within(1e-4));
            }
            assertThat(Tensors.floats(state(p, "running_mean"))).isEqualTo(before);
            assertThat(Tensors.longs(state(p, "num_batches_tracked"))).containsExactly(0);
        }
    }

    @Test
    void averagingCopiesWhatCounts() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norm norm = norm("batchnorm", p, Layout.CHANNELS_FIRST);
            try (Ema ema = new Ema(p.state(), 0.75)) {
                norm.forward(images());
                norm.forward(images());
                ema.update();
                assertThat(Tensors.longs(Objects.requireNonNull(ema.state().get("n.num_batches_tracked"))))
                        .containsExactly(2);
                float own = Tensors.floats(state(p, "running_mean"))[0];
                assertThat(Tensors.floats(Objects.requireNonNull(ema.state().get("n.running_mean")))[0])
                        .isCloseTo(own / 4, within(1e-6f));
            }
        }
    }

    @Test
    void countedWithoutMemory() {
        try (Parameters p = Parameters.root(TensorSource.hollow())) {
            var _ = new Norms(NormSpec.parse("batchnorm")).at(Site.CONV, p.child("n"), C, Layout.CHANNELS_FIRST, true);
            assertThat(p.state().keySet())
                    .containsExactly("n.weight", "n.bias", "n.running_mean", "n.running_var", "n.num_batches_tracked");
            assertThat(p.trainable().keySet()).containsExactly("n.weight", "n.bias");
        }
    }

    /** The same images with their channels named last, and with their channels last in memory, give the same. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "batchnorm",
                "groupnorm(groups=3)",
                "layernorm",
                "rmsnorm",
                "dyt",
                "dyt(per_channel=true)",
                "derf",
                "dyt(kernel=eager)",
                "layernorm(kernel=libtorch)",
                "identity"
            })
    void layoutAndStridesDoNotMatter(String spec) {
        float[][] first = gradients(spec, Layout.CHANNELS_FIRST, false);
        float[][] strided = gradients(spec, Layout.CHANNELS_FIRST, true);
        float[][] last = gradients(spec, Layout.LAST, true);
        for (int i = 0; i < first.length; i++) {
            assertClose(spec + " strided " + i, strided[i], first[i]);
            assertClose(spec + " last " + i, last[i], first[i]);
        }
    }

    /** y, dx and each parameter's gradient, as (N, C, H, W) row-major. */
    private static float[][] gradients(String spec, Layout layout, boolean strided) {
        TorchRuntime.seed(12);
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norm norm = norm(spec, p, layout);
            Tensor x = images();
            Tensor dy = torch.randn(4, C, 5, 3);
            x = strided ? x.contiguous(MemoryFormat.ChannelsLast) : x;
            x.set_requires_grad(true);
            Tensor y = layout == Layout.LAST ? Axes.channelsFirst(norm.forward(Axes.channelsLast(x))) : norm.forward(x);
            if (strided) {
                assertThat(y.is_contiguous(MemoryFormat.ChannelsLast))
                        .as(spec + " stays as it lies")
                        .isTrue();
            }
            y.mul(dy).sum().backward();
            float[][] all = new float[2 + p.trainable().size()][];
            all[0] = Tensors.floats(y);
            all[1] = Tensors.floats(x.grad());
            int i = 2;
            for (Tensor t : p.trainable().values()) {
                all[i++] = Tensors.floats(t.grad());
            }
            return all;
        }
    }

    private static void assertClose(String what, float[] actual, float[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double norm = 0;
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            norm += (double) expected[i] * expected[i];
            difference += Math.pow((double) actual[i] - expected[i], 2);
        }
        assertThat(Math.sqrt(difference)).as(what).isLessThanOrEqualTo(1e-5 * Math.sqrt(norm));
    }

    @Test
    void groupNormIsLayerNormOverAGroupAndItsPlaces() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norm norm = norm("groupnorm(groups=2)", p, Layout.CHANNELS_FIRST);
            Tensor squashed = norm.squashed(images());
            for (int n = 0; n < 4; n++) {
                for (int group = 0; group < 2; group++) {
                    Tensor part = squashed.select(0, n).narrow(0, group * 3L, 3);
                    assertThat(Tensors.std(part)).isCloseTo(1, within(1e-4));
                    assertThat(part.mean().item_double()).isCloseTo(0, within(1e-5));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "batchnorm(momentum=2) | from 0 to 1",
                "batchnorm(eps=-1) | zero or more",
                "batchnorm(alpha=1) | no option 'alpha'",
                "groupnorm(groups=0) | at least 1",
                "groupnorm(groups=2.5) | at least 1",
                "groupnorm(gruops=2) | 'groups'",
                "bathcnorm | 'batchnorm'"
            })
    void mistakesAreExplained(String spec, String hint) {
        assertThatThrownBy(() -> NormSpec.parse(spec))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint);
    }

    @Test
    void defaultsAreNotWritten() {
        assertThat(NormSpec.parse("batchnorm(eps=1e-5, momentum=0.1)")).hasToString("batchnorm");
        assertThat(NormSpec.parse("groupnorm(groups=32)")).hasToString("groupnorm");
        assertThat(NormSpec.parse("groupnorm(groups=8.0)")).hasToString("groupnorm(groups=8)");
        assertThat(NormSpec.parse("layernorm(eps=1e-5)")).hasToString("layernorm(eps=1.0E-5)");
    }
}
