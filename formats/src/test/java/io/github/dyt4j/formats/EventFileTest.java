package io.github.dyt4j.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
    @TempDir
    Path folder;

    private record Event(double wallTime, long step, String version, Map<String, Float> scalars) {}

    /** CRC-32C bit by bit (RFC 3720, appendix B.4), not the JDK's. */
    private static int crc32c(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 0xff;
            for (int i = 0; i < 8; i++) {
                crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1));
            }
        }
        return ~crc;
    }

    private static int masked(byte[] bytes) {
        int crc = crc32c(bytes);
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    private static List<Event> read(Path file) throws IOException {
        List<Event> events = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            assertThat(in.getInt()).isEqualTo(masked(length));
            byte[] data = new byte
                    [Math.toIntExact(ByteBuffer.wrap(length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong())];
            in.get(data);
            assertThat(in.getInt()).isEqualTo(masked(data));
            events.add(event(ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN)));
        }
        return events;
    }

    private static Event event(ByteBuffer in) {
        double wallTime = 0;
        long step = 0;
        String version = "";
        Map<String, Float> scalars = new LinkedHashMap<>();
        while (in.hasRemaining()) {
            switch (in.get()) {
                case 1 << 3 | 1 -> wallTime = in.getDouble();
                case 2 << 3 -> step = varint(in);
                case 3 << 3 | 2 -> version = text(message(in));
                case 5 << 3 | 2 -> {
                    ByteBuffer summary = message(in);
                    while (summary.hasRemaining()) {
                        assertThat(summary.get()).isEqualTo((byte) (1 << 3 | 2));
                        ByteBuffer value = message(summary);
                        assertThat(value.get()).isEqualTo((byte) (1 << 3 | 2));
                        String tag = text(message(value));
                        assertThat(value.get()).isEqualTo((byte) (2 << 3 | 5));
                        scalars.put(tag, value.getFloat());
                        assertThat(value.hasRemaining()).isFalse();
                    }
                }
                default -> throw new AssertionError("unknown field");
            }
        }
        return new Event(wallTime, step, version, scalars);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (b & 0x7fL) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static ByteBuffer message(ByteBuffer in) {
        int length = Math.toIntExact(varint(in));
        ByteBuffer message = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + length);
        return message;
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    @Test
    void whatIsAppendedIsReadBackAndEveryChecksumHolds() throws IOException {
        assertThat(crc32c("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0xe3069283);
        Path file = folder.resolve("events.out.tfevents.x");
        Map<String, Double> scalars = new LinkedHashMap<>();
        scalars.put("train/loss", 2.25);
        scalars.put("α " + "x".repeat(200), Double.NaN);
        try (EventFile events = EventFile.open(file)) {
            events.append(12.5, 0, scalars);
            events.append(13.5, 1L << 40, Map.of("test/accuracy", 0.8125f));
            events.append(14.5, -1, Map.of());
            events.force();
            assertThat(events.length()).isEqualTo(Files.size(file));
        }
        List<Event> read = read(file);
        assertThat(read.getFirst().version).isEqualTo("brain.Event:2");
        assertThat(read.subList(1, 4))
                .containsExactly(
                        new Event(12.5, 0, "", Map.of("train/loss", 2.25f, "α " + "x".repeat(200), Float.NaN)),
                        new Event(13.5, 1L << 40, "", Map.of("test/accuracy", 0.8125f)),
                        new Event(14.5, -1, "", Map.of()));
        // how every file of TensorFlow's begins: a record of 24 bytes, and the masked checksum of that 24
        assertThat(Files.readAllBytes(file)).startsWith(0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22, 0x09);
    }

    @Test
    void aResumedRunCutsTheFileAtTheRecordedLength() throws IOException {
        Path file = folder.resolve("events.out.tfevents.x");
        long length;
        try (EventFile events = EventFile.open(file)) {
            events.append(1, 1, Map.of("a", 1));
            length = events.length();
            events.append(2, 2, Map.of("a", 2));
        }
        byte[] unbroken = Files.readAllBytes(file);
        try (EventFile events = EventFile.open(file, length)) {
            events.append(2, 2, Map.of("a", 2));
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(unbroken);
        try (EventFile events = EventFile.open(file)) {
            events.append(3, 3, Map.of("a", 3));
        }
        assertThat(read(file)).hasSize(4);
        assertThatThrownBy(() -> EventFile.open(file, 1 << 20))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("its checkpoint records 1048576");
        try (EventFile events = EventFile.open(file, 0)) {
            assertThat(events.length()).isEqualTo(12 + 24 + 4);
        }
    }
}
