package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.run.Checkpoint;
import io.github.dyt4j.training.run.FileStore;
import io.github.dyt4j.training.run.RunTensors;
import io.github.dyt4j.training.text.ByteTokenizer;
import io.github.dyt4j.training.text.Tokenizer;
import io.github.dyt4j.training.text.TokenizerFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a run has trained so far.
 *
 * @param recipe as the run was started with
 * @param run its folder
 * @param checkpoint the newest whole one, or the one that was asked for
 */
public record TrainedRun(Recipe recipe, Path run, Path checkpoint) {
    static final String CLASSES = "classes.txt";

    private static final int SHOWN = 10;

    /**
     * The run in this folder, or the one that this checkpoint is of. Takes no lock: the run may be going on.
     *
     * @throws UserError if it is neither a run nor a checkpoint
     */
    public static TrainedRun of(Path runOrCheckpoint) throws IOException {
        Path checkpoint = checkpoint(runOrCheckpoint);
        Path run = run(checkpoint);
        Recipe recipe = Recipe.read(run.resolve("recipe.yaml"));
        return new TrainedRun(recipe, run, checkpoint);
    }

    /**
     * The recipe with the run's own copy of its tokenizer: for other data, of which another BPE would be made.
     */
    public Recipe withOwnTokenizer() {
        Path own = ownTokenizer();
        return Files.exists(own) && !bytes() ? recipe.with("tokenizer", own.toString()) : recipe;
    }

    /**
     * The tokenizer of a language model's run.
     *
     * @throws UserError if the run has lost its copy
     */
    public Tokenizer tokenizer() {
        if (bytes()) {
            return new ByteTokenizer();
        }
        Path own = ownTokenizer();
        if (!Files.exists(own)) {
            throw new UserError("The run " + run + " has no " + run.relativize(own)
                    + ", which training writes and its text needs.\nTrain it again, or put the file back.");
        }
        return TokenizerFile.open(own);
    }

    private boolean bytes() {
        return recipe.text("tokenizer").equals("bytes");
    }

    private Path ownTokenizer() {
        return run.resolve("tokenizer").resolve("tokenizer.json");
    }

    /**
     * That other images than its own are of the classes that the run was trained on. Numbers, as an IDX file has them, and names cannot be
     * compared: there their number decides.
     *
     * @throws UserError where they are others
     */
    public void requireClasses(TaskSetup other) throws IOException {
        Path file = run.resolve(CLASSES);
        if (!(other instanceof ImageSetup images) || !Files.exists(file)) {
            return;
        }
        List<String> own = Files.readAllLines(file);
        List<String> theirs = images.data().classes();
        boolean comparable = numbers(own) == numbers(theirs);
        if (comparable ? !own.equals(theirs) : own.size() != theirs.size()) {
            throw new UserError("The run " + run + " tells apart " + shown(own) + ", and "
                    + images.recipe().data()
                    + " has " + shown(theirs)
                    + ".\nA run is judged on images of the same classes: a folder for each, by the same names.");
        }
    }

    private static boolean numbers(List<String> classes) {
        return classes.stream().allMatch(c -> c.matches("\\d+"));
    }

    private static String shown(List<String> classes) {
        int more = classes.size() - SHOWN;
        return classes.size() + " classes ("
                + String.join(", ", classes.subList(0, Math.min(SHOWN, classes.size())))
                + (more > 0 ? " and " + more + " more" : "") + ")";
    }

    /** The averaged weights where the recipe averages them, else the model's own. */
    public Path weights() {
        return checkpoint.resolve(recipe.has("ema_decay") ? RunTensors.EMA : RunTensors.MODEL);
    }

    private static Path checkpoint(Path path) throws IOException {
        if (Files.exists(path.resolve("recipe.yaml"))) {
            return new Checkpoint(new FileStore(), path.resolve("checkpoints"), "step", 1)
                    .latest()
                    .orElseThrow(() -> new UserError("The run " + path + " has no whole checkpoint yet."))
                    .folder();
        }
        if (Files.exists(path.resolve(RunTensors.MODEL))) {
            if (!Files.exists(run(path).resolve("recipe.yaml"))) {
                throw new UserError("The checkpoint " + path + " is not in its run: there is no "
                        + run(path).resolve("recipe.yaml") + ", which says what model it is.");
            }
            return path;
        }
        throw new UserError(path
                + (Files.exists(path)
                        ? " is neither a run (no recipe.yaml) nor a checkpoint (no " + RunTensors.MODEL + ")."
                        : ": there is no such run or checkpoint."));
    }

    /** RUN/checkpoints/step-N is in RUN. */
    private static Path run(Path checkpoint) {
        return checkpoint.resolve("../..").normalize();
    }
}
