package io.github.dyt4j.lab;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * One run of a comparison.
 *
 * @param lr its learning rate where the comparison searches for the best; null: the recipe's
 */
public record Job(Variant variant, @Nullable Double lr, int seed) {
    /** A rate without an exponent: 0.0003. */
    public static String rate(double lr) {
        return new BigDecimal(Double.toString(lr)).stripTrailingZeros().toPlainString();
    }

    String slug() {
        return variant.slug() + (lr == null ? "" : "-lr" + rate(lr)) + "-seed" + seed;
    }

    /** For people: "dyt lr 0.001 seed 0". */
    @Override
    public String toString() {
        return variant + (lr == null ? "" : " lr " + rate(lr)) + " seed " + seed;
    }
}
