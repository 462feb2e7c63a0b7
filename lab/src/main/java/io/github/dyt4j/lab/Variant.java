package io.github.dyt4j.lab;

import io.github.dyt4j.models.Method;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.Recipe;
import java.util.Locale;

/**
 * What a comparison compares: a norm, or a way to train without any.
 *
 * @param name the norm's canonical spec, or the method as it is typed
 */
public record Variant(String name, boolean method) {
    /** @throws io.github.dyt4j.formats.UserError for a spec that is none */
    public static Variant norm(String spec) {
        return new Variant(NormSpec.parse(spec).toString(), false);
    }

    /** @throws io.github.dyt4j.formats.UserError for a name that is none */
    public static Variant method(String name) {
        return new Variant(Method.named(name).key(), true);
    }

    /** The recipe with this in the place of whatever norm or method it has. */
    public Recipe in(Recipe recipe) {
        return recipe.with("norm", method ? "identity" : name).with("method", method ? name : "null");
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
