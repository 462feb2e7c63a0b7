package io.github.dyt4j.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A norm spec as people write it in a paper: {@code dyt(alpha=0.5)} is "DyT, α₀ = 0.5". */
final class NormLabel {
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("layernorm", "LayerNorm"),
            Map.entry("rmsnorm", "RMSNorm"),
            Map.entry("batchnorm", "BatchNorm"),
            Map.entry("groupnorm", "GroupNorm"),
            Map.entry("dyt", "DyT"),
            Map.entry("derf", "Derf"),
            Map.entry("dyisru", "DyISRU"));
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
        Matcher m = SPEC.matcher(spec);
        if (!m.matches()) {
            return spec;
        }
        String name = NAMES.getOrDefault(m.group(1), m.group(1));
        return m.group(2) == null || m.group(2).isBlank()
                ? name
                : name + ", "
                        + options(m.group(2)).stream().map(NormLabel::option).collect(Collectors.joining(", "));
    }

    static List<String> options(String list) {
        return Arrays.stream(list.split(",")).map(o -> o.replace(" ", "")).toList();
    }

    private static String option(String option) {
        if (option.matches("alpha=[0-9.eE+-]+")) {
            return "α₀ = " + option.substring("alpha=".length());
        }
        return OPTIONS.getOrDefault(option, option);
    }
}
