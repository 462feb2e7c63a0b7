package io.github.dyt4j.models;

import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;

/**
 * DyT's α0 in language models by width (Zhu et al. 2025, section 7, "Initialization of α for LLMs"; found by runs of 30 billion tokens): at attention and elsewhere
 * 1/1 at width 1024, 1/0.5 at 2048, 0.8/0.2 at 4096, 0.6/0.15 at 5120 (LLaMA 13B), 0.2/0.05 at 8192. Depth does not matter. Between these
 * widths log α0 goes straight over log width; beyond them it keeps the end's value.
 */
final class WidthTable {
    private static final int[] WIDTHS = {1024, 2048, 4096, 5120, 8192};
    private static final double[] ATTENTION = {1, 1, 0.8, 0.6, 0.2};
    private static final double[] OTHERS = {1, 0.5, 0.2, 0.15, 0.05};

    private WidthTable() {}

    static double attention(int width) {
        return at(width, ATTENTION);
    }

    static double others(int width) {
        return at(width, OTHERS);
    }

    /** The spec with the table's α0 wherever it names none itself; DyISRU has an α0 by width of its own. */
    static NormSpec apply(NormSpec spec, int width) {
        if (spec.function() == NormFunction.DYISRU) {
            return spec;
        }
        return spec.orElse("attention.alpha", Double.toString(attention(width)))
                .orElse("alpha", Double.toString(others(width)));
    }

    private static double at(int width, double[] alphas) {
        int last = WIDTHS.length - 1;
        if (width <= WIDTHS[0] || width >= WIDTHS[last]) {
            return alphas[width <= WIDTHS[0] ? 0 : last];
        }
        int i = 0;
        while (width >= WIDTHS[i + 1]) {
            i++;
        }
        if (width == WIDTHS[i]) {
            return alphas[i];
        }
        double share = Math.log((double) width / WIDTHS[i]) / Math.log((double) WIDTHS[i + 1] / WIDTHS[i]);
        return Math.exp(Math.log(alphas[i]) + share * Math.log(alphas[i + 1] / alphas[i]));
    }
}
