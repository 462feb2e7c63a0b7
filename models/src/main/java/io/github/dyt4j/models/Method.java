package io.github.dyt4j.models;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The ways to train a Transformer without any norm that "Transformers without Normalization" compares DyT with (its table 9).
 * Where a model has one, every norm slot is {@code identity} and its layers are those of {@link Fixup}, {@link SkipInit} or
 * {@link SigmaReparam}.
 */
public enum Method {
    FIXUP,
    SKIPINIT,
    SIGMAREPARAM;

    /** As it is typed. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** All as they are typed. */
    public static List<String> keys() {
        return Stream.of(values()).map(Method::key).toList();
    }

    /** @throws UserError for a name that is none of them, naming the nearest one */
    public static Method named(String key) {
        return Stream.of(values())
                .filter(m -> m.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new UserError("method '" + key + "' is not known." + Nearest.hint(key, keys())
                        + " Known: " + String.join(", ", keys()) + "."));
    }

    /**
     * How the layers of a residual stream are made.
     *
     * @param method null: as with norms
     * @param branches L, how many come back to the stream
     */
    static Layers layers(@Nullable Method method, int branches) {
        return switch (method) {
            case null -> Layers.PLAIN;
            case FIXUP -> new Fixup(branches);
            case SKIPINIT -> new SkipInit();
            case SIGMAREPARAM -> new SigmaReparam();
        };
    }

    /** @throws UserError where a norm is asked for beside a method */
    static void requireNoNorm(@Nullable Method method, NormSpec spec) {
        if (method != null && spec.function() != NormFunction.IDENTITY) {
            throw new UserError("method " + method.key()
                    + " stands in the place of every norm, so norm must be identity, and it is "
                    + spec + ".\nOn the command line --method " + method.key() + " sets both; to train with " + spec
                    + ", leave method away.");
        }
    }
}
