package io.github.dyt4j.training.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
    @TempDir
    Path folder;

    record Line(long step, double loss) {}

    private Path file() {
        return folder.resolve("metrics.jsonl");
    }

    @Test
    void oneObjectALine() throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", 1);
        line.put("split", "train");
        line.put("loss", 0.1f);
        try (Metrics metrics = Metrics.open(file())) {
            metrics.append(line);
            metrics.append(new Line(2, Double.NaN));
            metrics.append(Map.of("α", List.of(1, 2)));
            metrics.force();
            assertThat(metrics.position()).isEqualTo(Files.size(file()));
        }
        assertThat(Files.readString(file())).isEqualTo("""
                        {"step":1,"split":"train","loss":0.1}
                        {"step":2,"loss":"NaN"}
                        {"α":[1,2]}
                        """);
        assertThat(Metrics.read(file())).hasSize(3).last().isEqualTo(Map.of("α", List.of(1, 2)));
        assertThat(Metrics.read(folder.resolve("none"))).isEmpty();
    }

    @Test
    void aResumedRunWritesTheSameFileAsAnUnbrokenOne() throws IOException {
        long recorded;
        try (Metrics metrics = Metrics.open(file())) {
            metrics.append(new Line(1, 1));
            metrics.force();
            recorded = metrics.position();
            metrics.append(new Line(2, 2));
            metrics.append(new Line(3, 3));
        }
        byte[] unbroken = Files.readAllBytes(file());
        for (int killedAt = (int) recorded; killedAt <= unbroken.length; killedAt++) {
            Files.write(file(), java.util.Arrays.copyOf(unbroken, killedAt));
            try (Metrics metrics = Metrics.open(file(), recorded)) {
                metrics.append(new Line(2, 2));
                metrics.append(new Line(3, 3));
            }
            assertThat(Files.readAllBytes(file())).isEqualTo(unbroken);
        }
    }

    @Test
    void aTornLastLineIsDropped() throws IOException {
        Files.writeString(file(), "{\"step\":1}\n{\"st");
        assertThat(Metrics.read(file())).containsExactly(Map.of("step", 1));
        try (Metrics metrics = Metrics.open(file())) {
            assertThat(metrics.position()).isEqualTo(11);
            metrics.append(Map.of("step", 2));
        }
        assertThat(Files.readString(file())).isEqualTo("{\"step\":1}\n{\"step\":2}\n");
        Files.writeString(file(), "{\"st");
        try (Metrics metrics = Metrics.open(file())) {
            assertThat(metrics.position()).isZero();
        }
    }

    @Test
    void aFileThatIsNotTheCheckpointsIsRefused() throws IOException {
        Files.writeString(file(), "{\"step\":1}\n");
        assertThatThrownBy(() -> Metrics.open(file(), 12))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("metrics.jsonl has 11 bytes, and its checkpoint records 12");
        assertThatThrownBy(() -> Metrics.open(file(), 5))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no line that ends at byte 5");
        assertThat(Files.readString(file())).as("nothing lost").isEqualTo("{\"step\":1}\n");
        Files.writeString(file(), "{\"step\":1}\nnonsense\n");
        assertThatThrownBy(() -> Metrics.read(file()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("metrics.jsonl, line 2: not a JSON object");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskIsSaidSo() throws IOException {
        try (Metrics metrics = Metrics.open(Path.of("/dev/full"))) {
            assertThatThrownBy(() -> metrics.append(new Line(1, 1)))
                    .isInstanceOf(UserError.class)
                    .hasMessageStartingWith("The disk is full: cannot write /dev/full (No space left on device).");
            assertThat(metrics.position()).isZero();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskIsRecognisedByTheSystemsOwnWords() throws IOException {
        try (FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> full.write(ByteBuffer.allocate(1)))
                    .satisfies(e -> assertThat(DiskFull.is(new RuntimeException(e), folder))
                            .isTrue());
        }
        assertThat(DiskFull.is(new IOException("Input/output error"), folder)).isFalse();
        assertThat(DiskFull.is(new IllegalStateException("no space left"), folder))
                .isFalse();
    }
}
