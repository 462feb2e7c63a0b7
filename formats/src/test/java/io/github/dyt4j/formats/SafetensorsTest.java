package io.github.dyt4j.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
    @TempDir
    Path folder;

    static Safetensors.Entry entry(String name, SafetensorsDtype dtype, byte[] data, long... shape) {
        return new Safetensors.Entry(name, dtype.name(), shape, MemorySegment.ofArray(data));
    }

    static byte[] written(Map<String, String> metadata, List<Safetensors.Entry> entries) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            Safetensors.write(Channels.newChannel(out), metadata, entries);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(SafetensorsTest.class.getResourceAsStream(name))) {
            return in.readAllBytes();
        }
    }

    private Path file(byte[] content) throws IOException {
        return Files.write(folder.resolve("model.safetensors"), content);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrittenIsReadBack(SafetensorsDtype dtype) throws IOException {
        long seed = 1;
        byte[] data = new byte[15 * dtype.bytes];
        new Random(seed).nextBytes(data);
        Path path = folder.resolve("model.safetensors");
        Safetensors.write(
                path,
                Map.of("k", "v"),
                List.of(entry("odd", dtype, Arrays.copyOf(data, dtype.bytes)), entry("w", dtype, data, 3, 5)));
        try (Safetensors read = Safetensors.open(path)) {
            assertThat(read.metadata()).containsExactly(Map.entry("k", "v"));
            assertThat(read.entries()).containsOnlyKeys("odd", "w");
            Safetensors.Entry w = read.entry("w");
            assertThat(w.dtype()).isEqualTo(dtype.name());
            assertThat(w.shape()).containsExactly(3, 5);
            assertThat(w.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
            assertThat(read.entry("odd").shape()).isEmpty();
        }
    }

    @Test
    void readsWhatTheReferenceLibraryWroteAndWritesTheSameBytes() throws IOException {
        byte[] reference = resource("reference.safetensors");
        try (Safetensors read = Safetensors.open(file(reference))) {
            assertThat(read.entries()).hasSize(SafetensorsDtype.values().length + 5);
            assertThat(read.metadata()).containsExactly(Map.entry("format", "pt é\n"));
            assertThat(read.entry("scalar").data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0))
                    .isEqualTo(0.5f);
            assertThat(read.entry("empty").shape()).containsExactly(3, 0);
            assertThat(read.entry("of.bfloat16").dtype()).isEqualTo("BF16");
            assertThat(read.entry("of.int64").shape()).containsExactly(2, 3);
            assertThat(read.entry("é/\"quoted\"").data().toArray(ValueLayout.JAVA_BYTE))
                    .containsExactly(7);

            List<Safetensors.Entry> shuffled = new ArrayList<>(read.entries().values());
            Collections.shuffle(shuffled, new Random(5));
            assertThat(written(read.metadata(), shuffled)).isEqualTo(reference);
        }
    }

    @Test
    void writingOverAMappedFileLeavesTheMappedBytes() throws IOException {
        Path path = file(written(Map.of(), List.of(entry("a", SafetensorsDtype.U8, new byte[] {1, 2, 3}, 3))));
        try (Safetensors old = Safetensors.open(path)) {
            MemorySegment a = old.entry("a").data();
            Safetensors.write(path, Map.of(), List.of(new Safetensors.Entry("b", "U8", new long[] {3}, a)));
            assertThat(a.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3);
        }
        try (Safetensors now = Safetensors.open(path)) {
            assertThat(now.entry("b").data().toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3);
        }
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(path);
        }
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNothingElse() throws IOException {
        byte[] good = written(Map.of(), List.of(entry("a", SafetensorsDtype.U8, new byte[1], 1)));
        Path path = file(good);
        assertThatThrownBy(() ->
                        Safetensors.write(path, Map.of(), List.of(entry("a", SafetensorsDtype.F32, new byte[3], 1))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Files.readAllBytes(path)).isEqualTo(good);
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(path);
        }
    }

    @Test
    void refusesToWriteWhatCouldNotBeReadBack() {
        Safetensors.Entry a = entry("a", SafetensorsDtype.U8, new byte[1], 1);
        for (List<Safetensors.Entry> wrong : List.of(
                List.of(a, a),
                List.of(entry("__metadata__", SafetensorsDtype.U8, new byte[1], 1)),
                List.of(entry("x".repeat(5000), SafetensorsDtype.U8, new byte[1], 1)),
                List.of(
                        entry("a", SafetensorsDtype.U8, new byte[0], 0),
                        entry("b", SafetensorsDtype.U8, new byte[0], 0)),
                List.of(entry("a", SafetensorsDtype.U8, new byte[1], new long[65])),
                List.of(new Safetensors.Entry("a", "F4", new long[] {2}, MemorySegment.ofArray(new byte[1]))))) {
            assertThatThrownBy(() -> written(Map.of(), wrong)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> written(Map.of(), List.of(entry("a", SafetensorsDtype.U8, new byte[1], -1, -1))))
                .isInstanceOf(ArithmeticException.class);
    }

    @Test
    void everyTensorIsAlignedToItsDtype() {
        List<Safetensors.Entry> entries = new ArrayList<>();
        for (SafetensorsDtype dtype : SafetensorsDtype.values()) {
            entries.add(entry(dtype + ".x", dtype, new byte[3 * dtype.bytes], 3));
        }
        byte[] whole = written(Map.of(), entries);
        SafetensorsHeader header = SafetensorsHeader.parse("x", MemorySegment.ofArray(whole));
        for (Safetensors.Entry e : header.entries().values()) {
            int bytes = Objects.requireNonNull(SafetensorsDtype.named(e.dtype())).bytes;
            assertThat((whole.length - tail(header, e)) % bytes).as(e.name()).isZero();
        }
    }

    /** Bytes from the beginning of a tensor to the end of the file. */
    private static long tail(SafetensorsHeader header, Safetensors.Entry from) {
        return header.entries().values().stream()
                .dropWhile(e -> !e.name().equals(from.name()))
                .mapToLong(e -> e.data().byteSize())
                .sum();
    }

    @Test
    void saysWhichTensorIsNearest() throws IOException {
        Path path =
                file(written(Map.of(), List.of(entry("blocks.0.norm1.alpha", SafetensorsDtype.U8, new byte[1], 1))));
        try (Safetensors read = Safetensors.open(path)) {
            assertThatThrownBy(() -> read.entry("blocks.0.norm1.alfa"))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("model.safetensors has no tensor")
                    .hasMessageContaining("Did you mean 'blocks.0.norm1.alpha'?");
        }
    }

    @Test
    void aFileThatIsNoSafetensorsFileAtAllIsNamedWithARemedy() throws IOException {
        assertThatThrownBy(() -> Safetensors.open(folder.resolve("none")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("There is no file");
        assertThatThrownBy(() -> Safetensors.open(folder))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is a folder");
        assertThatThrownBy(() -> Safetensors.open(file(new byte[0])))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("0 bytes");
        assertThatThrownBy(() ->
                        Safetensors.open(file("PK\u0003\u0004archive/data.pkl".getBytes(StandardCharsets.ISO_8859_1))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("safetensors.torch.save_file");
        assertThatThrownBy(() -> Safetensors.open(file(
                        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n".getBytes(StandardCharsets.UTF_8))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("git lfs pull");
    }
}
