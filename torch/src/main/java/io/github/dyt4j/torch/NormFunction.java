package io.github.dyt4j.torch;

import static io.github.dyt4j.torch.NormOption.ACCURACY;
import static io.github.dyt4j.torch.NormOption.ALPHA;
import static io.github.dyt4j.torch.NormOption.BATCH_EPS;
import static io.github.dyt4j.torch.NormOption.BIAS;
import static io.github.dyt4j.torch.NormOption.EPS;
import static io.github.dyt4j.torch.NormOption.GROUPS;
import static io.github.dyt4j.torch.NormOption.INIT;
import static io.github.dyt4j.torch.NormOption.KERNEL;
import static io.github.dyt4j.torch.NormOption.MOMENTUM;
import static io.github.dyt4j.torch.NormOption.PER_CHANNEL;
import static io.github.dyt4j.torch.NormOption.ROW_KERNEL;
import static io.github.dyt4j.torch.NormOption.SHIFT;
import static io.github.dyt4j.torch.NormOption.WEIGHT;

import io.github.dyt4j.kernels.Squash;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The norms by the names that people type. */
public enum NormFunction {
    /** γ·(x − mean)/√(var + ε) + β over the channels of a token (Ba et al. 2016). */
    LAYERNORM("γ·(x-mean)/sqrt(var+eps)+β, per token", null, List.of(WEIGHT, BIAS, EPS, ROW_KERNEL)),
    /** γ·x/√(mean(x²) + ε), no β (Zhang and Sennrich 2019). */
    RMSNORM("γ·x/sqrt(mean(x²)+eps), per token", null, List.of(WEIGHT, EPS, ROW_KERNEL)),
    /** γ·(x − mean)/√(var + ε) + β, of a channel over the batch and all places (Ioffe and Szegedy 2015). */
    BATCHNORM(
            "γ·(x-mean)/sqrt(var+eps)+β, per channel of a batch of images",
            null,
            List.of(WEIGHT, BIAS, BATCH_EPS, MOMENTUM)),
    /** γ·(x − mean)/√(var + ε) + β, of a group of channels over all places of an image (Wu and He 2018). */
    GROUPNORM(
            "γ·(x-mean)/sqrt(var+eps)+β, per group of channels of an image",
            null,
            List.of(GROUPS, WEIGHT, BIAS, BATCH_EPS)),
    /** γ·tanh(αx) + β (Zhu et al. 2025). */
    DYT("γ·tanh(αx)+β", Squash.TANH, List.of(ALPHA, PER_CHANNEL, INIT, WEIGHT, BIAS, KERNEL, ACCURACY)),
    /** γ·erf(αx + s) + β (Chen et al. 2025). */
    DERF("γ·erf(αx+s)+β", Squash.ERF, List.of(ALPHA, SHIFT, PER_CHANNEL, INIT, WEIGHT, BIAS, KERNEL, ACCURACY)),
    /** γ·αx/√(1 + (αx)²) + β, α0 = 1/√C, γ0 = √C (Stollenwerk 2025). */
    DYISRU("γ·αx/sqrt(1+(αx)²)+β", Squash.ISRU, pointwise()),
    /** γ·clamp(αx, −1, 1) + β (Zhu et al. 2025, table 7). */
    HARDTANH("γ·clamp(αx,-1,1)+β", Squash.HARDTANH, pointwise()),
    /** γ·σ(αx) + β (Zhu et al. 2025, table 7). */
    SIGMOID("γ·sigmoid(αx)+β", Squash.SIGMOID, pointwise()),
    /** γ·αx + β: the paper's identity ablation, which diverges (Zhu et al. 2025, table 7). */
    LINEAR("γ·αx+β", Squash.LINEAR, pointwise()),
    /** x: no parameters; what a norm's cost is measured against. */
    IDENTITY("x", null, List.of());

    private final String formula;
    private final @Nullable Squash squash;
    private final List<NormOption> options;

    NormFunction(String formula, @Nullable Squash squash, List<NormOption> options) {
        this.formula = formula;
        this.squash = squash;
        this.options = options;
    }

    private static List<NormOption> pointwise() {
        return List.of(ALPHA, PER_CHANNEL, INIT, WEIGHT, BIAS, KERNEL);
    }

    /** What people type. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The formula on one line, for listings. */
    public String formula() {
        return formula;
    }

    /** Whether the statistics go over places too, so that what a place becomes depends on others: for images, not for tokens. */
    public boolean acrossPlaces() {
        return this == BATCHNORM || this == GROUPNORM;
    }

    /** The scalar function of a pointwise norm; null for all others. */
    public @Nullable Squash squash() {
        return squash;
    }

    List<NormOption> options() {
        return options;
    }

    /** The names of the options, for listings. */
    public List<String> optionNames() {
        return options.stream().map(NormOption::key).toList();
    }

    /** All names that people may type. */
    public static List<String> names() {
        return Arrays.stream(values()).map(NormFunction::key).toList();
    }

    static @Nullable NormFunction named(String key) {
        return Arrays.stream(values())
                .filter(f -> f.key().equals(key))
                .findFirst()
                .orElse(null);
    }
}
