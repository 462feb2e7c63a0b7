package io.github.dyt4j.training.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SequencedMap;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every operation of a save goes wrong in every way, one after the other until none is left, as SQLite and Lucene are tested. Whatever
 * happens, a good checkpoint is found with the right bytes, the old one or the new one, and the run goes on from it.
 */
class CheckpointFaultTest {
    /** What was saved before, and the save that goes wrong. */
    enum Scenario {
        FIRST(2, 10),
        SECOND(2, 20, 10),
        PRUNE(2, 30, 10, 20),
        PRUNE_TO_ONE(1, 20, 10),
        SAME_STEP_AGAIN(2, 20, 10, 20),
        ONLY_STEP_AGAIN(1, 10, 10);

        final int keep;
        final long step;
        final long[] before;

        Scenario(int keep, long step, long... before) {
            this.keep = keep;
            this.step = step;
            this.before = before;
        }
    }

    private static final Path RUN = Path.of("run").toAbsolutePath();
    private static final Path FOLDER = RUN.resolve("checkpoints");

    @TempDir
    Path disk;

    /** Two files in several writes; a generation tells one save of a step from the next. */
    private static SequencedMap<String, Checkpoint.Content> content(long step, int generation) {
        SequencedMap<String, Checkpoint.Content> files = new LinkedHashMap<>();
        for (String name : List.of("model.safetensors", "state.json")) {
            files.put(name, out -> {
                ByteBuffer bytes = ByteBuffer.wrap(bytes(name, step, generation));
                for (int from = 0; from < bytes.capacity(); from += 40) {
                    Store.writeFully(out, bytes.slice(from, Math.min(40, bytes.capacity() - from)));
                }
            });
        }
        return files;
    }

    private static byte[] bytes(String name, long step, int generation) {
        byte[] bytes = new byte[100];
        new Random(31 * step + name.hashCode() + generation).nextBytes(bytes);
        return bytes;
    }

    private static Set<Integer> generations(Store store, Checkpoint.Found found) throws IOException {
        Set<Integer> matching = new HashSet<>(Set.of(0, 1));
        for (String name : List.of("model.safetensors", "state.json")) {
            try (InputStream in = store.read(found.file(name))) {
                byte[] read = in.readAllBytes();
                matching.removeIf(g -> !Arrays.equals(read, bytes(name, found.step(), g)));
            }
        }
        return matching;
    }

    private static Checkpoint checkpoint(Store store, Path folder, int keep) {
        return new Checkpoint(store, folder, "step", keep);
    }

    private static void saveBefore(Scenario scenario, Store store, Path folder) throws IOException {
        for (long step : scenario.before) {
            checkpoint(store, folder, scenario.keep).save(step, content(step, 0));
        }
    }

    /** What must be true afterwards, whatever went wrong; {@code saved} when the save has returned. */
    private static void assertGoodAndGoesOn(Scenario scenario, Store store, Path folder, boolean saved, String what)
            throws IOException {
        Checkpoint checkpoint = checkpoint(store, folder, scenario.keep);
        Optional<Checkpoint.Found> found = checkpoint.latest();
        if (found.isEmpty()) {
            assertThat(saved || scenario.before.length > 0)
                    .as(what + ": no checkpoint is left")
                    .isFalse();
        } else {
            Set<Integer> generations = generations(store, found.get());
            assertThat(generations).as(what + ": wrong bytes").isNotEmpty();
            long newestBefore = Arrays.stream(scenario.before).max().orElse(scenario.step);
            assertThat(found.get().step()).as(what).isIn(newestBefore, scenario.step);
            if (saved) {
                assertThat(found.get().step()).as(what + ": promised and lost").isEqualTo(scenario.step);
                assertThat(generations).as(what + ": promised and lost").containsExactly(1);
            }
        }
        checkpoint.save(1000, content(1000, 0));
        assertThat(checkpoint.latest().map(Checkpoint.Found::step)).as(what).contains(1000L);
        assertThat(store.list(folder))
                .as(what + ": what is left over is cleared away")
                .hasSizeLessThanOrEqualTo(scenario.keep)
                .noneMatch(p -> !p.toString().matches(".*step-\\d+"));
    }

    /** Saves with the fault; whether the save returned. */
    private static boolean save(Scenario scenario, FaultyStore faulty, Path folder, String what) throws IOException {
        try {
            checkpoint(faulty, folder, scenario.keep).save(scenario.step, content(scenario.step, 1));
            return true;
        } catch (FaultyStore.Killed | IOException e) {
            return false; // also when only the pruning failed: then the new one is there, and that is tested like the
            // rest
        } catch (UserError e) {
            assertThat(e.getMessage())
                    .as(what)
                    .startsWith("The disk is full: cannot write " + folder.resolve("step-" + scenario.step))
                    .contains(checkpoint(faulty, folder, scenario.keep)
                            .latest()
                            .map(f -> "The last good checkpoint is " + f.folder() + ".")
                            .orElse("There is no earlier checkpoint."));
            assertThat(String.valueOf(e.getMessage()).lines().count()).isEqualTo(3);
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyOperationOfASaveGoesWrongInEveryWay(Scenario scenario) throws IOException {
        int cases = 0;
        for (FaultyStore.Fault fault : FaultyStore.Fault.values()) {
            boolean struck = true;
            for (int n = 1; struck; n++, cases++) {
                String what = scenario + ", " + fault + " at operation " + n;
                MemoryStore memory = new MemoryStore();
                saveBefore(scenario, memory, FOLDER);
                FaultyStore faulty = new FaultyStore(memory, fault, n);
                boolean saved = save(scenario, faulty, FOLDER, what);
                struck = faulty.struck();
                assertThat(saved || struck).as(what).isTrue();
                if (!saved && fault == FaultyStore.Fault.DISK_FULL) {
                    assertThat(memory.list(FOLDER))
                            .as(what + ": the partial folder is gone")
                            .noneMatch(p -> p.toString().endsWith(".tmp"));
                }
                assertGoodAndGoesOn(scenario, memory, FOLDER, saved, what);
            }
        }
        assertThat(cases).isGreaterThan(5 * 15);
    }

    @ParameterizedTest
    @EnumSource
    void thePowerIsCutBeforeEveryOperationAndAllThatWasNotForcedIsLost(Scenario scenario) throws IOException {
        boolean struck = true;
        for (int n = 1; struck; n++) {
            String what = scenario + ", power cut at operation " + n;
            MemoryStore memory = new MemoryStore();
            saveBefore(scenario, memory, FOLDER);
            FaultyStore faulty = new FaultyStore(memory, FaultyStore.Fault.KILL, n);
            boolean saved = save(scenario, faulty, FOLDER, what);
            struck = faulty.struck();
            memory.powerCut();
            assertGoodAndGoesOn(scenario, memory, FOLDER, saved, what);
        }
    }

    @ParameterizedTest
    @EnumSource
    void thePowerIsCutBeforeEveryOperationAndSomeOfWhatWasNotForcedIsLost(Scenario scenario) throws IOException {
        boolean struck = true;
        for (int n = 1; struck; n++) {
            for (int seed = 0; seed < 20; seed++) {
                String what = scenario + ", power cut at operation " + n + ", seed " + seed;
                MemoryStore memory = new MemoryStore();
                saveBefore(scenario, memory, FOLDER);
                FaultyStore faulty = new FaultyStore(memory, FaultyStore.Fault.KILL, n);
                boolean saved = save(scenario, faulty, FOLDER, what);
                struck = faulty.struck();
                memory.powerCut(new Random(seed));
                assertGoodAndGoesOn(scenario, memory, FOLDER, saved, what);
            }
        }
    }

    /** The same on a real file system, which decides itself what a failed operation leaves. */
    @ParameterizedTest
    @EnumSource(names = {"FIRST", "PRUNE", "SAME_STEP_AGAIN"})
    void everyOperationOnRealFilesGoesWrong(Scenario scenario) throws IOException {
        for (FaultyStore.Fault fault : List.of(FaultyStore.Fault.TEAR, FaultyStore.Fault.KILL)) {
            boolean struck = true;
            for (int n = 1; struck; n++) {
                String what = scenario + ", " + fault + " at operation " + n;
                Path folder = disk.resolve(fault + "-" + n);
                Store files = new FileStore();
                saveBefore(scenario, files, folder);
                FaultyStore faulty = new FaultyStore(files, fault, n);
                boolean saved = save(scenario, faulty, folder, what);
                struck = faulty.struck();
                assertGoodAndGoesOn(scenario, files, folder, saved, what);
            }
        }
    }

    /** The test of the test: without forcing, the model disk does lose what was written. */
    @Test
    void theModelDiskLosesWhatIsNotForced() throws IOException {
        MemoryStore memory = new MemoryStore();
        memory.createFolders(RUN);
        try (Store.Output out = memory.create(RUN.resolve("a"))) {
            Store.writeFully(out, ByteBuffer.wrap(new byte[] {1, 2}));
            out.force();
            Store.writeFully(out, ByteBuffer.wrap(new byte[] {3}));
        }
        assertThat(memory.list(RUN)).hasSize(1);
        memory.forceFolder(RUN);
        try (Store.Output out = memory.create(RUN.resolve("b"))) {
            out.force();
        }
        memory.rename(RUN.resolve("a"), RUN.resolve("c"));
        memory.powerCut();
        assertThat(memory.list(RUN)).containsExactly(RUN.resolve("a"));
        try (InputStream in = memory.read(RUN.resolve("a"))) {
            assertThat(in.readAllBytes()).containsExactly(1, 2);
        }
    }
}
