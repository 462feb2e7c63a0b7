package io.github.dyt4j.lab;

import io.github.dyt4j.training.Recipe;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A norm spec, or a method in the norms' place, as people write it in a paper: {@code dyt(alpha=0.5)} is "DyT (α₀ = 0.5)", and so is {@code dyt} that began there. */
final class NormLabel {
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("layernorm", "LayerNorm"),
            Map.entry("rmsnorm", "RMSNorm"),
            Map.entry("batchnorm", "BatchNorm"),
            Map.entry("groupnorm", "GroupNorm"),
            Map.entry("dyt", "DyT"),
            Map.entry("derf", "Derf"),
            Map.entry("dyisru", "DyISRU"),
            Map.entry("fixup", "Fixup"),
            Map.entry("skipinit", "SkipInit"),
            Map.entry("sigmareparam", "σReparam"));
    private static final Map<String, String> OPTIONS = Map.of(
            "init=calibrated",
            "calibrated",
            "alpha=none",
            "no α",
            "per_channel=true",
            "one α a channel",
            "kernel=eager",
            "eager");
    private static final Pattern SPEC = Pattern.compile("([a-z0-9_]+)(?:\\((.*)\\))?");

    private NormLabel() {}

    static String of(String spec) {
        return label(spec, "");
    }

    private static String label(String compared, String more) {
        Matcher m = SPEC.matcher(Recipe.normOf(compared));
        if (!m.matches()) {
            return compared;
        }
        List<String> settings = Recipe.settingsOf(compared);
        String also = settings.isEmpty() ? "" : ", " + String.join(", ", settings);
        Stream<String> options = m.group(2) == null
                ? Stream.of(more)
                : Stream.concat(
                        Stream.of(more), Arrays.stream(m.group(2).split(",")).map(o -> option(o.replace(" ", ""))));
        String listed = options.filter(o -> !o.isBlank()).collect(Collectors.joining(", "));
        return NAMES.getOrDefault(m.group(1), m.group(1)) + (listed.isEmpty() ? "" : " (" + listed + ")") + also;
    }

    /** The same, with the α0 that every site began with where the spec itself does not say one. */
    static String of(String spec, double[] starts) {
        boolean common = starts.length > 0 && Arrays.stream(starts).allMatch(a -> Math.abs(a - starts[0]) < 1e-6);
        return common && !Recipe.normOf(spec).matches(".*(alpha=|calibrated).*")
                ? label(spec, "α₀ = " + Html.fixed(starts[0], 3).replaceAll("\\.?0+$", ""))
                : of(spec);
    }

    private static String option(String option) {
        if (option.matches("alpha=[0-9.eE+-]+")) {
            return "α₀ = " + option.substring("alpha=".length());
        }
        return OPTIONS.getOrDefault(option, option);
    }
}
