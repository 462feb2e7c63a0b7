package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedWeightsTest {
    private static final float[] VALUES = {1, -2.5f, 0.125f, 3, 0, -1};

    @TempDir
    Path folder;

    private Path file(String name, String dtype, String... tensors) throws IOException {
        Path file = folder.resolve(name);
        try (var _ = new Scope()) {
            SequencedMap<String, Tensor> state = new LinkedHashMap<>();
            ScalarType type = Objects.requireNonNull(Weights.type(dtype));
            for (String tensor : tensors) {
                state.put(tensor, Tensors.of(VALUES, 2, 3).to(type));
            }
            Weights.save(file, Map.of(), state);
        }
        return file;
    }

    /** What is written into the file behind the tensor's back shows in it: it is the file's own bytes. */
    @Test
    void aTensorOfTheWantedDtypeIsTheFile() throws IOException {
        Path f32 = file("a.safetensors", "F32", "a");
        try (MappedWeights weights = MappedWeights.open(List.of(f32), Dtype.F32);
                var _ = new Scope()) {
            Tensor a = weights.tensor("a", new long[] {2, 3});
            assertThat(Tensors.floats(a)).containsExactly(VALUES);
            try (FileChannel out = FileChannel.open(f32, StandardOpenOption.WRITE)) {
                out.write(
                        MemorySegment.ofArray(new byte[] {0, 0, (byte) 0x80, 0x40})
                                .asByteBuffer(),
                        out.size() - 4);
            }
            assertThat(Tensors.floats(a)).containsExactly(1, -2.5f, 0.125f, 3, 0, 4);
        }
    }

    @Test
    void everyOtherIsConverted() throws IOException {
        List<Path> files = List.of(
                file("a.safetensors", "F32", "a"),
                file("b.safetensors", "BF16", "b"),
                file("c.safetensors", "F16", "c"),
                file("d.safetensors", "F64", "d"));
        for (Dtype dtype : Dtype.values()) {
            try (MappedWeights weights = MappedWeights.open(files, dtype);
                    var _ = new Scope()) {
                for (String name : new String[] {"a", "b", "c", "d"}) {
                    Tensor t = weights.tensor(name, new long[] {2, 3});
                    assertThat(Memory.dtype(t)).as(name).isEqualTo(dtype);
                    assertThat(Tensors.floats(t.to(ScalarType.Float))).as(name).containsExactly(VALUES);
                }
            }
        }
    }

    /** The format promises no alignment: an odd byte before a tensor makes it a copy with the same values. */
    @Test
    void whatIsNotAlignedIsCopied() throws IOException {
        Path file = folder.resolve("odd.safetensors");
        byte[] header =
                "{\"o\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}"
                        .getBytes(StandardCharsets.UTF_8);
        java.nio.ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + 5)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .put((byte) 7)
                .putFloat(2.5f);
        Files.write(file, bytes.array());
        try (MappedWeights weights = MappedWeights.open(List.of(file), Dtype.F32);
                var _ = new Scope()) {
            Tensor a = weights.tensor("a", new long[] {1});
            assertThat(Tensors.floats(a)).containsExactly(2.5f);
            assertThat(Memory.address(a) % 4).isZero();
        }
    }

    @Test
    void everyFaultIsListedAtOnce() throws IOException {
        List<Path> files =
                List.of(file("a.safetensors", "F32", "a", "more", "cache"), file("i.safetensors", "I32", "i"));
        SequencedMap<String, long[]> wanted = new LinkedHashMap<>();
        wanted.put("a", new long[] {3, 2});
        wanted.put("i", new long[] {2, 3});
        wanted.put("lacking", new long[] {1});
        try (MappedWeights weights = MappedWeights.open(files, Dtype.F32)) {
            assertThatThrownBy(() -> weights.check(wanted, Set.of("cache")))
                    .isInstanceOf(UserError.class)
                    .hasMessageContainingAll(
                            "1 missing, 1 unexpected, 1 of another shape, 1 of another dtype",
                            "missing lacking [1]",
                            "unexpected more [2, 3]",
                            "a is [2, 3] in the file and [3, 2] in the model",
                            "i is of dtype I32")
                    .hasMessageNotContaining("cache");
            wanted.remove("lacking");
            wanted.remove("i");
            wanted.put("a", new long[] {2, 3});
            weights.check(wanted, Set.of("cache", "more", "i"));
        }
    }

    @Test
    void oneNameInTwoFilesIsRefused() throws IOException {
        List<Path> files = List.of(file("a.safetensors", "F32", "a"), file("b.safetensors", "F32", "a"));
        assertThatThrownBy(() -> MappedWeights.open(files, Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll("a.safetensors", "b.safetensors", "'a'");
    }

    /** A model on mapped weights owns the mapping. */
    @Test
    void parametersCloseTheirSource() throws IOException {
        Path file = file("a.safetensors", "F32", "a");
        MappedWeights weights = MappedWeights.open(List.of(file), Dtype.F32);
        try (Parameters parameters = Parameters.root(weights)) {
            try (var _ = new Scope()) {
                assertThat(Tensors.floats(parameters.parameter("a", Tensors.empty(2, 3))))
                        .containsExactly(VALUES);
            }
        }
        assertThatThrownBy(() -> weights.tensor("a", new long[] {2, 3})).isInstanceOf(UserError.class);
        try (Safetensors again = Safetensors.open(file)) {
            assertThat(again.entries()).hasSize(1);
        }
    }
}
