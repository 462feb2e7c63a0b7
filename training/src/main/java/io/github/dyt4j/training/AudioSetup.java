package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.AudioConfig;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.models.Wav2Vec2;
import io.github.dyt4j.training.audio.Alphabet;
import io.github.dyt4j.training.audio.AudioData;
import io.github.dyt4j.training.audio.AudioFolder;
import io.github.dyt4j.training.audio.BuiltInDigits;
import io.github.dyt4j.training.audio.ClipLoader;
import io.github.dyt4j.training.audio.ClipSet;
import io.github.dyt4j.training.audio.SyntheticSpeech;
import io.github.dyt4j.training.data.Loader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Clips of speech at {@code sample_rate}, and wav2vec 2.0: pretrained on sound alone, or with {@code head: ctc} on transcripts, whose symbols
 * are then the model's.
 *
 * @param alphabet of the training transcripts; null in pretraining
 */
record AudioSetup(
        Recipe recipe,
        AudioData data,
        AudioConfig config,
        @Nullable Alphabet alphabet,
        boolean noise) implements TaskSetup {
    /** Two hidden frames are needed, and one that is seen. */
    private static final int FEWEST_FRAMES = 3;

    static AudioSetup open(Recipe recipe) {
        boolean ctc = ctc(recipe);
        List<String> foreign = RecipeKeys.ofImages().stream()
                .filter(key -> !key.equals("skip_bad"))
                .toList();
        TaskSetup.refuse(recipe, foreign, "images", "speech");
        TaskSetup.refuse(recipe, List.of("tokenizer", "seq_len", "eval_sequences"), "text", "speech");
        TaskSetup.refuseForeign(recipe, KeyUse.SPEECH, ctc ? KeyUse.CTC : KeyUse.CONTRASTIVE);
        if (recipe.data().equals("jdk")) {
            throw new UserError("The data jdk are text, and " + recipe.model() + " learns from speech.\n"
                    + "Set data to a folder of clips, or leave it away for the digits that come with dyt4j.");
        }
        AudioConfig config = (AudioConfig) Models.config(recipe.model(), recipe.modelArguments());
        AudioData data = recipe.data().equals("builtin")
                ? BuiltInDigits.open(recipe.integer("sample_rate"), ctc)
                : AudioFolder.open(Path.of(recipe.data()), wanted(recipe, config, ctc));
        return of(recipe, data);
    }

    private static AudioData.Wanted wanted(Recipe recipe, AudioConfig config, boolean ctc) {
        int longest = recipe.has("max_sample_size") ? recipe.integer("max_sample_size") : Integer.MAX_VALUE;
        int shortest = recipe.has("min_sample_size") ? recipe.integer("min_sample_size") : 1;
        if (longest < shortest) {
            throw new UserError(
                    "max_sample_size " + longest + " is less than min_sample_size " + shortest + ": no clip is both.");
        }
        int least = config.receptiveField();
        while (!ctc && config.frames(least) < FEWEST_FRAMES) {
            least++;
        }
        if (longest < least) {
            throw new UserError("max_sample_size " + longest + " is less than the " + least + " samples that "
                    + recipe.model() + " needs at least: take more.");
        }
        return new AudioData.Wanted(
                recipe.integer("sample_rate"),
                Math.max(shortest, least),
                ctc ? longest : Long.MAX_VALUE,
                ctc,
                recipe.skipBad(),
                recipe.number("held_out"));
    }

    private static boolean ctc(Recipe recipe) {
        return recipe.has("head") && recipe.text("head").equals("ctc");
    }

    /** @param data all of it long enough for the model */
    static AudioSetup of(Recipe recipe, AudioData data) {
        AudioConfig config = (AudioConfig) Models.config(recipe.model(), recipe.modelArguments());
        if (!ctc(recipe)) {
            return new AudioSetup(recipe, data, config, null, false);
        }
        Alphabet alphabet = alphabet(data.train());
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        int symbols = (int) arguments.computeIfAbsent("vocab_size", _ -> alphabet.size());
        if (symbols < alphabet.size()) {
            throw new UserError("vocab_size is " + symbols + ", but the transcripts have " + alphabet.size()
                    + " symbols.\nLeave vocab_size away, and it is taken from the data.");
        }
        AudioConfig sized = (AudioConfig) Models.config(recipe.model(), arguments);
        return new AudioSetup(recipe, spelt(data, alphabet, sized), sized, alphabet, false);
    }

    private static Alphabet alphabet(ClipSet clips) {
        return Alphabet.of(IntStream.range(0, clips.size()).mapToObj(clips::text));
    }

    /** Without training clips whose transcript no path of CTC spells, since it has more symbols than there are frames. */
    private static AudioData spelt(AudioData data, Alphabet alphabet, AudioConfig config) {
        ClipSet all = data.train();
        int[] spelt = IntStream.range(0, all.size())
                .filter(i -> Alphabet.frames(alphabet.encode(all.text(i))) <= config.frames(all.samples(i)))
                .toArray();
        if (spelt.length == all.size()) {
            return data;
        }
        return new AudioData(
                all.only(spelt),
                data.test(),
                data.description() + "; left out: " + (all.size() - spelt.length)
                        + " with more symbols than frames to say them in");
    }

    static AudioSetup trial(Recipe recipe, AudioConfig config, int clips) {
        if (recipe.data().equals("builtin") || Files.exists(Path.of(recipe.data()))) {
            return open(recipe);
        }
        int samples = recipe.has("max_sample_size") ? recipe.integer("max_sample_size") : (int) AudioConfig.CLIP;
        AudioData noise = SyntheticSpeech.data(clips, Math.max(samples, 2 * config.receptiveField()));
        return new AudioSetup(recipe, noise, config, ctc(recipe) ? alphabet(noise.train()) : null, true);
    }

    @Override
    public String describe() {
        return noise ? "noise in clips of " + longest() + " samples" : data.description();
    }

    @Override
    public Examples examples() {
        return Examples.CLIPS;
    }

    @Override
    public long trainingExamples() {
        return data.train().size();
    }

    @Override
    public long activationCount() {
        return config.activationCount(longest());
    }

    /** Samples of the longest row of a batch. */
    private long longest() {
        ClipSet clips = data.train();
        long longest =
                IntStream.range(0, clips.size()).map(clips::samples).max().orElse(0);
        return alphabet == null ? Math.min(longest, fit().longest()) : longest;
    }

    @Override
    public AudioSetup with(Recipe changed) {
        return new AudioSetup(changed, data, config, alphabet, noise);
    }

    @Override
    public Task task(Model model) {
        Wav2Vec2 own = (Wav2Vec2) model;
        return alphabet == null ? new ContrastiveTask(this, own) : new CtcTask(this, own, alphabet);
    }

    private ClipLoader.Fit fit() {
        return new ClipLoader.Fit(
                alphabet == null,
                recipe.has("max_sample_size") ? recipe.integer("max_sample_size") : Integer.MAX_VALUE);
    }

    /** Training clips without end, from this batch on. */
    ClipLoader training(long fromBatch) {
        return ClipLoader.training(data.train(), fit(), recipe.batchSize(), recipe.seed(), fromBatch, threads());
    }

    /** The test clips once, from the shortest to the longest. */
    ClipLoader evaluation() {
        return ClipLoader.evaluation(data.test(), fit(), recipe.batchSize(), threads());
    }

    private int threads() {
        return recipe.workers() == 0 ? Loader.defaultThreads() : recipe.workers();
    }

    @Override
    public void close() {
        // clips are read file by file, and nothing stays open
    }
}
