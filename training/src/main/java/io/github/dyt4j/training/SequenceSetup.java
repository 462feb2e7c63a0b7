package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.DnaConfig;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.training.dna.SequenceData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/**
 * Labelled sequences of DNA, and a model with as many classes as they have. All are of one length, that of the longest or the model's: longer ones
 * are cut to their centre, shorter ones padded at the right, where a causal model's other bases do not see it. (The authors pad at the left.)
 *
 * @param length bases of every sequence
 */
record SequenceSetup(Recipe recipe, SequenceData data, DnaConfig config, int length, boolean noise)
        implements TaskSetup {
    private static final List<String> OF_GENOMES = List.of("intervals", "mlm_probability", "seq_len", "eval_sequences");

    /** Bases of a sequence where the data are not there: labelled ones are far shorter than what a model may take. */
    private static final int NOISE = 1024;

    static SequenceSetup open(Recipe recipe, DnaConfig config) {
        List<String> ofImages = new ArrayList<>(RecipeKeys.ofImages());
        ofImages.remove("smoothing");
        TaskSetup.refuse(recipe, ofImages, "images", "DNA");
        TaskSetup.refuse(recipe, List.of("tokenizer"), "text", "DNA, whose tokens are its bases");
        TaskSetup.refuse(recipe, OF_GENOMES, "pretraining on a genome", "labelled sequences");
        TaskSetup.refuseForeign(recipe, KeyUse.CLASSES, KeyUse.DNA);
        DnaSetup.refuseText(recipe);
        SequenceData data = recipe.data().equals("builtin")
                ? SequenceData.builtIn()
                : SequenceData.open(Path.of(recipe.data()), recipe.number("held_out"));
        return of(recipe, data, config);
    }

    static SequenceSetup trial(Recipe recipe, DnaConfig config, int sequences) {
        if (DnaSetup.there(recipe)) {
            return open(recipe, config);
        }
        int length = Math.min(config.maxLength(), NOISE);
        return new SequenceSetup(
                recipe, SequenceData.random(sequences, length, config.numClasses()), config, length, true);
    }

    static SequenceSetup of(Recipe recipe, SequenceData data, DnaConfig config) {
        int classes = data.classes().size();
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        int outputs = (int) arguments.computeIfAbsent("num_classes", _ -> classes);
        if (outputs < classes) {
            throw new UserError("num_classes is " + outputs + ", but the data has " + classes + " classes.\n"
                    + "Leave num_classes away, and it is taken from the data.");
        }
        DnaConfig own = (DnaConfig) Models.config(recipe.model(), arguments);
        return new SequenceSetup(recipe, data, own, Math.min(data.longest(), config.maxLength()), false);
    }

    /** Whether a training sequence is turned to the other strand half of the time. */
    boolean augmented() {
        return recipe.has("rc_aug") && recipe.text("rc_aug").equals("true");
    }

    /** Whether both strands are asked when it is judged. */
    boolean bothStrands() {
        return recipe.has("rc_test")
                ? recipe.text("rc_test").equals("true")
                : !config.causal() && !config.equivariant();
    }

    @Override
    public String describe() {
        long longer = data.longerThan(length);
        return data.describe()
                + String.format(
                        Locale.ROOT,
                        "%nof %,d bases%s%s",
                        length,
                        longer == 0
                                ? ""
                                : String.format(Locale.ROOT, "; %,d longer ones are cut to their centre", longer),
                        bothStrands() ? "; judged on both strands" : "");
    }

    @Override
    public Examples examples() {
        return Examples.sequences(length);
    }

    @Override
    public long trainingExamples() {
        return data.train().size();
    }

    @Override
    public long activationCount() {
        return DnaSetup.activations(recipe, config, length);
    }

    @Override
    public SequenceSetup with(Recipe changed) {
        return new SequenceSetup(changed, data, config, length, noise);
    }

    @Override
    public Task task(Model model) {
        return new SequenceTask(this, model);
    }

    @Override
    public void close() {
        // the sequences are in memory
    }
}
