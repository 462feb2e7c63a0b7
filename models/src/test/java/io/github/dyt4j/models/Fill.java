package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.bytedeco.pytorch.Tensor;

/**
 * Weights, inputs and labels by the formula of {@code goldens/fill.py}, to the bit: z = splitmix64(crc32(name)·2³² + index),
 * u = (z ≫ 40)·2⁻²³ − 1, value = centre + scale·u.
 */
final class Fill {
    private Fill() {}

    static long hash(long key, long index) {
        long z = (key << 32) + index + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    static long key(String name) {
        var crc = new CRC32();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    static void parameters(Parameters parameters) {
        parameters.trainable().forEach((name, parameter) -> {
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                parameter.copy_(tensor(name, name, Tensors.shape(parameter)));
            }
        });
    }

    /** Tensors that are not trained, as a teacher's: those whose names begin so. */
    static void buffers(Parameters parameters, String prefix) {
        parameters.state().forEach((name, t) -> {
            if (name.startsWith(prefix)) {
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    t.copy_(tensor(name, name, Tensors.shape(t)));
                }
            }
        });
    }

    /** Of a parameter or buffer of this name. */
    static Tensor tensor(String name, long... shape) {
        return tensor(name, name, shape);
    }

    static Tensor input(String name, long... shape) {
        return tensor(name, "input", shape);
    }

    static Tensor labels(String name, int count, int classes) {
        long[] labels = new long[count];
        for (int i = 0; i < count; i++) {
            labels[i] = Long.remainderUnsigned(hash(key(name), i), classes);
        }
        return Tensors.of(labels, count);
    }

    /** The tensor of this name by the rule of that kind. */
    static Tensor tensor(String name, String kind, long... shape) {
        int count = 1;
        for (long s : shape) {
            count = Math.multiplyExact(count, Math.toIntExact(s));
        }
        double fan = shape[0] == 0 ? 0 : (double) count / shape[0];
        double centre = 0;
        double scale;
        if (kind.equals("input")) {
            scale = Math.sqrt(3);
        } else if (kind.equals("cls_token") || kind.equals("pos_embed")) {
            scale = 0.5;
        } else if (kind.endsWith("embed_scale")) {
            centre = 2;
            scale = 0.5;
        } else if (kind.endsWith("alpha")) {
            centre = 0.5;
            scale = 0.1;
        } else if (shape.length > 1) {
            scale = 1 / Math.sqrt(fan);
        } else if (kind.endsWith("weight")) {
            centre = 1;
            scale = 0.2;
        } else {
            scale = 0.1;
        }
        long key = key(name);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (centre + scale * ((hash(key, i) >>> 40) * 0x1p-23 - 1));
        }
        return Tensors.of(values, shape);
    }
}
