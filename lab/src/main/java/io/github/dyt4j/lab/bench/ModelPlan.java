package io.github.dyt4j.lab.bench;

import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.Recipe;
import java.util.List;
import java.util.stream.Stream;

/**
 * What {@code bench model} is to measure.
 *
 * @param recipe whose training step it is; one batch a step, whatever it accumulates
 * @param norms the baseline of all ratios first
 * @param seconds of measurement for all norms together; warming up comes on top
 * @param command as it was typed
 */
public record ModelPlan(Recipe recipe, List<NormSpec> norms, double seconds, String command) {
    /** LayerNorm as recipes have it first; identity says what a step without norms takes. */
    public static final List<NormSpec> NORMS = Stream.of(
                    "layernorm",
                    "layernorm(kernel=libtorch)",
                    "layernorm(kernel=fused)",
                    "rmsnorm",
                    "dyt",
                    "derf",
                    "identity")
            .map(NormSpec::parse)
            .toList();

    public ModelPlan {
        recipe = recipe.with("grad_accum_steps", 1);
        norms = List.copyOf(norms);
    }
}
