package io.github.dyt4j.torch;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of safetensors files, on the files' mapped bytes: those of the wanted dtype cost no memory of their own and come from disk when
 * they are touched; every other is converted to it.
 *
 * <p>The bytes are mapped for reading: whoever writes into such a tensor ends the process, as does whoever reads one after {@link #close}.
 */
public final class MappedWeights implements TensorSource {
    private static final int LISTED = 4;

    /** A tensor and the file that it is in. */
    private record Found(Path file, Safetensors.Entry entry) {}

    /** libtorch's view of an address. */
    private static final class Address extends Pointer {
        Address(long address) {
            this.address = address;
        }
    }

    private final Dtype dtype;
    private final List<Safetensors> files = new ArrayList<>();
    private final SequencedMap<String, Found> found = new LinkedHashMap<>();

    private MappedWeights(Dtype dtype) {
        this.dtype = dtype;
    }

    /**
     * Maps the files.
     *
     * @param dtype of the tensors that {@link #tensor} gives
     * @throws UserError where a file is missing or broken, or two files have a tensor of the same name
     */
    public static MappedWeights open(List<Path> files, Dtype dtype) {
        MappedWeights weights = new MappedWeights(dtype);
        boolean sound = false;
        try {
            files.forEach(weights::add);
            sound = true;
            return weights;
        } finally {
            if (!sound) {
                weights.close();
            }
        }
    }

    private void add(Path file) {
        Safetensors opened = Safetensors.open(file);
        files.add(opened);
        opened.entries().forEach((name, entry) -> {
            Found other = found.putIfAbsent(name, new Found(file, entry));
            if (other != null) {
                throw new UserError("Both " + other.file + " and " + file + " have a tensor '" + name
                        + "': they are not parts of one model.");
            }
        });
    }

    /** The names of all tensors. */
    public Set<String> names() {
        return Collections.unmodifiableSet(found.keySet());
    }

    /**
     * That the files hold these tensors and no others.
     *
     * @param tolerated names that may be there and are not read
     * @throws UserError that lists together what is missing, unexpected, of another shape or of a dtype that is not read
     */
    public void check(SequencedMap<String, long[]> wanted, Set<String> tolerated) {
        List<String> missing = new ArrayList<>();
        List<String> shapes = new ArrayList<>();
        List<String> dtypes = new ArrayList<>();
        wanted.forEach((name, shape) -> {
            Found there = found.get(name);
            if (there == null) {
                missing.add("missing " + name + " " + Arrays.toString(shape));
            } else if (!Arrays.equals(there.entry.shape(), shape)) {
                shapes.add(name + " is " + Arrays.toString(there.entry.shape()) + " in the file and "
                        + Arrays.toString(shape) + " in the model");
            } else if (type(there.entry) == null) {
                dtypes.add(name + " is of dtype " + there.entry.dtype() + "; F32, BF16, F16 and F64 are read");
            }
        });
        List<String> unexpected = new ArrayList<>();
        found.forEach((name, there) -> {
            if (!wanted.containsKey(name) && !tolerated.contains(name)) {
                unexpected.add("unexpected " + name + " " + Arrays.toString(there.entry.shape()));
            }
        });
        // Each kind of fault is shown, however many there are of another.
        List<String> lines = Stream.of(missing, unexpected, shapes, dtypes)
                .flatMap(MappedWeights::listed)
                .toList();
        if (!lines.isEmpty()) {
            throw new UserError("The weights are not those of this model: " + missing.size() + " missing, "
                    + unexpected.size() + " unexpected, " + shapes.size() + " of another shape, " + dtypes.size()
                    + " of another dtype.\n  " + String.join("\n  ", lines));
        }
    }

    private static Stream<String> listed(List<String> faults) {
        Stream<String> first = faults.stream().limit(LISTED);
        return faults.size() > LISTED
                ? Stream.concat(first, Stream.of("and " + (faults.size() - LISTED) + " more like it"))
                : first;
    }

    @Override
    public Tensor tensor(String name, long[] shape) {
        Found there = found.get(name);
        if (there == null) {
            throw new UserError("The weights have no tensor '" + name + "'.");
        }
        Safetensors.Entry entry = there.entry;
        ScalarType type = type(entry);
        if (type == null || !Arrays.equals(entry.shape(), shape)) {
            throw new UserError(there.file + ": " + name + " is " + entry.dtype() + Arrays.toString(entry.shape())
                    + "; floating numbers of shape " + Arrays.toString(shape) + " are wanted.");
        }
        ScalarType wanted = dtype == Dtype.F32 ? ScalarType.Float : ScalarType.BFloat16;
        long address = entry.data().address();
        if (type == wanted && entry.data().byteSize() > 0 && address % dtype.bytes() == 0) {
            return torch.from_blob(new Address(address), shape, new TensorOptions(type));
        }
        try (var _ = Grad.off()) {
            return Weights.tensor(there.file, entry).to(wanted);
        }
    }

    private static @Nullable ScalarType type(Safetensors.Entry entry) {
        ScalarType type = Weights.type(entry.dtype());
        return type == ScalarType.Float
                        || type == ScalarType.BFloat16
                        || type == ScalarType.Half
                        || type == ScalarType.Double
                ? type
                : null;
    }

    @Override
    public void close() {
        files.forEach(Safetensors::close);
        files.clear();
        found.clear();
    }
}
