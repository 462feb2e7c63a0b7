package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;
import io.github.dyt4j.models.DnaConfig;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.training.dna.Genome;
import io.github.dyt4j.training.dna.Regions;
import io.github.dyt4j.training.dna.Windows;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * A genome as windows of L = {@code seq_len} bases, and a model that learns the next base of each, or masked ones. A pass over the data is as many
 * windows as the training bases fill.
 *
 * @param judged tokens of the held-out windows that an evaluation takes
 * @param length L
 */
record GenomeSetup(
        Recipe recipe, Genome data, Windows training, List<byte[]> judged, DnaConfig config, int length, boolean noise)
        implements TaskSetup {
    static GenomeSetup open(Recipe recipe, DnaConfig config) {
        TaskSetup.refuse(recipe, RecipeKeys.ofImages(), "images", "DNA");
        TaskSetup.refuse(recipe, List.of("tokenizer"), "text", "DNA, whose tokens are its bases");
        TaskSetup.refuse(recipe, List.of("rc_test"), "head: classes", "a genome");
        if (config.causal()) {
            TaskSetup.refuse(
                    recipe, List.of("mlm_probability"), "models that see both sides of a base", "what comes next");
        }
        TaskSetup.refuseForeign(recipe, KeyUse.DNA);
        DnaSetup.refuseText(recipe);
        Genome data = recipe.data().equals("builtin") ? Genome.builtIn() : Genome.open(Path.of(recipe.data()));
        try {
            return of(recipe, data, config);
        } catch (RuntimeException | Error e) {
            data.close();
            throw e;
        }
    }

    static GenomeSetup trial(Recipe recipe, DnaConfig config, int windows) {
        return DnaSetup.there(recipe) ? open(recipe, config) : noise(recipe, config, windows);
    }

    private static GenomeSetup noise(Recipe recipe, DnaConfig config, int windows) {
        int half = Math.multiplyExact(windows, window(recipe, config));
        Genome data = Genome.random(Math.multiplyExact(2, half));
        return of(recipe, data, Regions.of(data, 0.5, half), config, true);
    }

    static GenomeSetup of(Recipe recipe, Genome data, DnaConfig config) {
        Regions regions = recipe.has("intervals")
                ? Regions.read(Path.of(recipe.text("intervals")), data)
                : Regions.of(data, recipe.number("held_out"), window(recipe, config));
        return of(recipe, data, regions, config, false);
    }

    /** Of a causal model one base more than it is shown: the last is a label alone. */
    private static int window(Recipe recipe, DnaConfig config) {
        return length(recipe, config) + (config.causal() ? 1 : 0);
    }

    private static GenomeSetup of(Recipe recipe, Genome data, Regions regions, DnaConfig config, boolean noise) {
        int length = length(recipe, config);
        int window = window(recipe, config);
        byte[][] judged = new Windows(data, regions.heldOut(), window).spread(length, recipe.integer("eval_sequences"));
        if (judged.length == 0) {
            throw new UserError(
                    "The held-out bases of " + recipe.data() + " are N for the greater part: there is nothing"
                            + " to be judged by.\nTake a larger held_out, or intervals.");
        }
        Windows training = new Windows(data, regions.training(), window);
        return new GenomeSetup(recipe, data, training, List.of(judged), config, length, noise);
    }

    private static int length(Recipe recipe, DnaConfig config) {
        int longest = config.maxLength();
        int length = recipe.has("seq_len") ? recipe.integer("seq_len") : longest;
        if (length > longest) {
            throw new UserError("seq_len is " + length + ", and " + recipe.model() + " takes sequences of up to "
                    + longest + " bases.\nSet l_max=" + length + " as well, or a smaller seq_len.");
        }
        return length;
    }

    /** Share of the bases that are asked for; 0 where the next is. */
    double maskProbability() {
        return config.causal() ? 0 : recipe.number("mlm_probability");
    }

    /** Whether a window is turned to the other strand half of the time: not where the model cannot tell the strands apart. */
    boolean augmented() {
        return recipe.has("rc_aug") ? recipe.text("rc_aug").equals("true") : !config.equivariant();
    }

    /** Nats a base of who knows their frequencies in the held-out windows and nothing else: −Σ p·log p. */
    double compositionEntropy() {
        long[] counts = new long[Bases.VOCABULARY];
        judged.forEach(window -> {
            for (byte token : window) {
                counts[token]++;
            }
        });
        double sum = 0;
        for (int base = Bases.A; base <= Bases.T; base++) {
            sum += counts[base];
        }
        double entropy = 0;
        for (int base = Bases.A; base <= Bases.T; base++) {
            double p = counts[base] / sum;
            entropy -= p == 0 ? 0 : p * Math.log(p);
        }
        return entropy;
    }

    @Override
    public String describe() {
        return data.describe()
                + String.format(
                        Locale.ROOT,
                        "%n%,d bases to train on in windows of %,d; judged by %,d held-out windows, whose composition alone gives %.4f nats a base",
                        training.bases(),
                        length,
                        judged.size(),
                        compositionEntropy());
    }

    @Override
    public Examples examples() {
        return Examples.sequences(length);
    }

    @Override
    public long trainingExamples() {
        return Math.max(1, training.bases() / length);
    }

    @Override
    public long activationCount() {
        return DnaSetup.activations(recipe, config, length);
    }

    @Override
    public GenomeSetup with(Recipe changed) {
        return new GenomeSetup(changed, data, training, judged, config, length, noise);
    }

    @Override
    public Task task(Model model) {
        return new GenomeTask(this, model);
    }

    @Override
    public void close() {
        data.close();
    }
}
