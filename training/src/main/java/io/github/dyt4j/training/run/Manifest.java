package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code manifest.json} of a checkpoint: {@code {"step": 40, "files": {"model.safetensors": {"bytes": 1234, "sha256": "…"}}}}. */
final class Manifest {
    static final String FILE = "manifest.json";
    private static final int MAX_BYTES = 1 << 20;
    private static final JsonMapper JSON = JsonMapper.shared();

    private record Size(long bytes, String sha256) {}

    private final long step;
    private final Map<String, Size> files = new LinkedHashMap<>();

    Manifest(long step) {
        this.step = step;
    }

    void add(String file, long bytes, String sha256) {
        files.put(file, new Size(bytes, sha256));
    }

    byte[] toJson() {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("step", step);
        root.put("files", files);
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    /** A name in the checkpoint's own folder: a manifest is read from disk and may not point elsewhere. */
    static void requirePlain(String file) {
        if (!file.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*") || file.equals(FILE)) {
            throw new IllegalArgumentException("'" + file + "' cannot be a file of a checkpoint");
        }
    }

    /** What is wrong with the checkpoint in this folder, or nothing when every file is as the manifest says. */
    static Optional<String> fault(Store store, Path folder, long step) {
        try {
            byte[] bytes;
            try (InputStream in = store.read(folder.resolve(FILE))) {
                bytes = in.readNBytes(MAX_BYTES);
            }
            JsonNode root = JSON.readTree(bytes);
            if (!root.path("step").isIntegralNumber() || root.path("step").asLong() != step) {
                return Optional.of(FILE + " is of another step");
            }
            if (!root.path("files").isObject()) {
                return Optional.of(FILE + " lists no files");
            }
            for (Map.Entry<String, JsonNode> file : root.path("files").properties()) {
                requirePlain(file.getKey());
                try (Counted in = new Counted(store.read(folder.resolve(file.getKey())))) {
                    String sha256 = Digest.sha256(in);
                    if (in.bytes != file.getValue().path("bytes").asLong(-1)) {
                        return Optional.of(file.getKey() + " has " + in.bytes + " bytes instead of "
                                + file.getValue().path("bytes").asString());
                    }
                    if (!sha256.equals(file.getValue().path("sha256").asString())) {
                        return Optional.of(file.getKey() + " has other bytes than were written");
                    }
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("not whole (" + e + ")");
        } catch (JacksonException | IllegalArgumentException e) {
            return Optional.of(FILE + " cannot be read");
        }
    }

    private static final class Counted extends java.io.FilterInputStream {
        private long bytes;

        Counted(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int n = super.read(buffer, offset, length);
            bytes += Math.max(n, 0);
            return n;
        }
    }
}
