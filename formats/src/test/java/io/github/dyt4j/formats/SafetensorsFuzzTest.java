package io.github.dyt4j.formats;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sound files, damaged with knowledge of their structure: nothing but a UserError may come out, at a bounded cost. More of it:
 * {@code -Ddyt4j.fuzz=40000000 -Ddyt4j.seed=7}.
 */
class SafetensorsFuzzTest {
    private static final int INPUTS = Integer.getInteger("dyt4j.fuzz", 100_000);
    private static final long SEED = Long.getLong("dyt4j.seed", 1);
    private static final String[] PIECES = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u0000",
        "-1",
        "0",
        "1e9",
        "1.5",
        "null",
        "true",
        "9223372036854775807",
        "18446744073709551615",
        "\"dtype\"",
        "\"shape\"",
        "\"data_offsets\"",
        "\"__metadata__\"",
        "\"F32\"",
        "\"BF16\"",
        "\"X\"",
        "\ud83d\ude00",
        "\\ud800",
        "[0,0]",
        "[[[[[",
        "{\"a\":",
        " ",
        "\0"
    };
    private static final long[] LENGTHS = {
        -1, 0, 1, 2, 100_000_000, 100_000_001, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE
    };

    @TempDir
    Path folder;

    @Test
    void onlyUserErrorsComeOutAtABoundedCost() {
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int read = 0;
        for (int i = 0; i < INPUTS; i++) {
            int input = i;
            byte[] file = damaged(new SplittableRandom(SEED + i));
            long bytesBefore = thread.getCurrentThreadAllocatedBytes();
            long before = thread.getCurrentThreadCpuTime();
            read += accepted(file, i) ? 1 : 0;
            long bytes = thread.getCurrentThreadAllocatedBytes() - bytesBefore;
            long nanos = thread.getCurrentThreadCpuTime() - before;
            assertThat(bytes).as(() -> "heap for " + describe(file, input)).isLessThan(64L << 20);
            // the first inputs load and compile the parser
            assertThat(nanos)
                    .as(() -> "time for " + describe(file, input))
                    .isLessThan(i < 100 ? 5_000_000_000L : 500_000_000L);
        }
        assertThat(read).isBetween(INPUTS / 100, INPUTS / 2);
    }

    @Test
    void soDoTheyFromAMappedFile() throws IOException {
        Path path = folder.resolve("x.safetensors");
        for (int i = 0; i < 500; i++) {
            byte[] file = damaged(new SplittableRandom(~SEED + i));
            Files.write(path, file);
            try (Safetensors opened = Safetensors.open(path)) {
                assertThat(opened.entries().values())
                        .allSatisfy(e -> assertThat(e.data().byteSize()).isLessThanOrEqualTo(file.length));
            } catch (UserError e) {
                assertThat(String.valueOf(e.getMessage()).lines().count()).isLessThanOrEqualTo(3);
            }
        }
    }

    private static boolean accepted(byte[] file, int i) {
        try {
            SafetensorsHeader.parse("x", MemorySegment.ofArray(file));
            return true;
        } catch (UserError e) {
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError(describe(file, i), e);
        }
    }

    private static String describe(byte[] file, int i) {
        return "seed " + SEED + ", input " + i + ": " + HexFormat.of().formatHex(file);
    }

    static byte[] damaged(SplittableRandom random) {
        byte[] sound = sound(random);
        int length = (int) ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        StringBuilder header = new StringBuilder(new String(sound, 8, length, StandardCharsets.UTF_8));
        int damages = random.nextInt(4);
        for (int d = 0; d < damages; d++) {
            int at = random.nextInt(header.length() + 1);
            int to = Math.min(header.length(), at + random.nextInt(12));
            switch (random.nextInt(6)) {
                case 0 -> header.replace(at, to, "");
                case 1 -> header.insert(at, PIECES[random.nextInt(PIECES.length)]);
                case 2 -> header.replace(at, to, PIECES[random.nextInt(PIECES.length)]);
                case 3 -> header.insert(at, header.substring(at, to));
                case 4 -> digit(header, at, random);
                default -> header.insert(at, header.substring(at).repeat(random.nextInt(3)));
            }
        }
        byte[] bytes = header.toString().getBytes(StandardCharsets.UTF_8);
        long claimed = random.nextInt(20) == 0 ? LENGTHS[random.nextInt(LENGTHS.length)] : bytes.length;
        int data = sound.length - 8 - length + (random.nextInt(20) == 0 ? random.nextInt(9) : 0);
        byte[] file = ByteBuffer.allocate(8 + bytes.length + data)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(claimed)
                .put(bytes)
                .array();
        if (random.nextInt(10) == 0) {
            file[random.nextInt(file.length)] = (byte) random.nextInt(256);
        }
        return random.nextInt(20) == 0 ? Arrays.copyOf(file, random.nextInt(file.length)) : file;
    }

    private static void digit(StringBuilder header, int from, SplittableRandom random) {
        for (int i = from; i < header.length(); i++) {
            if (Character.isDigit(header.charAt(i))) {
                header.setCharAt(i, (char) ('0' + random.nextInt(10)));
                return;
            }
        }
    }

    private static byte[] sound(SplittableRandom random) {
        List<Safetensors.Entry> entries = new ArrayList<>();
        SafetensorsDtype[] dtypes = SafetensorsDtype.values();
        for (int i = random.nextInt(5); i > 0; i--) {
            SafetensorsDtype dtype = dtypes[random.nextInt(dtypes.length)];
            long[] shape = random.longs(random.nextInt(4), 1, 4).toArray();
            entries.add(SafetensorsTest.entry("t" + i, dtype, new byte[(int) dtype.bytes(shape)], shape));
        }
        return SafetensorsTest.written(random.nextBoolean() ? Map.of() : Map.of("format", "pt", "k", "\n"), entries);
    }
}
