package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Resampling filters with Pillow's constants; RANDOM is one of the two anew for every image (timm's "random"). */
public enum Interpolation {
    BILINEAR(1),
    BICUBIC(2),
    RANDOM(0);

    /** Half the filter's width in source pixels. */
    final double support;

    Interpolation(double support) {
        this.support = support;
    }

    public static Interpolation of(String name) {
        List<String> known = Arrays.stream(values())
                .map(i -> i.name().toLowerCase(Locale.ROOT))
                .toList();
        int i = known.indexOf(name);
        if (i < 0) {
            throw new UserError("interpolation cannot be '" + name + "': it is one of " + String.join(", ", known) + "."
                    + Nearest.hint(name, known));
        }
        return values()[i];
    }

    Interpolation pick(Rng rng) {
        return this != RANDOM ? this : rng.nextBoolean() ? BILINEAR : BICUBIC;
    }

    /** The filter at a distance: the triangle, or Keys' cubic (1981) with a = -1/2. */
    double weight(double distance) {
        double x = Math.abs(distance);
        if (this == BILINEAR) {
            return x < 1 ? 1 - x : 0;
        }
        if (x < 1) {
            return (1.5 * x - 2.5) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    }
}
