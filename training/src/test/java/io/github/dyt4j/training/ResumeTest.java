package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.run.RunMain;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** 5 + resume + 5 == 10, to the bit, wherever and however a run is broken off. */
final class ResumeTest {
    private static final long STEPS = 12;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path shared;

    @SuppressWarnings("NullAway.Init")
    private static Path data;

    @SuppressWarnings("NullAway.Init")
    private static Path unbroken;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeAll
    static void oneUnbrokenRun() throws IOException {
        data = TinyRun.data(shared.resolve("data"));
        unbroken = shared.resolve("unbroken");
        TinyRun.train(TinyRun.recipe(data), unbroken, null);
    }

    @Test
    void theSameRecipeGivesTheSameBits() throws IOException {
        TinyRun.train(TinyRun.recipe(data), folder, null);
        TinyRun.assertSame(unbroken, folder, STEPS);
    }

    @Test
    void stoppedAnywhereItGoesOnToTheSameBits() throws IOException {
        for (int stop : new int[] {1, 4, 6, 7, 11}) {
            Path run = folder.resolve("stop" + stop);
            TinyRun.train(TinyRun.recipe(data), run, stop);
            assertThat(run.resolve("checkpoints/step-" + stop)).isDirectory();
            assertThat(run.resolve("result.json")).doesNotExist();
            TinyRun.train(TinyRun.recipe(data), run, null);
            TinyRun.assertSame(unbroken, run, STEPS);
        }
    }

    @Test
    void stoppedAfterEveryStep() throws IOException {
        for (int stop = 1; stop < STEPS; stop++) {
            TinyRun.train(TinyRun.recipe(data), folder, stop);
        }
        TinyRun.train(TinyRun.recipe(data), folder, null);
        TinyRun.assertSame(unbroken, folder, STEPS);
    }

    /** σReparam's u and v move with every forward pass in training, and are no parameters. */
    @Test
    void theVectorsOfSpectralNormsGoOnToo() throws IOException {
        Recipe recipe = TinyRun.recipe(data).with("norm=identity").with("method=sigmareparam");
        TinyRun.train(recipe, folder.resolve("whole"), null);
        TinyRun.train(recipe, folder.resolve("broken"), 5);
        TinyRun.train(recipe, folder.resolve("broken"), null);
        TinyRun.assertSame(folder.resolve("whole"), folder.resolve("broken"), STEPS);
    }

    @Test
    void lostInTheMiddleOfACheckpointItGoesOnFromTheOneBefore() throws IOException {
        TinyRun.train(TinyRun.recipe(data), folder, 6);
        TinyRun.train(TinyRun.recipe(data), folder, 8);
        Path newest = folder.resolve("checkpoints/step-8");
        byte[] model = Files.readAllBytes(newest.resolve("model.safetensors"));
        Files.write(newest.resolve("model.safetensors"), java.util.Arrays.copyOf(model, model.length / 2));
        Path half = Files.createDirectory(folder.resolve("checkpoints/step-9.tmp"));
        Files.write(half.resolve("model.safetensors"), new byte[100]);

        List<String> notes = new ArrayList<>();
        Progress listen = new Progress() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        };
        Trainer.train(TinyRun.recipe(data), folder, listen);
        TinyRun.assertSame(unbroken, folder, STEPS);
        assertThat(notes).anyMatch(n -> n.matches("Goes on after step 6 of 12, restored in \\d+\\.\\d\\d s"));
        assertThat(notes).anyMatch(n -> n.startsWith("Passed over step-8: model.safetensors has"));
        assertThat(half).doesNotExist();
    }

    @Test
    void lostBetweenTheLastCheckpointAndTheResult() throws IOException {
        TinyRun.train(TinyRun.recipe(data), folder, null);
        Files.delete(folder.resolve("result.json"));
        TinyRun.train(TinyRun.recipe(data), folder, null);
        TinyRun.assertSame(unbroken, folder, STEPS);
    }

    @Test
    void batchesThatDoNotFillAStepAreLeftOutOnBothWays() throws IOException {
        Recipe recipe = TinyRun.recipe(data)
                .with("grad_accum_steps=4")
                .with("batch_size=6")
                .with("workers=2"); // 16 batches, 4 steps
        Path whole = folder.resolve("whole");
        Path broken = folder.resolve("broken");
        TinyRun.train(recipe.with("grad_accum_steps=5"), whole, null); // 3 steps, a batch over
        TinyRun.train(recipe.with("grad_accum_steps=5"), broken, 2);
        TinyRun.train(recipe.with("grad_accum_steps=5"), broken, 4);
        TinyRun.train(recipe.with("grad_accum_steps=5"), broken, null);
        TinyRun.assertSame(whole, broken, 6);
    }

    @Test
    void anotherRecipeIsRefusedAndNothingIsLost() throws IOException {
        TinyRun.train(TinyRun.recipe(data), folder, 3);
        assertThatThrownBy(() -> TinyRun.train(TinyRun.recipe(data).with("lr=1e-3"), folder, null))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("lr is 0.005 there and 0.001 here");
        TinyRun.train(TinyRun.recipe(data), folder, null);
        TinyRun.assertSame(unbroken, folder, STEPS);
    }

    /** A process of its own, killed by SIGKILL at seeded random moments, also while it writes a checkpoint, and started again until it ends. */
    @Test
    void killedAtRandomMomentsItGoesOnToTheSameBits() throws IOException, InterruptedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path whole = folder.resolve("whole");
        Path killed = folder.resolve("killed");
        Recipe recipe = TinyRun.recipe(data).with("epochs=6").with("checkpoint_interval=1");
        TinyRun.train(recipe, whole, null);
        Files.createDirectory(killed);
        Files.writeString(killed.resolve("recipe.yaml"), recipe.resolved());
        List<String> moments = new ArrayList<>();
        try {
            for (int kill = 0; kill < 3; kill++) {
                int target = (kill + 1) * 8 + random.nextInt(5);
                int delay = random.nextInt(40);
                moments.add("after step " + target + " and " + delay + " ms");
                Process process = child(killed);
                while (process.isAlive() && lines(killed) < target) {
                    Thread.sleep(1);
                }
                Thread.sleep(delay);
                assertThat(process.isAlive()).as("a kill hit a running process").isTrue();
                process.destroyForcibly().waitFor();
            }
            Process last = child(killed);
            assertThat(last.waitFor(2, TimeUnit.MINUTES)).isTrue();
            assertThat(last.exitValue())
                    .as(Files.readString(killed.resolve("stderr.txt")))
                    .isZero();
            TinyRun.assertSame(whole, killed, 36);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed + ", killed " + moments, e);
        }
    }

    /** Ctrl-C: the process leaves a checkpoint of the step it is in, and says by its exit code that a signal ended it. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no signals to send to another process")
    void interruptedItLeavesACheckpoint() throws IOException, InterruptedException {
        Recipe recipe = TinyRun.recipe(data).with("epochs=500");
        Path run = Files.createDirectory(folder.resolve("run"));
        Files.writeString(run.resolve("recipe.yaml"), recipe.resolved());
        Process process = child(run);
        while (process.isAlive() && lines(run) < 3) {
            Thread.sleep(1);
        }
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(run.resolve("stderr.txt")))
                .isEqualTo(130);
        assertThat(run.resolve("checkpoints/step-" + lines(run))).isDirectory();
        assertThat(run.resolve("stdout.txt")).content().contains("Stopped after step " + lines(run) + " of 3000;");
        assertThat(run.resolve("result.json")).doesNotExist();
    }

    private static long lines(Path run) throws IOException {
        Path file = run.resolve("metrics.jsonl");
        if (!Files.exists(file)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(l -> l.contains("\"train\"")).count();
        }
    }

    private static Process child(Path run) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java")));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(a -> !a.startsWith("-Xmx") && !a.startsWith("-D") && !a.startsWith("-javaagent"))
                .toList());
        command.addAll(List.of(
                "-Xmx256m",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                RunMain.class.getName(),
                run.toString()));
        return new ProcessBuilder(command)
                .redirectOutput(run.resolve("stdout.txt").toFile())
                .redirectError(run.resolve("stderr.txt").toFile())
                .start();
    }
}
