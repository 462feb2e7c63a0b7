package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Keys and values of the tokens that a decoder has seen, so that the next token costs one position: two (1, Hkv, capacity, d) a layer. */
public final class KvCache implements AutoCloseable {
    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();
    private final int capacity;
    private int length;

    KvCache(int layers, int kvHeads, int capacity, int headDim, ScalarType dtype) {
        this.capacity = capacity;
        long[] shape = {1, kvHeads, capacity, headDim};
        try (var _ = new Scope()) {
            for (int i = 0; i < layers; i++) {
                keys.add(Scope.keep(torch.empty(shape, new TensorOptions(dtype), new MemoryFormatOptional())));
                values.add(Scope.keep(torch.empty(shape, new TensorOptions(dtype), new MemoryFormatOptional())));
            }
        }
    }

    /** How many tokens it holds: the position of the next one. */
    public int length() {
        return length;
    }

    public int capacity() {
        return capacity;
    }

    /** Forgets all tokens after the first {@code length}. */
    public void truncate(int length) {
        if (length < 0 || length > this.length) {
            throw new IllegalArgumentException("cannot keep " + length + " of " + this.length + " tokens");
        }
        this.length = length;
    }

    /** Puts keys (1, Hkv, T, d) after those of the layer; returns all of them, (1, Hkv, length + T, d). */
    Tensor keys(int layer, Tensor k) {
        return put(keys.get(layer), k);
    }

    Tensor values(int layer, Tensor v) {
        return put(values.get(layer), v);
    }

    private Tensor put(Tensor all, Tensor more) {
        long t = more.size(2);
        if (length + t > capacity) {
            throw new IllegalStateException("the cache holds " + capacity + " tokens and is asked for " + (length + t));
        }
        try (var _ = Grad.off()) {
            all.narrow(2, length, t).copy_(more);
            return all.narrow(2, 0, length + t);
        }
    }

    /** After all layers have put theirs. */
    void advance(long tokens) {
        length += (int) tokens;
    }

    @Override
    public void close() {
        keys.forEach(Scope::release);
        values.forEach(Scope::release);
        keys.clear();
        values.clear();
    }
}
