package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * A run's folder, held by one process at a time: {@code recipe.yaml}, {@code environment.json}, {@code metrics.jsonl},
 * {@code sites.jsonl}, {@code events.out.tfevents.dyt4j}, {@code checkpoints/} and, when the run has ended, {@code result.json}.
 *
 * <p>The lock is the operating system's on {@code .lock}: it ends with the process, however that ends.
 */
public final class RunFolder implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private final Path path;
    private final Store store;
    private final FileChannel lock;

    private RunFolder(Path path, Store store, FileChannel lock) {
        this.path = path;
        this.store = store;
        this.lock = lock;
    }

    /**
     * Opens a run's folder to write in it, or makes a new one.
     *
     * @throws UserError when another process holds it, when it is not a folder, or when it has files but no {@code recipe.yaml}: then it is
     *     something else than a run
     */
    public static RunFolder open(Path path) throws IOException {
        Store store = new FileStore();
        requireRunOrEmpty(path);
        store.createFolders(path);
        return new RunFolder(path, store, lock(path));
    }

    private static void requireRunOrEmpty(Path path) throws IOException {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new UserError(path + " is a file; a run needs a folder. Choose another one.");
        }
        if (!Files.exists(path) || Files.exists(path.resolve("recipe.yaml"))) {
            return;
        }
        try (Stream<Path> inside = Files.list(path)) {
            Optional<Path> other = inside.filter(p -> !List.of(".lock", "recipe.yaml.tmp")
                            .contains(p.getFileName().toString()))
                    .findFirst();
            if (other.isPresent()) {
                throw new UserError(path + " holds no run (no recipe.yaml), and is not empty: there is "
                        + other.get().getFileName() + ".\nChoose an empty or new folder.");
            }
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        Path file = path.resolve(".lock");
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
            if (lock != null) {
                writeHolder(channel);
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // this very process holds it: the same mistake
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        throw new UserError("Another process is writing the run " + path + " (process " + holder(file)
                + ").\nWait until it has ended, or choose another folder.");
    }

    private static void writeHolder(FileChannel channel) {
        try {
            String pid = Long.toString(ProcessHandle.current().pid());
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            // a full disk: the lock holds all the same, and only the message to others lacks the number
        }
    }

    private static String holder(Path lock) {
        try {
            String pid = Files.readString(lock);
            return pid.matches("\\d{1,10}") ? pid : "unknown";
        } catch (IOException e) {
            return "unknown";
        }
    }

    public Path path() {
        return path;
    }

    public Store store() {
        return store;
    }

    public Path recipe() {
        return path.resolve("recipe.yaml");
    }

    public Path metrics() {
        return path.resolve("metrics.jsonl");
    }

    public Path sites() {
        return path.resolve("sites.jsonl");
    }

    public Path events() {
        return path.resolve("events.out.tfevents.dyt4j");
    }

    public Path environment() {
        return path.resolve("environment.json");
    }

    public Path result() {
        return path.resolve("result.json");
    }

    /** The checkpoints to resume from. */
    public Checkpoint checkpoints(int keep) {
        return new Checkpoint(store, path.resolve("checkpoints"), "step", keep);
    }

    /** The best checkpoint so far, beside them: a save replaces the one before. */
    public Checkpoint best() {
        return new Checkpoint(store, path.resolve("checkpoints"), "best", 1);
    }

    /** Writes {@code recipe.yaml} atomically; a folder that has one keeps it, after {@link #requireSame} by the caller. */
    public void writeRecipe(String yaml) throws IOException {
        if (Files.exists(recipe())) {
            throw new FileAlreadyExistsException(recipe().toString());
        }
        replace(recipe(), yaml.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes {@code environment.json} atomically. */
    public void writeEnvironment(Map<String, ?> environment) throws IOException {
        replace(environment(), json(environment));
    }

    /** Writes {@code result.json} atomically: the run has ended. */
    public void writeResult(Map<String, ?> result) throws IOException {
        replace(result(), json(result));
    }

    /** The result of a run that has ended; nothing while it goes on. Needs no lock. */
    public static Optional<Map<String, Object>> readResult(Path run) throws IOException {
        Path file = run.resolve("result.json");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(Files.readAllBytes(file), OBJECT));
        } catch (JacksonException e) {
            throw new UserError(
                    file + " is not a JSON object (" + e.getOriginalMessage() + "). Delete it to end the run anew.", e);
        }
    }

    /** Refuses, with the settings that differ, to go on in a folder whose recipe is another one than is asked for. */
    public static void requireSame(Path run, Map<String, ?> there, Map<String, ?> asked) {
        List<String> differences = RecipeDifference.between(there, asked);
        if (!differences.isEmpty()) {
            int shown = Math.min(4, differences.size());
            throw new UserError(
                    run + " holds a run of another recipe: " + String.join(", ", differences.subList(0, shown))
                            + (differences.size() > shown ? " and " + (differences.size() - shown) + " more" : "")
                            + ".\nChoose another folder, or give the settings that the run was started with to go on.");
        }
    }

    /** Lets another process have the folder. */
    @Override
    public void close() throws IOException {
        lock.close();
    }

    private void replace(Path file, byte[] content) throws IOException {
        try {
            store.replace(file, content);
        } catch (IOException e) {
            Optional<UserError> full = DiskFull.explain(e, file);
            if (full.isPresent()) {
                throw full.get();
            }
            throw e;
        }
    }

    private static byte[] json(Map<String, ?> value) {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(value);
    }
}
