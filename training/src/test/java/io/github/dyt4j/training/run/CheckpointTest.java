package io.github.dyt4j.training.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CheckpointTest {
    @TempDir
    Path run;

    private Path folder;
    private Checkpoint steps;

    @BeforeEach
    void open() {
        folder = run.resolve("checkpoints");
        steps = new Checkpoint(new FileStore(), folder, "step", 2);
    }

    private static SequencedMap<String, Checkpoint.Content> content(String... texts) {
        SequencedMap<String, Checkpoint.Content> files = new LinkedHashMap<>();
        for (String text : texts) {
            files.put(
                    "file" + files.size(),
                    out -> Store.writeFully(out, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
        }
        return files;
    }

    private List<String> names() throws IOException {
        return new FileStore()
                .list(folder).stream().map(p -> p.getFileName().toString()).toList();
    }

    private Checkpoint.Found latest() throws IOException {
        return steps.latest().orElseThrow();
    }

    @Test
    void keepsTheNewestAndTheBestBesideThem() throws IOException {
        Checkpoint best = new Checkpoint(new FileStore(), folder, "best", 1);
        assertThat(steps.latest()).isEmpty();
        for (long step = 8; step <= 11; step++) {
            steps.save(step, content("step " + step, ""));
            if (step < 10) {
                best.save(step, content("best " + step));
            }
        }
        assertThat(names()).containsExactly("best-9", "step-10", "step-11");
        assertThat(latest().step()).isEqualTo(11);
        assertThat(latest().ignored()).isEmpty();
        assertThat(Files.readString(latest().file("file0"))).isEqualTo("step 11");
        assertThat(Files.size(latest().file("file1"))).isZero();
        assertThat(best.latest().map(Checkpoint.Found::folder)).contains(folder.resolve("best-9"));
    }

    @FunctionalInterface
    interface Damage {
        void to(Path checkpoint) throws IOException;
    }

    private static void rewriteManifest(Path checkpoint, String from, String to) throws IOException {
        Path manifest = checkpoint.resolve("manifest.json");
        String text = Files.readString(manifest);
        assertThat(text).contains(from);
        Files.writeString(manifest, text.replace(from, to));
    }

    static Stream<Arguments> damages() {
        return Stream.of(
                damage("a file cut", "file0 has 1 bytes instead of 2", c -> Files.writeString(c.resolve("file0"), "n")),
                damage(
                        "a file emptied",
                        "file0 has 0 bytes instead of 2",
                        c -> Files.writeString(c.resolve("file0"), "")),
                damage("a bit flipped", "file0 has other bytes", c -> Files.writeString(c.resolve("file0"), "nf")),
                damage("a file gone", "not whole", c -> Files.delete(c.resolve("file1"))),
                damage("the manifest gone", "not whole", c -> Files.delete(c.resolve("manifest.json"))),
                damage("the manifest empty", "manifest.json", c -> Files.writeString(c.resolve("manifest.json"), "")),
                damage("the manifest cut", "manifest.json cannot be read", c -> {
                    String text = Files.readString(c.resolve("manifest.json"));
                    Files.writeString(c.resolve("manifest.json"), text.substring(0, text.length() / 2));
                }),
                damage("the manifest of another step", "of another step", c -> rewriteManifest(c, "20", "21")),
                damage("a manifest without files", "lists no files", c -> rewriteManifest(c, "\"files\"", "\"x\"")),
                damage(
                        "a manifest that points out of its folder",
                        "cannot be read",
                        c -> rewriteManifest(c, "file0", "../step-10/file0")),
                damage(
                        "a manifest of no numbers",
                        "file0 has 2 bytes instead",
                        c -> rewriteManifest(c, "\"bytes\"", "\"x\"")),
                damage("an empty folder", "not whole", c -> {
                    for (Path file : new FileStore().list(c)) {
                        Files.delete(file);
                    }
                }));
    }

    private static Arguments damage(String what, String said, Damage damage) {
        return Arguments.of(what, said, damage);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void aTornOneIsPassedOverAndSaysWhy(String what, String said, Damage damage) throws IOException {
        steps.save(10, content("old"));
        Path newer = steps.save(20, content("ne", "w"));
        assertThat(latest().step()).isEqualTo(20);
        damage.to(newer);
        assertThat(latest().step()).isEqualTo(10);
        assertThat(latest().ignored())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("step-20: ")
                .contains(said);
        assertThat(names()).as("looking changes nothing").containsExactly("step-10", "step-20");

        steps.save(20, content("ne", "w"));
        assertThat(latest().step()).isEqualTo(20);
        assertThat(names()).containsExactly("step-10", "step-20");
    }

    @Test
    void whatIsNoCheckpointIsLeftAlone() throws IOException {
        Files.createDirectories(folder.resolve("step-99"));
        Files.createDirectories(folder.resolve("step-x"));
        Files.createDirectories(folder.resolve("mine"));
        Files.createDirectories(folder.resolve("step-30.tmp"));
        Files.writeString(folder.resolve("step-30.tmp/file0"), "half");
        Files.writeString(folder.resolve("step-40"), "a file");
        assertThat(steps.latest()).isEqualTo(Optional.empty());
        steps.save(1, content("a"));
        assertThat(latest().step()).isEqualTo(1);
        assertThat(names()).containsExactly("mine", "step-1", "step-40", "step-99", "step-x");
    }

    @Test
    void aFailureInTheContentLeavesNothingBehind() throws IOException {
        steps.save(10, content("old"));
        SequencedMap<String, Checkpoint.Content> failing = content("a");
        failing.put("b", out -> {
            Store.writeFully(out, ByteBuffer.allocate(10));
            throw new IllegalStateException("no tensor");
        });
        assertThatThrownBy(() -> steps.save(20, failing)).hasMessage("no tensor");
        assertThat(names()).containsExactly("step-10");
        for (String name : List.of("../x", "manifest.json", "a/b", "", ".hidden", "a\\b")) {
            SequencedMap<String, Checkpoint.Content> wrong = new LinkedHashMap<>();
            wrong.put(name, out -> {});
            assertThatThrownBy(() -> steps.save(20, wrong)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(names()).containsExactly("step-10");
    }

    @Test
    void aLinkIsNotFollowed() throws IOException {
        Path outside = Files.createDirectory(run.resolve("outside"));
        Files.writeString(outside.resolve("precious"), "x");
        Files.createDirectory(folder);
        Files.createSymbolicLink(folder.resolve("step-5"), outside);
        Files.createSymbolicLink(folder.resolve("step-6.tmp"), outside);
        for (long step = 10; step < 14; step++) {
            steps.save(step, content("a"));
        }
        assertThat(outside.resolve("precious")).exists();
        assertThat(latest().step()).isEqualTo(13);
    }
}
