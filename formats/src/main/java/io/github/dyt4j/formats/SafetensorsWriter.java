package io.github.dyt4j.formats;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/** Writes what {@link SafetensorsHeader} reads, byte for byte as the reference library does. */
final class SafetensorsWriter {
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonWriteFeature.ESCAPE_FORWARD_SLASHES)
            .build();
    private static final long CHUNK = 1 << 26;

    private record Typed(SafetensorsDtype dtype, Safetensors.Entry entry) {
        byte[] utf8() {
            return entry.name().getBytes(StandardCharsets.UTF_8);
        }
    }

    private SafetensorsWriter() {}

    static void write(Path file, Map<String, String> metadata, List<Safetensors.Entry> entries) throws IOException {
        Path target = file.toAbsolutePath();
        Path folder = target.getParent();
        if (folder == null) {
            throw new IOException(file + " is not a file's path");
        }
        // Not createTempFile, whose files nobody else may read.
        Path beside = folder.resolve("." + target.getFileName() + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel out = FileChannel.open(beside, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                write(out, metadata, entries);
                out.force(true);
            }
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    static void write(WritableByteChannel out, Map<String, String> metadata, List<Safetensors.Entry> entries)
            throws IOException {
        List<Typed> inOrder = entries.stream()
                .map(SafetensorsWriter::checked)
                .sorted(Comparator.comparing(Typed::dtype).thenComparing(Typed::utf8, Arrays::compareUnsigned))
                .toList();
        byte[] header = header(metadata, inOrder);
        int padding = -header.length & 7;
        ByteBuffer head = ByteBuffer.allocate(8 + header.length + padding).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(header.length + padding).put(header);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        writeFully(out, head.flip());
        for (Typed typed : inOrder) {
            MemorySegment data = typed.entry.data();
            for (long from = 0; from < data.byteSize(); from += CHUNK) {
                writeFully(
                        out,
                        data.asSlice(from, Math.min(CHUNK, data.byteSize() - from))
                                .asByteBuffer());
            }
        }
    }

    private static Typed checked(Safetensors.Entry entry) {
        SafetensorsDtype dtype = SafetensorsDtype.named(entry.dtype());
        if (dtype == null) {
            throw new IllegalArgumentException("tensor '" + entry.name() + "' has the unknown dtype " + entry.dtype());
        }
        if (entry.name().equals(SafetensorsHeader.METADATA) || entry.name().length() > SafetensorsHeader.MAX_NAME) {
            throw new IllegalArgumentException("'" + entry.name() + "' cannot be a tensor's name");
        }
        if (entry.shape().length > SafetensorsHeader.MAX_RANK
                || dtype.bytes(entry.shape()) != entry.data().byteSize()) {
            throw new IllegalArgumentException("tensor '" + entry.name() + "': "
                    + entry.data().byteSize() + " bytes are not " + dtype + Arrays.toString(entry.shape()));
        }
        return new Typed(dtype, entry);
    }

    private static byte[] header(Map<String, String> metadata, List<Typed> inOrder) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Set<String> names = new HashSet<>();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectPropertyStart(SafetensorsHeader.METADATA);
                new TreeMap<>(metadata).forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            long offset = 0;
            long emptyAt = -1;
            for (Typed typed : inOrder) {
                Safetensors.Entry entry = typed.entry;
                if (!names.add(entry.name())) {
                    throw new IllegalArgumentException("two tensors are called '" + entry.name() + "'");
                }
                long end = offset + entry.data().byteSize();
                if (end == offset && emptyAt == offset) {
                    throw new IllegalArgumentException(
                            "tensor '" + entry.name() + "' is empty and would share its place with another empty one");
                }
                emptyAt = end == offset ? offset : emptyAt;
                json.writeObjectPropertyStart(entry.name());
                json.writeStringProperty("dtype", typed.dtype.name());
                json.writeName("shape");
                json.writeArray(entry.shape(), 0, entry.shape().length);
                json.writeName("data_offsets");
                json.writeArray(new long[] {offset, end}, 0, 2);
                json.writeEndObject();
                offset = end;
            }
            json.writeEndObject();
        }
        if (names.size() > SafetensorsHeader.MAX_TENSORS || bytes.size() > SafetensorsHeader.MAX_HEADER - 8) {
            throw new IllegalArgumentException("the header would pass the format's limit of "
                    + SafetensorsHeader.MAX_HEADER + " bytes or " + SafetensorsHeader.MAX_TENSORS + " tensors");
        }
        return bytes.toByteArray();
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
