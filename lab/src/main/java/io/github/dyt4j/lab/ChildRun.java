package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.run.RunMain;
import io.github.dyt4j.training.run.RunResult;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/** One run of a comparison as a process with this JVM's java, flags and class path. What it says goes to {@code log.txt} in its folder. */
final class ChildRun {
    private static final int USAGE = 2;
    private static final Set<Integer> STOPPED = Set.of(130, 143);
    private static final int TAIL_BYTES = 8192;
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private final Path folder;
    private final Job job;
    private final Process process;
    private final long logStart;

    private ChildRun(Path folder, Job job, Process process, long logStart) {
        this.folder = folder;
        this.job = job;
        this.process = process;
        this.logStart = logStart;
    }

    /** Starts or goes on with the run of this folder; a new one gets the recipe. */
    static ChildRun start(Path folder, Job job, Recipe recipe) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve("recipe.yaml");
        if (!Files.exists(file)) {
            Path partial = folder.resolve("recipe.yaml.tmp");
            Files.writeString(partial, recipe.resolved());
            Files.move(partial, file);
        }
        Path log = folder.resolve("log.txt");
        long logStart = Files.exists(log) ? Files.size(log) : 0;
        Process process = new ProcessBuilder(JavaProcess.command(List.of(), RunMain.class, folder.toString()))
                .redirectInput(ProcessBuilder.Redirect.from(new File(nullDevice())))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        return new ChildRun(folder, job, process, logStart);
    }

    private static String nullDevice() {
        return File.separatorChar == '\\' ? "NUL" : "/dev/null";
    }

    Job job() {
        return job;
    }

    boolean alive() {
        return process.isAlive();
    }

    /** Whether it ended because it was asked to, with a checkpoint. */
    boolean wasStopped() {
        return !process.isAlive() && STOPPED.contains(process.exitValue());
    }

    /**
     * How the run ended.
     *
     * @throws UserError with its own message where the mistake is the user's
     * @throws IOException with the end of what it said where it failed
     */
    RunResult result() throws IOException {
        int code = process.exitValue();
        if (code == 0) {
            return RunResult.read(folder)
                    .orElseThrow(() -> new IOException("The run " + folder + " ended without a result.json."));
        }
        List<String> said = said();
        if (code == USAGE) {
            throw new UserError(
                    said.isEmpty() ? "The run " + folder + " refused its recipe or data." : String.join("\n", said));
        }
        if (STOPPED.contains(code)) {
            throw new IOException("The run " + folder + " was stopped from outside. The same command goes on.");
        }
        String last = said.stream().reduce((a, b) -> b).orElse("it said nothing");
        String signal = code > 128 ? ", killed by signal " + (code - 128) : "";
        throw new IOException(
                "The run " + folder + " failed (exit code " + code + signal + "): " + last + "\nAll that it said is in "
                        + folder.resolve("log.txt") + ". The same command goes on from its last checkpoint.");
    }

    /** The last lines of this process, without the JVM's own warnings; for a mistake they are its message. */
    private List<String> said() throws IOException {
        Path log = folder.resolve("log.txt");
        List<String> lines = tail(log, logStart)
                .lines()
                .filter(l -> !l.isBlank() && !l.startsWith("WARNING:") && !l.startsWith("\t"))
                .collect(Collectors.toList());
        if (!lines.isEmpty() && lines.getLast().startsWith(RunMain.FAILURE)) {
            return List.of(lines.getLast().substring(RunMain.FAILURE.length()));
        }
        int mistake = lines.size() - 1;
        while (mistake >= 0 && !lines.get(mistake).startsWith(RunMain.MISTAKE)) {
            mistake--;
        }
        if (mistake >= 0) {
            lines.set(mistake, lines.get(mistake).substring(RunMain.MISTAKE.length()));
            return lines.subList(mistake, lines.size());
        }
        return lines.subList(Math.max(0, lines.size() - 3), lines.size());
    }

    /** The last line of its metrics. */
    Compare.Running progress(long steps) throws IOException {
        String text = tail(folder.resolve("metrics.jsonl"), 0);
        int end = text.lastIndexOf('\n');
        long step = 0;
        double loss = Double.NaN;
        if (end > 0) {
            try {
                Map<String, Object> line =
                        Report.JSON.readValue(text.substring(text.lastIndexOf('\n', end - 1) + 1, end), OBJECT);
                step = line.get("step") instanceof Number n ? n.longValue() : 0;
                loss = line.get("loss") instanceof Number n ? n.doubleValue() : Double.NaN;
            } catch (JacksonException e) {
                step = 0; // the file is being cut to a checkpoint's length: the next look sees a line
            }
        }
        return new Compare.Running(job, Math.min(step, steps), steps, loss);
    }

    private static String tail(Path file, long from) throws IOException {
        if (!Files.exists(file)) {
            return "";
        }
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long start = Math.max(from, in.length() - TAIL_BYTES);
            byte[] bytes = new byte[(int) Math.max(0, in.length() - start)];
            in.seek(start);
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    void askToStop() {
        process.destroy(); // SIGTERM: it leaves a checkpoint
    }

    /** Waits for the checkpoint; a run that does not end within a minute is killed, and resumes from the checkpoint before. */
    void awaitEnd() {
        try {
            if (!process.waitFor(1, TimeUnit.MINUTES)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
