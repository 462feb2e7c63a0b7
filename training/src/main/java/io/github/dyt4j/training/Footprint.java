package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.run.Environment;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * The memory that training takes, by formula: 4 bytes for each value of the state dict (a frozen teacher among them); for each parameter 4 for its gradient, 8 for AdamW's moments or 4 for SGD's, and with EMA 4 for
 * the average and 4 for the weights set aside while it is evaluated; and the activations of one batch in f32. What the process itself and the data
 * need, and what the allocator cannot reuse, comes on top: take it for the least.
 *
 * @param recomputes whether keeping less by computing again is no way out: it is done already, or the model cannot
 */
public record Footprint(
        Examples examples,
        long parameters,
        long weights,
        long gradients,
        long moments,
        long averages,
        long activations,
        boolean recomputes) {
    static Footprint of(TaskSetup setup) {
        Recipe recipe = setup.recipe();
        NormSpec norm = NormSpec.parse(recipe.norm());
        long n = setup.config().parameterCount(norm);
        long all = setup.config().shapes(norm).values().stream()
                .mapToLong(shape -> LongStream.of(shape).reduce(1, (a, b) -> a * b))
                .sum();
        return new Footprint(
                setup.examples(),
                n,
                4 * all,
                4 * n,
                recipe.text("opt").equals("sgd") ? 4 * n : 8 * n,
                recipe.has("ema_decay") ? 8 * n : 0,
                // A batch that is far too large must not come round to a negative number.
                (long) Math.min(4.0 * recipe.batchSize() * setup.activationCount(), Long.MAX_VALUE / 2.0),
                !(setup.config() instanceof Llama.Config c) || c.gradientCheckpointing());
    }

    public long bytes() {
        return weights + gradients + moments + averages + activations;
    }

    public boolean fits() {
        return Environment.machineBytes() == 0 || bytes() <= Environment.machineBytes();
    }

    /** Refuses what this machine cannot hold before the system kills it. */
    void require(Recipe recipe) {
        if (!fits()) {
            throw new UserError("Training " + recipe.model() + " needs " + this + ".\n" + advice(recipe));
        }
    }

    /** How it would fit. */
    String advice(Recipe recipe) {
        long left = Environment.machineBytes() - (bytes() - activations);
        long fitting = left / Math.max(1, activations / recipe.batchSize());
        String recompute = recomputes ? "" : " gradient_checkpointing=true needs far less for each.";
        if (fitting >= 1) {
            return "About " + fitting + " " + examples.many() + " at once fit: set batch_size=" + fitting
                    + " and grad_accum_steps="
                    + Math.ceilDiv((long) recipe.batchSize() * recipe.gradAccumSteps(), fitting) + "." + recompute;
        }
        return left > 0 && !recomputes
                ? "Not one " + examples.one() + " fits." + recompute
                : "The weights alone are too many for this machine: take a smaller model.";
    }

    static String gigabytes(long bytes) {
        return bytes >= 1L << 30
                ? String.format(Locale.ROOT, "%.1f GB", bytes / (double) (1L << 30))
                : String.format(Locale.ROOT, "%.1f MB", bytes / (double) (1L << 20));
    }

    @Override
    public String toString() {
        return "at least " + gigabytes(bytes()) + " (weights " + gigabytes(weights) + ", gradients "
                + gigabytes(gradients)
                + (moments == 8 * parameters ? ", AdamW " : ", SGD ")
                + gigabytes(moments) + (averages == 0 ? "" : ", EMA " + gigabytes(averages)) + ", activations "
                + gigabytes(activations) + "); this machine has " + gigabytes(Environment.machineBytes());
    }
}
