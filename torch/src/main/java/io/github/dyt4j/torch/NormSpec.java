package io.github.dyt4j.torch;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Accuracy;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What people type to choose a norm: {@code dyt}, {@code layernorm(eps=1e-5)}, {@code dyt(alpha=0.2, attention.alpha=0.8)},
 * {@code dyt(init=calibrated)}. A name and options, checked; {@link #toString} is the canonical form, without options left at their
 * defaults, so that two specs that mean the same are equal.
 */
public final class NormSpec {
    private static final Pattern FORM = Pattern.compile("\\s*([\\w-]+)\\s*(?:\\((.*)\\))?\\s*", Pattern.DOTALL);

    private final NormFunction function;
    private final SequencedMap<String, String> options;

    private NormSpec(NormFunction function, SequencedMap<String, String> options) {
        this.function = function;
        this.options = options;
    }

    /**
     * Reads a spec.
     *
     * @throws UserError where the form, the name, an option or its value is not known, naming the nearest one that is
     */
    public static NormSpec parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new UserError(
                    "norm '" + text.strip() + "': write NAME or NAME(option=value, ...), as dyt(alpha=0.5).");
        }
        String name = form.group(1).toLowerCase(Locale.ROOT);
        NormFunction function = NormFunction.named(name);
        if (function == null) {
            throw new UserError("norm '" + name + "' is not known." + Nearest.hint(name, NormFunction.names())
                    + " Known: " + String.join(", ", NormFunction.names()) + ".");
        }
        Map<String, String> given = new LinkedHashMap<>();
        String inside = form.group(2);
        if (inside != null && !inside.isBlank()) {
            for (String part : inside.split(",", -1)) {
                int equals = part.indexOf('=');
                if (equals < 0) {
                    throw new UserError("norm '" + text.strip() + "': '" + part.strip() + "' is not option=value.");
                }
                String key = part.substring(0, equals).strip();
                if (given.put(key, part.substring(equals + 1).strip()) != null) {
                    throw new UserError("norm '" + text.strip() + "': option '" + key + "' is given twice.");
                }
            }
        }
        return new NormSpec(function, checked(function, given));
    }

    private static SequencedMap<String, String> checked(NormFunction function, Map<String, String> given) {
        List<String> known = new ArrayList<>();
        SequencedMap<String, String> kept = new LinkedHashMap<>();
        for (NormOption option : function.options()) {
            for (String key : option.keys()) {
                known.add(key);
                String value = given.get(key);
                if (value != null) {
                    String canonical = option.check(function.key(), key, value);
                    if (!canonical.equals(key.equals(option.key()) ? option.standard() : null)) {
                        kept.put(key, canonical);
                    }
                }
            }
        }
        for (String key : given.keySet()) {
            if (!known.contains(key)) {
                throw new UserError(
                        "norm '" + function.key() + "' has no option '" + key + "'." + Nearest.hint(key, known)
                                + (known.isEmpty() ? " It has none." : " It has: " + listed(function) + "."));
            }
        }
        return kept;
    }

    private static String listed(NormFunction function) {
        return function.options().stream()
                .map(o -> o.key() + (o.bySite() ? " (or SITE." + o.key() + ")" : ""))
                .collect(Collectors.joining(", "));
    }

    /**
     * This spec with a value for an option that it leaves open: a family's own default. An option of one site ({@code attention.alpha}) is
     * also settled by the common one. A spec whose function has no such option stays as it is.
     */
    public NormSpec orElse(String key, String value) {
        String common = key.substring(key.indexOf('.') + 1);
        boolean known = function.options().stream().anyMatch(o -> o.keys().contains(key));
        if (!known || options.containsKey(key) || options.containsKey(common)) {
            return this;
        }
        Map<String, String> more = new LinkedHashMap<>(options);
        more.put(key, value);
        return new NormSpec(function, checked(function, more));
    }

    public NormFunction function() {
        return function;
    }

    /** Whether α0 and γ0 are set from the first batch. */
    public boolean calibrated() {
        return "calibrated".equals(get(NormOption.INIT));
    }

    /** Whose code runs: {@code fused}, {@code libtorch} or {@code eager}, with {@code auto} decided; null where there is nothing to choose. */
    public @Nullable String kernel() {
        return function.options().stream()
                .filter(option -> option.key().equals(NormOption.KERNEL.key()))
                .findFirst()
                .map(this::get)
                .map(kernel -> kernel.equals("auto") ? automaticKernel() : kernel)
                .orElse(null);
    }

    /** What {@code kernel=auto} means in this process: this project's kernels are the faster on the CPU, their oracles are not. */
    public static String automaticKernel() {
        return Kernels.hasVectors() ? "fused" : "libtorch";
    }

    /** How exact f is on tensors of this dtype. */
    public Accuracy accuracy(Dtype dtype) {
        String grade = get(NormOption.ACCURACY);
        return grade == null ? Accuracy.of(dtype) : Accuracy.valueOf(grade.toUpperCase(Locale.ROOT));
    }

    /** ε of a row norm. */
    public double eps() {
        return Double.parseDouble(Objects.requireNonNull(get(NormOption.EPS)));
    }

    /** The value in force, the site's own before the common one. */
    @Nullable
    String get(NormOption option, Site site) {
        String own = options.get(site.key() + "." + option.key());
        return own != null ? own : get(option);
    }

    @Nullable
    String get(NormOption option) {
        return options.getOrDefault(option.key(), option.standard());
    }

    /** The value of an option by the name that people type, as it was typed or set by {@link #orElse}; "its default" where neither was. */
    public String value(String key) {
        String common = key.substring(key.indexOf('.') + 1);
        String own = options.get(key);
        String value = own != null ? own : options.get(common);
        return value == null ? "its default" : value;
    }

    boolean flag(NormOption option) {
        return "true".equals(get(option));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NormSpec spec && toString().equals(spec.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    @Override
    public String toString() {
        return function.key()
                + (options.isEmpty()
                        ? ""
                        : options.entrySet().stream()
                                .map(e -> e.getKey() + "=" + e.getValue())
                                .collect(Collectors.joining(", ", "(", ")")));
    }
}
