package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The fused norms in libtorch's autograd against libtorch's own autograd of the eager composition. */
class NormGradientTest {
    record Case(String fused, String eager, long[] shape, Layout layout, boolean affine, ScalarType dtype) {}

    @BeforeAll
    static void start() {
        TorchRuntime.start(2);
    }

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        List<String> options = List.of("", "alpha=0.7", "alpha=none", "per_channel=true", "weight=false", "bias=false");
        for (String function : List.of("dyt", "derf", "dyisru", "hardtanh", "sigmoid", "linear")) {
            for (String option : options) {
                String fused = option.isEmpty() ? function : function + "(" + option + ")";
                String eager = function + "(" + (option.isEmpty() ? "" : option + ", ") + "kernel=eager)";
                cases.add(new Case(fused, eager, new long[] {3, 5, 19}, Layout.LAST, true, ScalarType.Float));
            }
            String eager = function + "(kernel=eager)";
            cases.add(
                    new Case(function, eager, new long[] {2, 7, 3, 5}, Layout.CHANNELS_FIRST, true, ScalarType.Float));
            cases.add(new Case(function, eager, new long[] {4, 33}, Layout.LAST, false, ScalarType.Float));
            cases.add(new Case(function, eager, new long[] {6, 40}, Layout.LAST, true, ScalarType.BFloat16));
        }
        cases.add(new Case(
                "derf(shift=0.3, per_channel=true)",
                "derf(shift=0.3, per_channel=true, kernel=eager)",
                new long[] {2, 7, 3, 5},
                Layout.CHANNELS_FIRST,
                true,
                ScalarType.Float));
        for (long[] shape : List.of(new long[] {3, 5, 19}, new long[] {2, 16, 4, 3})) {
            Layout layout = shape.length == 4 ? Layout.CHANNELS_FIRST : Layout.LAST;
            for (String function : List.of("layernorm", "rmsnorm")) {
                cases.add(new Case(
                        function + "(kernel=fused)",
                        function + "(kernel=libtorch)",
                        shape,
                        layout,
                        true,
                        ScalarType.Float));
                cases.add(new Case(
                        function + "(kernel=fused)",
                        function + "(kernel=libtorch)",
                        shape,
                        layout,
                        false,
                        ScalarType.Float));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithTheEagerComposition(Case c) {
        List<float[]> fused = gradients(c.fused, c, true);
        List<float[]> eager = gradients(c.eager, c, true);
        double scale = fused.stream().mapToDouble(NormGradientTest::norm).max().orElseThrow();
        double relative = c.dtype == ScalarType.Float ? 1e-5 : 2e-2;
        assertThat(fused).hasSameSizeAs(eager);
        for (int i = 0; i < fused.size(); i++) {
            double difference = norm(minus(fused.get(i), eager.get(i)));
            assertThat(difference)
                    .as("%s, tensor %d", c, i)
                    .isLessThanOrEqualTo(relative * Math.max(norm(eager.get(i)), 1e-6 * scale));
        }
    }

    /** An input that needs no gradient has no node: the parameters get theirs all the same. */
    @ParameterizedTest
    @MethodSource("cases")
    void parametersLearnOnRawData(Case c) {
        List<float[]> with = gradients(c.fused, c, true);
        List<float[]> without = gradients(c.fused, c, false);
        assertThat(without).hasSize(with.size() - 1);
        for (int i = 0; i < without.size(); i++) {
            assertThat(without.get(i)).as("%s, tensor %d", c, i).isEqualTo(with.get(i == 0 ? 0 : i + 1));
        }
    }

    @Test
    void aSecondBackwardAddsAsAutogradDoes() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norm norm = new Norms(NormSpec.parse("dyt")).at(Site.MLP, p, 8, Layout.LAST, true);
            Tensor x = input(new long[] {4, 8}, 3);
            norm.forward(x).sum().backward();
            float[] once = gradient(p, "weight");
            norm.forward(x).sum().backward();
            float[] twice = gradient(p, "weight");
            for (int i = 0; i < 8; i++) {
                assertThat(twice[i]).isEqualTo(2 * once[i]);
            }
        }
    }

    @Test
    void oneTensorFeedingTwoNormsGetsBothGradients() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norms norms = new Norms(NormSpec.parse("dyt"));
            Norm first = norms.at(Site.MLP, p.child("a"), 8, Layout.LAST, true);
            Norm second = norms.at(Site.MLP, p.child("b"), 8, Layout.LAST, true);
            Tensor x = input(new long[] {4, 8}, 3);
            x.set_requires_grad(true);
            first.forward(x).sum().backward();
            float[] one = Tensors.floats(x.grad());
            x.mutable_grad().reset();
            first.forward(x).add(second.forward(x)).sum().backward();
            float[] both = Tensors.floats(x.grad());
            for (int i = 0; i < one.length; i++) {
                assertThat(both[i]).isEqualTo(2 * one[i]);
            }
        }
    }

    @Test
    void withoutAScopeItSaysSo() {
        try (Parameters p = Parameters.root()) {
            Norm norm = new Norms(NormSpec.parse("dyt")).at(Site.MLP, p, 8, Layout.LAST, true);
            assertThatThrownBy(() -> norm.forward(Tensors.full(1, 2, 8)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Scope");
        }
    }

    /** y, then dx where asked, then each parameter's gradient. */
    private static List<float[]> gradients(String spec, Case c, boolean inputGradient) {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norms norms = new Norms(NormSpec.parse(spec));
            int dim = (int) c.shape[c.layout == Layout.LAST ? c.shape.length - 1 : 1];
            Norm norm = norms.at(Site.MLP, p.child("norm"), dim, c.layout, c.affine);
            scramble(p);
            Tensor x = input(c.shape, 1).to(c.dtype).detach();
            x.set_requires_grad(inputGradient);
            Tensor y = norm.forward(x);
            if (spec.equals(c.fused) && c.layout == Layout.LAST && y.requires_grad()) {
                // Else eager would be compared with itself.
                assertThat(y.grad_fn().name().getString()).startsWith("Alias");
            }
            List<float[]> all = new ArrayList<>();
            all.add(Tensors.floats(y));
            if (y.requires_grad()) {
                // Not contiguous on purpose: dy comes as it comes.
                Tensor dy = input(c.shape, 2)
                        .to(c.dtype)
                        .transpose(0, -1)
                        .contiguous()
                        .transpose(0, -1);
                y.mul(dy).sum().backward();
            }
            if (inputGradient) {
                all.add(Tensors.floats(x.grad()));
            }
            p.trainable().values().forEach(t -> all.add(Tensors.floats(t.grad())));
            return all;
        }
    }

    private static void scramble(Parameters p) {
        try (var _ = Grad.off()) {
            int[] i = {0};
            p.trainable()
                    .values()
                    .forEach(t -> t.add_(input(Tensors.shape(t), 10 + i[0]++).mul(new Scalar(0.1))));
        }
    }

    private static Tensor input(long[] shape, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long n = 1;
        for (long s : shape) {
            n *= s;
        }
        float[] values = new float[(int) n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian() * 1.5f;
        }
        return Tensors.of(values, shape);
    }

    private static float[] gradient(Parameters p, String name) {
        return Tensors.floats(
                java.util.Objects.requireNonNull(p.trainable().get(name)).grad());
    }

    private static double norm(float[] v) {
        double sum = 0;
        for (float f : v) {
            sum += (double) f * f;
        }
        return Math.sqrt(sum);
    }

    private static float[] minus(float[] a, float[] b) {
        float[] c = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            c[i] = a[i] - b[i];
        }
        return c;
    }

    @Test
    void anEmptyTensorGivesAnEmptyTensor() {
        for (String spec : List.of("dyt", "derf", "layernorm", "rmsnorm")) {
            for (long[] shape : new long[][] {{0, 5}, {2, 0, 5}}) {
                try (Parameters p = Parameters.root();
                        var _ = new Scope()) {
                    Norm norm = new Norms(NormSpec.parse(spec)).at(Site.MLP, p.child("norm"), 5, Layout.LAST, true);
                    Tensor x = torch.empty(shape);
                    x.set_requires_grad(true);
                    Tensor y = norm.forward(x);
                    assertThat(Tensors.shape(y)).as(spec).isEqualTo(shape);
                    y.sum().backward();
                    assertThat(Tensors.shape(x.grad())).as(spec).isEqualTo(shape);
                }
            }
            try (Parameters p = Parameters.root();
                    var _ = new Scope()) {
                Norm norm =
                        new Norms(NormSpec.parse(spec)).at(Site.MLP, p.child("norm"), 5, Layout.CHANNELS_FIRST, true);
                assertThat(Tensors.shape(norm.forward(torch.empty(2, 5, 0, 3))))
                        .as(spec)
                        .isEqualTo(new long[] {2, 5, 0, 3});
                assertThat(Tensors.shape(norm.forward(torch.empty(0, 5, 2, 3))))
                        .as(spec)
                        .isEqualTo(new long[] {0, 5, 2, 3});
            }
        }
    }

    /**
     * Forty residual layers amplify the last bits of any f32 arithmetic, libtorch's own too. So both are held against f64, and the fused
     * layers may be off by no more than the bound for whole models, or twice what libtorch's are.
     */
    @Test
    void theGradientFlowsThroughFortyLayers() {
        List<float[]> exact = deep("dyt(kernel=eager)", ScalarType.Double);
        List<float[]> fused = deep("dyt", ScalarType.Float);
        List<float[]> eager = deep("dyt(kernel=eager)", ScalarType.Float);
        for (int i = 0; i < fused.size(); i++) {
            double bound = Math.max(1e-4 * norm(exact.get(i)), 2 * norm(minus(eager.get(i), exact.get(i))));
            assertThat(norm(minus(fused.get(i), exact.get(i))))
                    .as("parameter %d", i)
                    .isLessThanOrEqualTo(bound);
        }
    }

    private static List<float[]> deep(String spec, ScalarType type) {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norms norms = new Norms(NormSpec.parse(spec));
            Tensor x = input(new long[] {4, 16}, 5).to(type);
            for (int i = 0; i < 40; i++) {
                Norm norm = norms.at(Site.MLP, p.child(i), 16, Layout.LAST, true);
                x = x.add(torch.roll(norm.forward(x), new long[] {1}, 1));
            }
            x.mul(x).sum().backward();
            return p.trainable().values().stream()
                    .map(t -> Tensors.floats(t.grad()))
                    .toList();
        }
    }
}
