package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.Safetensors;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** What Pillow, torchvision and timm make of small inputs (goldens/transforms.py): by name, bytes as images and floats as arrays. */
final class Golden {
    static final Map<String, Image> IMAGES = new LinkedHashMap<>();
    static final Map<String, float[]> FLOATS = new LinkedHashMap<>();
    static final Map<String, int[]> INTS = new LinkedHashMap<>();

    static {
        try {
            URI file = Objects.requireNonNull(Golden.class.getResource("transforms.safetensors"))
                    .toURI();
            try (Safetensors tensors = Safetensors.open(Path.of(file))) {
                tensors.entries().forEach(Golden::put);
            }
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private Golden() {}

    private static void put(String name, Safetensors.Entry entry) {
        long[] s = entry.shape();
        switch (entry.dtype()) {
            case "U8" -> {
                byte[] bytes = entry.data().toArray(ValueLayout.JAVA_BYTE);
                IMAGES.put(name, new Image((int) s[1], (int) s[0], (int) s[2], bytes));
            }
            case "F32" -> FLOATS.put(name, entry.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
            case "I32" -> INTS.put(name, entry.data().toArray(ValueLayout.JAVA_INT_UNALIGNED));
            default -> throw new IllegalStateException(name + " is " + entry.dtype());
        }
    }

    static Image image(String name) {
        return Objects.requireNonNull(IMAGES.get(name), name);
    }

    static float[] floats(String name) {
        return Objects.requireNonNull(FLOATS.get(name), name);
    }
}
