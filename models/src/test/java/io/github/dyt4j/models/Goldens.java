package io.github.dyt4j.models;

import io.github.dyt4j.formats.Safetensors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The fixtures that {@code goldens/*.py} made. */
final class Goldens {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Goldens() {}

    /** Every tensor of a safetensors fixture, flat. */
    static SequencedMap<String, float[]> tensors(String file) {
        SequencedMap<String, float[]> tensors = new LinkedHashMap<>();
        try (Safetensors opened = Safetensors.open(Path.of(resource(file).toURI()))) {
            opened.entries()
                    .forEach((name, entry) -> tensors.put(name, entry.data().toArray(FLOAT)));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        return tensors;
    }

    static JsonNode json(String file) {
        try (InputStream in = resource(file).openStream()) {
            return JsonMapper.shared().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static URL resource(String file) {
        return Objects.requireNonNull(Goldens.class.getResource("/goldens/" + file), file);
    }
}
