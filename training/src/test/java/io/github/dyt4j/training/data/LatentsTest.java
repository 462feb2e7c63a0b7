package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LatentsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"F32", "F16", "BF16"})
    void rowsAreReadInEveryDtypeAndATwentiethIsHeldOut(String dtype) throws IOException {
        Path file = write("x.safetensors", latents("latents", dtype, 40, 2, 3, 3), labels("labels", "I64", 40, 0));
        try (Latents latents = Latents.open(file)) {
            assertThat(latents.channels()).isEqualTo(2);
            assertThat(latents.side()).isEqualTo(3);
            assertThat(latents.train().size()).isEqualTo(38);
            assertThat(latents.test().size()).isEqualTo(2);
            assertThat(latents.classes()).isEqualTo(7);
            // Of 40 rows no two begin alike, so each says which it is.
            List<Integer> rows = new ArrayList<>();
            for (Latents.Split split : List.of(latents.train(), latents.test())) {
                for (int i = 0; i < split.size(); i++) {
                    float[] row = new float[20];
                    split.read(i, row, 1);
                    int r = IntStream.range(0, 40)
                            .filter(n -> value(n * 18) == row[1])
                            .findFirst()
                            .orElseThrow();
                    rows.add(r);
                    assertThat(row[0]).isZero();
                    for (int k = 0; k < 18; k++) {
                        assertThat(row[1 + k]).isEqualTo(value(r * 18 + k));
                    }
                    assertThat(split.label(i)).isEqualTo(r % 7);
                }
            }
            assertThat(rows).doesNotHaveDuplicates().hasSize(40);
            assertThat(rows.subList(0, 38)).isSorted();
            assertThat(rows.subList(38, 40)).isNotEqualTo(List.of(38, 39));
            assertThat(latents.describe()).contains("38 latents of 2 x 3 x 3", "a twentieth by chance");
        }
    }

    @Test
    void aTestSetOfItsOwnIsTaken() throws IOException {
        Path file = write(
                "x.safetensors",
                latents("latents", "F32", 4, 1, 2, 2),
                labels("labels", "I32", 4, 0),
                latents("test_latents", "BF16", 3, 1, 2, 2),
                labels("test_labels", "I64", 3, 5));
        try (Latents latents = Latents.open(file)) {
            assertThat(latents.train().size()).isEqualTo(4);
            assertThat(latents.test().size()).isEqualTo(3);
            assertThat(latents.test().label(0)).isEqualTo(5);
            assertThat(latents.classes()).isEqualTo(6);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no latents | labels:I64:4 | no tensor 'latents'",
                "no labels | latents:F32:4x1x2x2 | no tensor 'labels'",
                "three axes | latents:F32:4x2x2;labels:I64:4 | (4, 2, 2)",
                "not square | latents:F32:4x1x2x3;labels:I64:4 | (4, 1, 2, 3), and must be (N, C, S, S)",
                "whole numbers | latents:I32:4x1x2x2;labels:I64:4 | F32, F16 or BF16",
                "labels of another number | latents:F32:4x1x2x2;labels:I64:5 | a label for each latent, (4)",
                "labels that are no numbers of classes | latents:F32:4x1x2x2;labels:F32:4 | I64 or I32",
                "a negative label | latents:F32:4x1x2x2;labels:I64:4:-3 | labels[0] is -3",
                "a label out of all bounds | latents:F32:4x1x2x2;labels:I64:4:2000000 | labels[0] is 2000000",
                "half a test set | latents:F32:4x1x2x2;labels:I64:4;test_labels:I64:4 | one of test_latents and test_labels",
                "another shape to judge by | latents:F32:4x1x2x2;labels:I64:4;test_latents:F32:4x1x3x3;test_labels:I64:4 | test_latents are (4, 1, 3, 3)",
                "none held out | latents:F32:19x1x2x2;labels:I64:19 | 0 to judge by"
            })
    void mistakesAreExplained(String what, String tensors, String hint) throws IOException {
        List<Safetensors.Entry> entries = new ArrayList<>();
        for (String tensor : tensors.split(";")) {
            String[] parts = tensor.split(":");
            long[] shape = Arrays.stream(parts[2].split("x"))
                    .mapToLong(Long::parseLong)
                    .toArray();
            entries.add(
                    parts[1].startsWith("I") && parts[0].endsWith("labels")
                            ? labels(
                                    parts[0],
                                    parts[1],
                                    (int) shape[0],
                                    parts.length > 3 ? Integer.parseInt(parts[3]) : 0)
                            : latents(parts[0], parts[1], shape));
        }
        Path file = write("bad.safetensors", entries.toArray(Safetensors.Entry[]::new));
        assertThatThrownBy(() -> Latents.open(file).close())
                .as(what)
                .isInstanceOf(UserError.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(hint)
                .message()
                .satisfies(m -> assertThat(m.lines().count()).isLessThanOrEqualTo(3));
    }

    @Test
    void whatIsNoFileIsSaid() throws IOException {
        Path text = Files.writeString(folder.resolve("text.safetensors"), "no tensors");
        assertThatThrownBy(() -> Latents.open(text)).isInstanceOf(UserError.class);
        assertThatThrownBy(() -> Latents.open(folder.resolve("none.safetensors")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("There is no file");
    }

    private Path write(String name, Safetensors.Entry... entries) throws IOException {
        Path file = folder.resolve(name);
        Safetensors.write(file, Map.of(), List.of(entries));
        return file;
    }

    /** Exact in every dtype. */
    private static float value(int i) {
        return (i % 61 - 30) / 8f;
    }

    private static Safetensors.Entry latents(String name, String dtype, long... shape) {
        int count = 1;
        for (long s : shape) {
            count *= (int) s;
        }
        int width = dtype.endsWith("32") ? 4 : 2;
        ByteBuffer bytes = ByteBuffer.allocate(width * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            switch (dtype) {
                case "F32" -> bytes.putFloat(value(i));
                case "F16" -> bytes.putShort(Float.floatToFloat16(value(i)));
                case "BF16" -> bytes.putShort((short) (Float.floatToIntBits(value(i)) >>> 16));
                default -> bytes.putInt(i);
            }
        }
        return new Safetensors.Entry(name, dtype, shape, MemorySegment.ofArray(bytes.array()));
    }

    private static Safetensors.Entry labels(String name, String dtype, int count, int first) {
        boolean wide = dtype.equals("I64");
        ByteBuffer bytes = ByteBuffer.allocate((wide ? 8 : 4) * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            int label = i == 0 ? first : i % 7;
            if (wide) {
                bytes.putLong(label);
            } else {
                bytes.putInt(label);
            }
        }
        return new Safetensors.Entry(name, dtype, new long[] {count}, MemorySegment.ofArray(bytes.array()));
    }
}
