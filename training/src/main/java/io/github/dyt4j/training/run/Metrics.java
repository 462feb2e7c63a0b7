package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of JSON objects, one a line, that only grows. Each append is one write, so that a killed process leaves whole lines but for the
 * last. A checkpoint records {@link #position} after {@link #force}; a resumed run opens the file with it, and what was written later is
 * cut off, to be written again.
 *
 * <p>Numbers that JSON does not know are the strings {@code "NaN"}, {@code "Infinity"} and {@code "-Infinity"}.
 */
public final class Metrics implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private final Path file;
    private final FileChannel channel;

    private Metrics(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens or creates the file and goes on after its last whole line; a torn one is dropped. */
    public static Metrics open(Path file) throws IOException {
        return open(file, -1);
    }

    /**
     * Opens the file and cuts it at the position that a checkpoint recorded; 0 starts it anew.
     *
     * @throws UserError when the file is shorter, or no line ends there: it is not the file of that checkpoint
     */
    public static Metrics open(Path file, long position) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Metrics metrics = new Metrics(file, channel);
        try {
            metrics.truncate(position < 0 ? metrics.lastLineEnd() : position);
            return metrics;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** The whole lines of a file, oldest first; nothing when there is no file. A torn last line is left out. */
    public static List<Map<String, Object>> read(Path file) throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        if (!Files.exists(file)) {
            return lines;
        }
        String text = Files.readString(file);
        int number = 0;
        for (int start = 0, end; (end = text.indexOf('\n', start)) >= 0; start = end + 1) {
            number++;
            try {
                lines.add(JSON.readValue(text.substring(start, end), OBJECT));
            } catch (JacksonException e) {
                throw new UserError(
                        file + ", line " + number + ": not a JSON object (" + e.getOriginalMessage() + ").", e);
            }
        }
        return lines;
    }

    /**
     * Appends one object: a map or record of what JSON knows.
     *
     * @throws UserError when the disk is full; the file is then as it was before
     */
    public void append(Object line) throws IOException {
        byte[] json = JSON.writeValueAsBytes(line);
        ByteBuffer bytes =
                ByteBuffer.allocate(json.length + 1).put(json).put((byte) '\n').flip();
        long start = channel.position();
        try {
            Store.writeFully(channel, bytes);
        } catch (IOException e) {
            Optional<UserError> full = DiskFull.explain(e, file);
            channel.truncate(start);
            if (full.isPresent()) {
                throw full.get();
            }
            throw e;
        }
    }

    /** Bytes so far: what a checkpoint records. */
    public long position() throws IOException {
        return channel.position();
    }

    /** Returns when every line appended is on the disk; to be called before a checkpoint that records the position is saved. */
    public void force() throws IOException {
        channel.force(true);
    }

    /** Cuts off what was appended after this position, which must be the end of a line. */
    public void truncate(long position) throws IOException {
        if (position > channel.size()) {
            throw new UserError(file + " has " + channel.size() + " bytes, and its checkpoint records " + position
                    + ".\nIt was cut or replaced: restore it, or start the run in another folder.");
        }
        if (position > 0 && byteAt(position - 1) != '\n') {
            throw new UserError(file + " has no line that ends at byte " + position + ", as its checkpoint records.\n"
                    + "It was changed: restore it, or start the run in another folder.");
        }
        channel.truncate(position);
        channel.position(position);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private long lastLineEnd() throws IOException {
        long end = channel.size();
        while (end > 0 && byteAt(end - 1) != '\n') {
            end--;
        }
        return end;
    }

    private byte byteAt(long position) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        return channel.read(one, position) == 1 ? one.get(0) : 0;
    }
}
