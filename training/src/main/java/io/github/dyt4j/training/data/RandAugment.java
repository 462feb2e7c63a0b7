package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.UserError;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * RandAugment (Cubuk et al. 2019, algorithm 1) as timm does it: {@code layers} operations drawn with replacement, each done with this probability at a level drawn
 * from N(magnitude, std²) and held in [0, max].
 *
 * @param std above 100: uniform in [0, magnitude]
 * @param fill one value a channel
 */
public record RandAugment(
        double magnitude,
        double std,
        double max,
        int layers,
        double probability,
        boolean increasing,
        Interpolation interpolation,
        List<Integer> fill)
        implements Transform {
    private static final Pattern SECTION = Pattern.compile("(mstd|mmax|inc|m|n|p)(\\d+(?:\\.\\d+)?)");
    private static final AugmentOp[] OPS = AugmentOp.values();

    /** From timm's text, as {@code rand-m9-mstd0.5-inc1}: m magnitude (10), mstd (0), mmax (10), n layers (2), p probability (0.5), inc (0). */
    public static RandAugment parse(String text, Interpolation interpolation, List<Integer> fill) {
        String[] sections = text.strip().split("-", -1);
        if (!sections[0].equals("rand")) {
            throw bad(text, "'" + sections[0] + "' is not known; RandAugment begins with 'rand'");
        }
        double[] v = {10, 0, 10, 2, 0.5, 0};
        for (int i = 1; i < sections.length; i++) {
            Matcher m = SECTION.matcher(sections[i]);
            if (!m.matches()) {
                throw bad(text, "'" + sections[i] + "' is not one of m, mstd, mmax, n, p, inc and a number");
            }
            v[List.of("m", "mstd", "mmax", "n", "p", "inc").indexOf(m.group(1))] = Double.parseDouble(m.group(2));
        }
        if (v[4] > 1) {
            throw bad(text, "p is a probability, at most 1");
        }
        if (v[3] != Math.rint(v[3])) {
            throw bad(text, "n is a whole number");
        }
        return new RandAugment(v[0], v[1], v[2], (int) v[3], v[4], v[5] != 0, interpolation, fill);
    }

    private static UserError bad(String text, String why) {
        return new UserError("aa cannot be '" + text + "': " + why + ".\nWrite it as in rand-m9-mstd0.5-inc1.");
    }

    @Override
    public Image apply(Image image, Rng rng) {
        Image x = image;
        for (int i = 0; i < layers; i++) {
            AugmentOp op = OPS[rng.nextInt(OPS.length)];
            if (rng.chance(probability)) {
                double argument = op.argument(level(rng), increasing, rng.nextBoolean());
                int[] colour = fill.stream().mapToInt(Integer::intValue).toArray();
                x = op.apply(x, argument, interpolation.pick(rng), colour);
            }
        }
        return x;
    }

    double level(Rng rng) {
        double level =
                std > 100 ? rng.uniform(0, magnitude) : std > 0 ? magnitude + std * rng.nextGaussian() : magnitude;
        return Math.clamp(level, 0, max);
    }
}
