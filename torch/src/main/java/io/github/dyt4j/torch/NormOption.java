package io.github.dyt4j.torch;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** An option that a norm's spec may carry, with its default and what values it takes. */
enum NormOption {
    /** α0, or {@code none} for f(x) without α. Without a value each function has its own (0.5; DyISRU 1/√C). */
    ALPHA("alpha", null, true, "a number other than zero, or none"),
    /** s0, Derf's shift inside the function. */
    SHIFT("shift", "0.0", true, "a number"),
    /** One α a channel instead of one a norm. */
    PER_CHANNEL("per_channel", "false", false, "true", "false"),
    /** {@code calibrated}: α0 = 1/std of the site's input, γ0 such that the output has unit variance, from the first batch. */
    INIT("init", "default", false, "default", "calibrated"),
    /** γ, where the architecture has one. */
    WEIGHT("weight", "true", false, "true", "false"),
    /** β, where the architecture has one. */
    BIAS("bias", "true", false, "true", "false"),
    /** ε under the root of a row norm. */
    EPS("eps", "1.0E-6", false, "a number of zero or more"),
    /** ε under the root of a norm over places. */
    BATCH_EPS("eps", "1.0E-5", false, "a number of zero or more"),
    /** The weight of a batch in the running statistics. */
    MOMENTUM("momentum", "0.1", false, "a number from 0 to 1"),
    /** Groups of channels that share statistics. */
    GROUPS("groups", "32", false, "a whole number of at least 1"),
    /** {@code fused}: this project's kernels; {@code eager}: a composition of libtorch's operations. */
    KERNEL("kernel", "fused", false, "fused", "eager"),
    /** How exact f is: to 5 ulp of f32 or to a quarter ulp of bf16. Without a value the tensor's dtype says. */
    ACCURACY("accuracy", null, false, "f32", "bf16"),
    /**
     * {@code fused}: this project's kernel; {@code libtorch}: its native LayerNorm, or its composition of an RMSNorm; {@code auto}: fused
     * where the vector kernels run, which {@code bench norms} shows to be the faster, else libtorch's.
     */
    ROW_KERNEL("kernel", "auto", false, "auto", "fused", "libtorch");

    private final String key;
    private final @Nullable String standard;
    private final boolean bySite;
    private final List<String> values;

    NormOption(String key, @Nullable String standard, boolean bySite, String... values) {
        this.key = key;
        this.standard = standard;
        this.bySite = bySite;
        this.values = List.of(values);
    }

    String key() {
        return key;
    }

    @Nullable
    String standard() {
        return standard;
    }

    /** Whether {@code attention.alpha} and its like exist. */
    boolean bySite() {
        return bySite;
    }

    List<String> keys() {
        List<String> keys = new ArrayList<>(List.of(key));
        if (bySite) {
            for (Site site : Site.values()) {
                keys.add(site.key() + "." + key);
            }
        }
        return keys;
    }

    /** The canonical text of a value, or a UserError. */
    String check(String norm, String typed, String value) {
        String v = value.toLowerCase(Locale.ROOT);
        if (values.size() > 1) {
            if (values.contains(v)) {
                return v;
            }
            throw wrong(norm, typed, value, String.join(" or ", values) + "." + Nearest.hint(v, values));
        }
        if (this == ALPHA && v.equals("none")) {
            return v;
        }
        try {
            double number = Double.parseDouble(v);
            if (Double.isFinite(number) && allows(number)) {
                return this == GROUPS ? Integer.toString((int) number) : Double.toString(number);
            }
        } catch (NumberFormatException notANumber) {
            throw wrong(norm, typed, value, values.getFirst() + ".");
        }
        throw wrong(norm, typed, value, values.getFirst() + ".");
    }

    private boolean allows(double number) {
        return switch (this) {
            case ALPHA -> number != 0;
            case EPS, BATCH_EPS -> number >= 0;
            case MOMENTUM -> number >= 0 && number <= 1;
            case GROUPS -> number >= 1 && number == (int) number;
            default -> true;
        };
    }

    private static UserError wrong(String norm, String typed, String value, String wanted) {
        return new UserError(
                "norm '" + norm + "': " + typed + "=" + value + " is not possible; " + typed + " takes " + wanted);
    }
}
