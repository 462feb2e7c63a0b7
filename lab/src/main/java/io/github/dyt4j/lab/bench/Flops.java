package io.github.dyt4j.lab.bench;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Floating-point operations an element, as the f32 kernels' formulas count them with a fused multiply-add as two. An estimate: divisions
 * count as one, conversions, blends and work once a row as none.
 */
final class Flops {
    private static final Pattern COUNTED = Pattern.compile("(dyt|layernorm|rmsnorm)(\\((?!.*kernel=eager).*\\))?");

    private Flops() {}

    /** Null where the norm or the direction is not one that was counted. */
    static @Nullable Double perElement(String norm, String direction) {
        var matcher = COUNTED.matcher(norm);
        if (!matcher.matches()) {
            return null;
        }
        double[] count = switch (matcher.group(1)) {
            case "dyt" -> new double[] {22, 30}; // tanh is 19 of them, in both
            case "layernorm" ->
                new double[] {8, 13}; // mean and variance 4, scaling 2, γ and β 2; two sums and x̂ backward
            default -> new double[] {4, 9};
        };
        return switch (direction) {
            case "forward" -> count[0];
            case "backward" -> count[1];
            case "both" -> count[0] + count[1];
            default -> null;
        };
    }
}
