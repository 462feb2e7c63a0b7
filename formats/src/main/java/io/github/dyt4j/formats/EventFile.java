package io.github.dyt4j.formats;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Scalars in TensorBoard's event file, which is a sequence of records
 * {@code length (u64) | masked CRC-32C of length (u32) | data | masked CRC-32C of data (u32)}, little-endian, where
 * {@code masked(c) = rotateRight(c, 15) + 0xa282ead8} (TensorFlow, record_writer.h) and the data are a protobuf {@code Event}
 * (event.proto, summary.proto). TensorBoard finds the file when its name contains {@code tfevents}.
 *
 * <p>Append only. A resumed run opens the file with the {@link #length} that its checkpoint recorded, and what was written after that
 * is cut off.
 */
public final class EventFile implements AutoCloseable {
    private static final int MASK = 0xa282ead8;

    private final FileChannel channel;

    private EventFile(FileChannel channel) {
        this.channel = channel;
    }

    /** Opens or creates the file and goes on at its end. */
    public static EventFile open(Path file) throws IOException {
        return open(file, Long.MAX_VALUE);
    }

    /** Opens the file and cuts it to this length; 0 starts it anew. A shorter file is a {@link UserError}, unless Long.MAX_VALUE was asked. */
    public static EventFile open(Path file, long length) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            long size = channel.size();
            if (length != Long.MAX_VALUE && size < length) {
                throw new UserError(file + " has " + size + " bytes, and its checkpoint records " + length
                        + ".\nIt was cut or replaced: restore it, or start the run in another folder.");
            }
            channel.truncate(Math.min(size, length));
            channel.position(channel.size());
            EventFile events = new EventFile(channel);
            if (channel.size() == 0) {
                events.record(version());
            }
            return events;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Appends one event that holds all these scalars of a step.
     *
     * @param wallTime seconds since 1970; TensorBoard shows it and can order by it
     */
    public void append(double wallTime, long step, Map<String, ? extends Number> scalars) throws IOException {
        Protobuf summary = new Protobuf();
        scalars.forEach((tag, value) -> summary.bytes(
                1,
                new Protobuf()
                        .bytes(1, tag.getBytes(StandardCharsets.UTF_8))
                        .float32(2, value.floatValue())
                        .toArray()));
        record(new Protobuf()
                .float64(1, wallTime)
                .varint(2, step)
                .bytes(5, summary.toArray())
                .toArray());
    }

    /** As {@link #append(double, long, Map)}, now. */
    public void append(long step, Map<String, ? extends Number> scalars) throws IOException {
        append(System.currentTimeMillis() / 1000.0, step, scalars);
    }

    /** Bytes so far: what a checkpoint records. */
    public long length() throws IOException {
        return channel.position();
    }

    /** Returns when everything appended is on the disk. */
    public void force() throws IOException {
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static byte[] version() {
        return new Protobuf()
                .float64(1, System.currentTimeMillis() / 1000.0)
                .bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8))
                .toArray();
    }

    private void record(byte[] data) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(masked(record.array(), 8));
        record.put(data).putInt(masked(data, data.length)).flip();
        long start = channel.position();
        try {
            while (record.hasRemaining()) {
                channel.write(record);
            }
        } catch (IOException e) {
            channel.truncate(start);
            throw e;
        }
    }

    private static int masked(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }
}
