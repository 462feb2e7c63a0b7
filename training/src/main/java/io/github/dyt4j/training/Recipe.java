package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Method;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.text.TokenizerChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that decides a run: model, norm, data, augmentation, optimization, seed. Flat YAML with the names of {@link RecipeKeys}; what a file
 * does not say has the default of {@link RecipeKeys}. Immutable. A key that is unknown, twice there, of the wrong type or out of its range
 * is a {@link UserError} that names file, line and the nearest known key.
 */
public final class Recipe {
    /** Data that have a name and no path. */
    private static final Set<String> NAMED_DATA = Set.of("builtin", "jdk");

    /** Between a norm and the keys that it has otherwise than what it is compared with. */
    public static final String WITH = " with ";

    private static final Recipe DEFAULTS = defaults();

    private final Map<String, @Nullable Object> values;

    private Recipe(Map<String, @Nullable Object> values) {
        this.values = values;
    }

    /** Every key at its default. */
    public static Recipe defaults() {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        RecipeKeys.all().forEach((name, key) -> values.put(name, key.parse(texts(name, key.initial(), name), name)));
        return new Recipe(values);
    }

    /** A recipe file. Its name, unless it says one, is that of the file without its ending. */
    public static Recipe read(Path file) {
        if (Files.isDirectory(file)) {
            throw new UserError(file + " is a folder; a recipe is a YAML file.");
        }
        try {
            String stem = file.getFileName().toString().replaceFirst("\\.ya?ml$", "");
            return parse(Files.readString(file), file.toString(), stem);
        } catch (java.nio.file.NoSuchFileException e) {
            throw new UserError(file + ": there is no such recipe file.", e);
        } catch (java.nio.charset.CharacterCodingException e) {
            throw new UserError(file + ": a recipe is UTF-8 text; this file is not.", e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + file, e);
        }
    }

    /** @param source how messages name the file; {@code name} the recipe's name unless the text says one */
    public static Recipe parse(String yaml, String source, String name) {
        Recipe recipe = defaults();
        Map<String, @Nullable Object> values = new LinkedHashMap<>(recipe.values);
        values.put("name", name);
        SequencedMap<String, RecipeYaml.Typed> typed = RecipeYaml.read(yaml, source, source);
        typed.forEach((key, value) ->
                values.put(key, RecipeKeys.of(key, value.where()).parse(value.texts(), value.where())));
        return new Recipe(values).checked(key -> {
            RecipeYaml.Typed value = typed.get(key);
            return value == null ? source : value.where();
        });
    }

    /** This recipe with {@code key=value}, as {@code --set} takes it; a list is {@code [a, b]} or {@code a,b}. */
    public Recipe with(String assignment) {
        String where = "--set " + assignment;
        int equals = assignment.indexOf('=');
        if (equals < 1) {
            throw new UserError(where + ": an override is key=value, as lr=1e-3.");
        }
        String name = assignment.substring(0, equals).strip();
        String text = assignment.substring(equals + 1).strip();
        RecipeKey key = RecipeKeys.of(name, where);
        Map<String, @Nullable Object> changed = new LinkedHashMap<>(values);
        changed.put(name, key.parse(texts(name, text, where), where));
        return new Recipe(changed).checked(k -> where);
    }

    /** This recipe with one key at a value, as {@link #with(String)}. */
    public Recipe with(String key, Object value) {
        return with(key + "=" + RecipeKey.show(value));
    }

    private static List<String> texts(String key, String value, String where) {
        return value.startsWith("[")
                ? Objects.requireNonNull(
                                RecipeYaml.read(key + ": " + value, null, where).get(key))
                        .texts()
                : List.of(value);
    }

    private interface Where {
        String of(String key);
    }

    private Recipe checked(Where where) {
        pair("scale", where);
        pair("ratio", where);
        pair("betas", where);
        pair("global_crops_scale", where);
        pair("local_crops_scale", where);
        require(
                number("warmup_epochs") <= epochs(),
                where,
                "warmup_epochs",
                "warm-up ends before the run does, within epochs: " + epochs());
        require(
                !has("weight_decay_end") || number("weight_decay") > 0,
                where,
                "weight_decay_end",
                "it goes on from weight_decay, which is 0 and must be positive then");
        require(number("min_lr") <= number("lr"), where, "min_lr", "min_lr is not above lr, which is " + show("lr"));
        require(
                numbers("scale").get(0) <= numbers("scale").get(1),
                where,
                "scale",
                "the first number is not above the second");
        require(
                numbers("ratio").get(0) <= numbers("ratio").get(1),
                where,
                "ratio",
                "the first number is not above the second");
        require(text("opt").equals("sgd") || !sets("momentum"), where, "momentum", "it is of opt: sgd");
        for (String key : List.of("betas", "eps")) {
            require(text("opt").equals("adamw") || !sets(key), where, key, "it is of opt: adamw");
        }
        for (String key : List.of("decay_epochs", "decay_rate")) {
            boolean own = text("sched").equals("step") || text("sched").equals("tri_stage");
            require(own || !sets(key), where, key, "it is of sched: step or tri_stage");
        }
        spec("norm", norm(), where);
        compareNorms().forEach(norm -> spec("compare_norms", normOf(norm), where));
        compareMethods().forEach(method -> known(normOf(method), where));
        return this;
    }

    private static void spec(String key, String spec, Where where) {
        try {
            NormSpec.parse(spec);
        } catch (UserError e) {
            throw new UserError(where.of(key) + ": " + e.getMessage(), e);
        }
    }

    private static void known(String method, Where where) {
        try {
            Method.named(method);
        } catch (UserError e) {
            throw new UserError(where.of("compare_methods") + ": " + e.getMessage(), e);
        }
    }

    private void pair(String key, Where where) {
        require(numbers(key).size() == 2, where, key, "it is two numbers, as [0.9, 0.999]");
    }

    private void require(boolean holds, Where where, String key, String rule) {
        if (!holds) {
            throw new UserError(where.of(key) + ": " + key + " cannot be " + show(key) + ": " + rule + ".");
        }
    }

    /** Canonical YAML with every key, which {@link #parse} reads back to an equal recipe. */
    public String resolved() {
        StringBuilder yaml = new StringBuilder();
        values.forEach((key, value) ->
                yaml.append(key).append(": ").append(quoted(value)).append('\n'));
        return yaml.toString();
    }

    /** Eight hex digits over all keys but the name, for the names of folders. */
    public String hash() {
        try {
            String content = new Recipe(identity()).resolved();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, @Nullable Object> without(String key) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(values);
        rest.remove(key);
        return rest;
    }

    /** Every key but the name with its value, to be compared with another recipe's. */
    public Map<String, @Nullable Object> settings() {
        return Collections.unmodifiableMap(without("name"));
    }

    /**
     * The settings that decide the result: whether a bad image may be left out, who decodes, and what a comparison would take can change on
     * the way.
     */
    public Map<String, @Nullable Object> identity() {
        Map<String, @Nullable Object> identity = without("name");
        List.of(
                        "skip_bad",
                        "workers",
                        "compare_norms",
                        "compare_methods",
                        "compare_lrs",
                        "compare_seeds",
                        "finetune",
                        "finetune_data")
                .forEach(identity::remove);
        return Collections.unmodifiableMap(identity);
    }

    private static String quoted(@Nullable Object value) {
        String shown = RecipeKey.show(value);
        if (!(value instanceof String text)) {
            return shown;
        }
        return text.matches("[A-Za-z0-9_][A-Za-z0-9_./()=-]*") && !text.matches("(?i)null|none|true|false|[0-9.].*")
                ? shown
                : "'" + text.replace("'", "''") + "'";
    }

    String show(String key) {
        return RecipeKey.show(values.get(key));
    }

    /** The value of a key that is never null. */
    private Object get(String key) {
        return Objects.requireNonNull(values.get(key), key);
    }

    public String text(String key) {
        return (String) get(key);
    }

    public int integer(String key) {
        return Math.toIntExact((Long) get(key));
    }

    public double number(String key) {
        return (Double) get(key);
    }

    @SuppressWarnings("unchecked") // RecipeKey.parse made it
    public List<Double> numbers(String key) {
        return (List<Double>) get(key);
    }

    public boolean has(String key) {
        return values.get(key) != null;
    }

    public OptionalDouble optionalNumber(String key) {
        return has(key) ? OptionalDouble.of(number(key)) : OptionalDouble.empty();
    }

    public String name() {
        return text("name");
    }

    public String model() {
        return text("model");
    }

    public String norm() {
        return text("norm");
    }

    /** What this run is compared by: the way in which it trains without norms, or its norm. */
    public String variant() {
        return has("method") ? text("method") : norm();
    }

    public String data() {
        return text("data");
    }

    public int seed() {
        return integer("seed");
    }

    public int epochs() {
        return integer("epochs");
    }

    public int batchSize() {
        return integer("batch_size");
    }

    public int gradAccumSteps() {
        return integer("grad_accum_steps");
    }

    public int workers() {
        return integer("workers");
    }

    public boolean skipBad() {
        return text("skip_bad").equals("true");
    }

    public boolean bf16() {
        return text("amp").equals("bf16");
    }

    /** What {@code compare} takes where nothing else is asked for, the baseline first; empty where the recipe does not say. */
    public List<String> compareNorms() {
        return list("compare_norms");
    }

    /** The ways to train without norms that {@code compare} takes beside them where nothing else is asked for. */
    public List<String> compareMethods() {
        return list("compare_methods");
    }

    /** The recipes that {@code compare} trains after this one, each run from the run of the same norm and seed. */
    public List<String> finetune() {
        return list("finetune");
    }

    /** The norm, or method, of something compared, as {@code dyt} of {@code dyt with norm_order=post and lr=1e-3}. */
    public static String normOf(String compared) {
        return compared.split(WITH, 2)[0].strip();
    }

    /** The keys that it has otherwise, as {@code norm_order=post} and {@code lr=1e-3}. */
    public static List<String> settingsOf(String compared) {
        String[] parts = compared.split(WITH, 2);
        return parts.length < 2
                ? List.of()
                : Arrays.stream(parts[1].split(" and ")).map(String::strip).toList();
    }

    private List<String> list(String key) {
        return has(key)
                ? Arrays.stream(text(key).split(";"))
                        .map(String::strip)
                        .filter(n -> !n.isEmpty())
                        .toList()
                : List.of();
    }

    /** The same with paths from the root, so that it means the same from any folder. */
    public Recipe withAbsolutePaths() {
        Recipe own = NAMED_DATA.contains(data()) ? this : with("data", absolute(data()));
        for (String path : List.of("init", "inception", "finetune_data", "intervals")) {
            own = has(path) ? own.with(path, absolute(text(path))) : own;
        }
        String tokenizer = text("tokenizer");
        return TokenizerChoice.of(tokenizer) instanceof TokenizerChoice.Given
                ? own.with("tokenizer", absolute(tokenizer))
                : own;
    }

    private static String absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize().toString();
    }

    /** Whether this key is not at its default. */
    boolean sets(String key) {
        return !Objects.equals(values.get(key), DEFAULTS.values.get(key));
    }

    /** The arguments that this recipe gives the model, by timm's or Hugging Face's names: Integer, Double, String or a list of Double. */
    public SequencedMap<String, Object> modelArguments() {
        SequencedMap<String, Object> arguments = new LinkedHashMap<>();
        for (String key : RecipeKeys.modelArguments()) {
            Object value = values.get(key);
            if (value != null) {
                arguments.put(key, value instanceof Long ? (Object) integer(key) : value);
            }
        }
        return arguments;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Recipe that && values.equals(that.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return name() + "-" + hash();
    }
}
