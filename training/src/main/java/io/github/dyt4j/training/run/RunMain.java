package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.Failure;
import io.github.dyt4j.training.Progress;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.StopSignal;
import io.github.dyt4j.training.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One run as a process of its own: {@code RunMain FOLDER} reads {@code FOLDER/recipe.yaml}, and trains or goes on. It is silent but for notes;
 * how far it is stands in {@code metrics.jsonl}. Exit codes: 0 ended, 1 failed, 2 a mistake in recipe or data, 130 stopped at a checkpoint.
 */
public final class RunMain {
    /** What the message of a user's mistake begins with, so that whoever started the process can tell it from notes. */
    public static final String MISTAKE = "mistake: ";

    /** What the one line begins with that says why a run failed; the whole trace stands above it. */
    public static final String FAILURE = "failure: ";

    private RunMain() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    private static int run(String[] args) {
        if (args.length != 1) {
            System.err.println("usage: RunMain FOLDER, a folder with a recipe.yaml");
            return 2;
        }
        Path folder = Path.of(args[0]);
        Progress progress = new Progress() {
            @Override
            public void note(String line) {
                System.out.println(line);
            }

            @Override
            public void stopped(long step, long steps, Path run) {
                System.out.println(
                        "Stopped after step " + step + " of " + steps + "; the same command goes on from there.");
            }
        };
        try (StopSignal stop = StopSignal.open()) {
            return Trainer.train(Recipe.read(folder.resolve("recipe.yaml")), folder, progress, stop)
                            .isPresent()
                    ? 0
                    : 130;
        } catch (UserError e) {
            System.err.println(MISTAKE + e.getMessage());
            return 2;
        } catch (IOException e) {
            Optional<UserError> full = DiskFull.explain(e, folder);
            if (full.isPresent()) {
                System.err.println(MISTAKE + full.get().getMessage());
                return 2;
            }
            return failed(e);
        } catch (RuntimeException | Error e) {
            return failed(e);
        }
    }

    private static int failed(Throwable e) {
        e.printStackTrace(System.err);
        System.err.println(FAILURE + Failure.sentence(e));
        return 1;
    }
}
