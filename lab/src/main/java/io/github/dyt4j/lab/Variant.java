package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Method;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.Recipe;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a comparison compares: a norm, or a way to train without any, and maybe keys of the recipe that it has otherwise than the others, as in
 * {@code dyt with norm_order=post and lr=1e-3}.
 *
 * @param name the norm's canonical spec, or the method as it is typed, with its keys
 */
public record Variant(String name, boolean method) {
    /** What makes two runs of a comparison incomparable, or is the comparison's own to set. */
    private static final Set<String> SHARED = Set.of(
            "name",
            "model",
            "norm",
            "method",
            "seed",
            "threads",
            "data",
            "init",
            "epochs",
            "steps_per_epoch",
            "batch_size",
            "grad_accum_steps");

    /** @throws UserError for a spec that is none */
    public static Variant norm(String typed) {
        return new Variant(NormSpec.parse(Recipe.normOf(typed)) + keys(typed), false);
    }

    /** @throws UserError for a name that is none */
    public static Variant method(String typed) {
        return new Variant(Method.named(Recipe.normOf(typed)).key() + keys(typed), true);
    }

    private static String keys(String typed) {
        List<String> settings = Recipe.settingsOf(typed);
        return settings.isEmpty()
                ? ""
                : Recipe.WITH + settings.stream().map(s -> key(s, typed)).collect(Collectors.joining(" and "));
    }

    private static String key(String setting, String typed) {
        String key = setting.split("=", 2)[0].strip();
        if (SHARED.contains(key)) {
            throw new UserError("'" + typed + "': all that is compared shares " + key + ".\n"
                    + "Set it for all with --set, or leave it away.");
        }
        return Arrays.stream(setting.split("=", 2)).map(String::strip).collect(Collectors.joining("="));
    }

    /**
     * The recipe with this in the place of whatever norm or method it has.
     *
     * @throws UserError for a key or value that the recipe does not take
     */
    public Recipe in(Recipe recipe) {
        String norm = Recipe.normOf(name);
        Recipe own = recipe.with("norm", method ? "identity" : norm).with("method", method ? norm : "null");
        try {
            for (String setting : Recipe.settingsOf(name)) {
                own = own.with(setting);
            }
        } catch (UserError e) {
            throw new UserError(
                    "'" + name + "': " + String.valueOf(e.getMessage()).replaceFirst("^--set ", ""), e);
        }
        return own;
    }

    /** The beginning of a folder's name. */
    String slug() {
        return name.toLowerCase(Locale.ROOT)
                .replace("=-", "-minus-")
                .replaceAll("[^a-z0-9.]+", "-")
                .replaceAll("-$", "");
    }

    @Override
    public String toString() {
        return name;
    }
}
