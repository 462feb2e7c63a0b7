package io.github.dyt4j.formats;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A safetensors file: eight bytes N (unsigned, little-endian), N bytes of JSON that begin with an opening brace and say of each
 * tensor its {@code dtype}, {@code shape} and {@code data_offsets}, then the tensors' bytes (little-endian, row-major) without holes
 * (<a href="https://github.com/huggingface/safetensors">github.com/huggingface/safetensors</a>).
 *
 * <p>Reading maps the file into memory: opening costs the header alone and a tensor's bytes come from disk when they are touched. Stricter
 * than the reference: refused are also duplicate names, two tensors with the same bytes even when empty, unknown fields, more than
 * {@value SafetensorsHeader#MAX_TENSORS} tensors, names over {@value SafetensorsHeader#MAX_NAME} characters and more than
 * {@value SafetensorsHeader#MAX_RANK} dimensions. Everything wrong with a file is a {@link UserError} that names it.
 *
 * <p>The mapped bytes are valid until {@link #close}. A file must not be cut while it is open; {@link #write(Path, Map, List)} never does
 * that, since it renames a new file over the old one.
 */
public final class Safetensors implements AutoCloseable {
    /**
     * One tensor.
     *
     * @param dtype the format's name: F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL C64 F8_E4M3 F8_E5M2 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ
     * @param shape no dimension for a scalar
     * @param data exactly the tensor's bytes, little-endian, with no promise of alignment
     */
    @SuppressWarnings("ArrayRecordComponent") // a tensor's shape is a long[] everywhere else too
    public record Entry(String name, String dtype, long[] shape, MemorySegment data) {}

    private final Path file;
    private final Arena arena;
    private final SafetensorsHeader header;

    private Safetensors(Path file, Arena arena, SafetensorsHeader header) {
        this.file = file;
        this.arena = arena;
        this.header = header;
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the opened file
    public static Safetensors open(Path file) {
        Arena arena = Arena.ofShared();
        boolean sound = false;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            Safetensors opened = new Safetensors(file, arena, SafetensorsHeader.parse(file.toString(), whole));
            sound = true;
            return opened;
        } catch (NoSuchFileException e) {
            throw new UserError("There is no file " + file + ".", e);
        } catch (IOException e) {
            throw new UserError(
                    Files.isDirectory(file)
                            ? file + " is a folder; a safetensors file is wanted."
                            : "Cannot read " + file + ": " + e.getMessage(),
                    e);
        } finally {
            if (!sound) {
                arena.close();
            }
        }
    }

    /** The tensors by name, in the header's order. */
    public SequencedMap<String, Entry> entries() {
        return Collections.unmodifiableSequencedMap(header.entries());
    }

    /** The tensor of this name; a {@link UserError} with the nearest name when there is none. */
    public Entry entry(String name) {
        Entry entry = header.entries().get(name);
        if (entry == null) {
            throw new UserError(file + " has no tensor '" + name + "'."
                    + Nearest.hint(name, header.entries().keySet()));
        }
        return entry;
    }

    /** The free text beside the tensors; empty when there is none. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /** Unmaps the file; the data of its entries cannot be read afterwards. */
    @Override
    public void close() {
        arena.close();
    }

    /**
     * Writes the file beside its place, forces it to disk and renames it over what was there, so that a reader sees the old file or
     * the new one, and whoever has the old one mapped keeps it.
     *
     * @throws IllegalArgumentException when the entries could not be read back: same name twice, bytes that do not fit the shape, …
     */
    public static void write(Path file, Map<String, String> metadata, List<Entry> entries) throws IOException {
        SafetensorsWriter.write(file, metadata, entries);
    }

    /**
     * Writes to a channel, which stays open. Same bytes for the same content whatever its order: tensors are sorted by dtype (widest
     * first, so that each is aligned) and name, and the header is padded with spaces to eight bytes, as by the reference.
     */
    public static void write(WritableByteChannel out, Map<String, String> metadata, List<Entry> entries)
            throws IOException {
        SafetensorsWriter.write(out, metadata, entries);
    }
}
