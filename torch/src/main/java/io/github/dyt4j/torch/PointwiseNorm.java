package io.github.dyt4j.torch;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.PointwiseCall;
import io.github.dyt4j.kernels.Squash;
import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = γ·f(αx + s) + β}, element by element: Dynamic Tanh (Zhu et al. 2025, equation 1) and its relatives, which differ in f alone.
 *
 * <p>x is (…, C) or (N, C, …) of f32 or bf16, y the same; the arithmetic is f32. In the state dict: {@code alpha} (1) or (C), {@code shift}
 * (1) for Derf, {@code weight} (C) and {@code bias} (C) where the architecture has them. α0 = 0.5, γ0 = 1, β0 = 0, s0 = 0; DyISRU has
 * α0 = 1/√C and γ0 = √C. With {@code init=calibrated} α0 and γ0 are NaN until {@link Norms#calibrate} or a checkpoint sets them.
 */
public final class PointwiseNorm implements Norm {
    private final Norms norms;
    private final Squash squash;
    private final Site site;
    private final String name;
    private final int dim;
    private final Layout layout;
    private final boolean eager;
    private final NormSpec spec;
    private final @Nullable Tensor alpha;
    private final @Nullable Tensor shift;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;
    private boolean started;
    private boolean folded;

    PointwiseNorm(Norms norms, NormSpec spec, Site site, Parameters p, int dim, Layout layout, Affine affine) {
        this.norms = norms;
        this.squash = Objects.requireNonNull(spec.function().squash());
        this.site = site;
        this.name = p.name();
        this.dim = dim;
        this.layout = layout;
        this.eager = "eager".equals(spec.get(NormOption.KERNEL));
        this.spec = spec;
        boolean isru = spec.function() == NormFunction.DYISRU;
        boolean calibrated = spec.calibrated();

        String alpha0 = spec.get(NormOption.ALPHA, site);
        double standard = isru ? 1 / Math.sqrt(dim) : 0.5;
        double a0 = calibrated
                ? Double.NaN
                : alpha0 == null || alpha0.equals("none") ? standard : Double.parseDouble(alpha0);
        this.alpha = "none".equals(alpha0)
                ? null
                : p.parameter("alpha", Tensors.full(a0, spec.flag(NormOption.PER_CHANNEL) ? dim : 1));
        this.shift = spec.function() == NormFunction.DERF
                ? p.parameter(
                        "shift",
                        Tensors.full(Double.parseDouble(Objects.requireNonNull(spec.get(NormOption.SHIFT, site))), 1))
                : null;
        double g0 = calibrated ? Double.NaN : isru ? Math.sqrt(dim) : 1;
        this.weight = affine != Affine.NONE && spec.flag(NormOption.WEIGHT)
                ? p.parameter("weight", Tensors.full(g0, dim))
                : null;
        this.bias =
                affine == Affine.FULL && spec.flag(NormOption.BIAS) ? p.parameter("bias", Tensors.full(0, dim)) : null;
        this.started = !calibrated;
    }

    @Override
    public Tensor forward(Tensor x) {
        norms.seen(this, x);
        requireStart();
        Dtype dtype = Memory.dtype(x);
        // f64 (gradient checks) and f16 have no kernel.
        if (eager || dtype == null) {
            return composed(x);
        }
        return layout == Layout.CHANNELS_FIRST && Axes.lieLast(x)
                ? Axes.channelsFirst(fused(Axes.channelsLast(x), dtype, Layout.LAST))
                : fused(x, dtype, layout);
    }

    private Tensor fused(Tensor input, Dtype dtype, Layout layout) {
        Tensor x = input.contiguous();
        boolean graph = Grad.enabled()
                && (x.requires_grad() || trains(alpha) || trains(shift) || trains(weight) || trains(bias));
        Tensor y;
        try (var _ = Grad.off()) {
            y = torch.empty_like(x);
            Tensor a = Memory.f32(alpha);
            Tensor s = Memory.f32(shift);
            Tensor g = Memory.f32(folded ? null : weight);
            Tensor b = Memory.f32(folded ? null : bias);
            Kernels.pointwise().forward(call(x, dtype, layout, a, s, g, b), Memory.address(x), Memory.address(y));
            Memory.keepAlive(x, a, s, g, b);
        }
        if (!graph) {
            return y;
        }
        Tensor saved = x.detach();
        return Splice.node(x, y, saved, dy -> backward(saved, dtype, layout, dy));
    }

    private Tensor backward(Tensor x, Dtype dtype, Layout layout, Tensor upstream) {
        Tensor dy = Memory.dtype(upstream) == dtype ? upstream : upstream.to(x.scalar_type());
        Tensor dx = torch.empty_like(x);
        Tensor a = Memory.f32(alpha);
        Tensor s = Memory.f32(shift);
        Tensor g = Memory.f32(weight);
        Tensor dAlpha = gradientOf(alpha);
        Tensor dShift = gradientOf(shift);
        Tensor dGamma = gradientOf(weight);
        Tensor dBeta = gradientOf(bias);
        Kernels.pointwise()
                .backward(
                        call(x, dtype, layout, a, s, g, null),
                        Memory.address(x),
                        Memory.address(dy),
                        Memory.address(dx),
                        Memory.address(dAlpha),
                        Memory.address(dShift),
                        Memory.address(dGamma),
                        Memory.address(dBeta));
        Memory.keepAlive(x, dy, a, s, g);
        add(alpha, dAlpha);
        add(shift, dShift);
        add(weight, dGamma);
        add(bias, dBeta);
        return dx;
    }

    private PointwiseCall call(
            Tensor x,
            Dtype dtype,
            Layout layout,
            @Nullable Tensor a,
            @Nullable Tensor s,
            @Nullable Tensor g,
            @Nullable Tensor b) {
        long channels = x.size(layout == Layout.LAST ? -1 : 1);
        if (channels != dim) {
            throw new IllegalArgumentException(name + " is for " + dim + " channels and was given " + channels);
        }
        long outer = layout == Layout.LAST || x.numel() == 0 ? x.numel() / dim : x.size(0);
        long inner = layout == Layout.LAST || x.numel() == 0 ? 1 : x.numel() / (outer * dim);
        return new PointwiseCall(
                squash,
                dtype,
                spec.accuracy(dtype),
                outer,
                dim,
                inner,
                Memory.address(a),
                a != null && a.numel() > 1,
                Memory.address(s),
                Memory.address(g),
                Memory.address(b));
    }

    /** The same from libtorch's operations, each a pass over memory: {@code kernel=eager}. */
    private Tensor composed(Tensor x) {
        boolean narrow = Memory.type(x) == ScalarType.BFloat16 || Memory.type(x) == ScalarType.Half;
        Tensor y = function(narrow ? x.to(ScalarType.Float) : x);
        if (weight != null && !folded) {
            y = y.mul(channels(weight, x));
        }
        if (bias != null && !folded) {
            y = y.add(channels(bias, x));
        }
        return y.to(x.scalar_type());
    }

    private Tensor function(Tensor x) {
        Tensor u = alpha == null ? x : x.mul(alpha.numel() > 1 ? channels(alpha, x) : alpha);
        u = shift == null ? u : u.add(shift);
        return switch (squash) {
            case TANH -> u.tanh();
            case ERF -> u.erf();
            case ISRU -> u.mul(u.mul(u).add(new Scalar(1)).rsqrt());
            case HARDTANH -> torch.hardtanh(u);
            case SIGMOID -> u.sigmoid();
            case LINEAR -> u;
        };
    }

    private Tensor channels(Tensor perChannel, Tensor x) {
        if (layout == Layout.LAST) {
            return perChannel; // (C)
        }
        long[] shape = new long[(int) x.dim() - 1];
        Arrays.fill(shape, 1);
        shape[0] = dim;
        return perChannel.view(shape); // (C, 1, …)
    }

    @Override
    public Tensor squashed(Tensor x) {
        try (var _ = Grad.off()) {
            return function(x.to(ScalarType.Float));
        }
    }

    Norms.Start calibrate(Tensor x) {
        double std = Tensors.std(x);
        if (!(std > 0) || !Double.isFinite(std)) {
            throw new UserError("norm '" + norms.spec() + "': the input of " + name + " has standard deviation " + std
                    + " on the first batch, so there is no scale to calibrate to.\nUse init=default or other data.");
        }
        double a0 = Double.NaN;
        double g0 = Double.NaN;
        if (alpha != null) {
            a0 = 1 / std;
            alpha.fill_(new Scalar(a0));
        }
        if (weight != null) {
            g0 = 1 / Tensors.std(squashed(x));
            weight.fill_(new Scalar(g0));
        }
        started = true;
        return new Norms.Start(a0, g0);
    }

    private void requireStart() {
        if (waits()) {
            throw new UserError(
                    "norm '" + norms.spec() + "' at " + (name.isEmpty() ? "a bare layer" : name)
                            + " has seen no data to calibrate to.\nRun Norms.calibrate on a first batch, load a checkpoint, or use init=default.");
        }
    }

    /** Whether α and γ still are to be set by calibration. */
    boolean waits() {
        if (!started) {
            Tensor first = alpha != null ? alpha : weight;
            started =
                    first == null || !Double.isNaN(first.flatten().select(0, 0).item_double());
        }
        return !started;
    }

    private static boolean trains(@Nullable Tensor p) {
        return p != null && p.requires_grad();
    }

    private static @Nullable Tensor gradientOf(@Nullable Tensor p) {
        return trains(p) ? Tensors.empty(Objects.requireNonNull(p).numel()) : null;
    }

    private static void add(@Nullable Tensor p, @Nullable Tensor gradient) {
        if (p != null && gradient != null) {
            Memory.addGradient(p, gradient);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Site site() {
        return site;
    }

    @Override
    public float @Nullable [] alpha() {
        return alpha == null ? null : Tensors.floats(alpha);
    }

    @Override
    public @Nullable Tensor weight() {
        return weight;
    }

    @Override
    public @Nullable Tensor bias() {
        return bias;
    }

    @Override
    public void fold(boolean on) {
        requireStart(); // else γ is NaN
        folded = on;
    }

    @Override
    public boolean folded() {
        return folded;
    }
}
