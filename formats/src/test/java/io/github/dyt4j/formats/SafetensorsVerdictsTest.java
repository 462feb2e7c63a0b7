package io.github.dyt4j.formats;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Thousands of damaged files, and the reference library's recorded verdict on each (goldens/safetensors_fixture.py). */
class SafetensorsVerdictsTest {
    /** Where we are stricter on purpose: how those refusals begin or end. */
    private static final String STRICTER =
            "(?s).*(stands there twice|twice\\.|share the same data_offsets|unknown field"
                    + "|should be an object and is|unknown dtype 'F4'|cannot be counted).*";

    @Test
    void whatWeReadTheReferenceReadsAlikeAndWeRefuseMoreOnlyWhereWeSaySo() throws Exception {
        int files = 0;
        int read = 0;
        int stricter = 0;
        try (InputStream resource = Objects.requireNonNull(getClass().getResourceAsStream("verdicts.bin.gz"));
                DataInputStream in = new DataInputStream(new GZIPInputStream(resource))) {
            for (int next = in.read(); next >= 0; next = in.read(), files++) {
                int length = next | in.read() << 8 | in.read() << 16 | in.read() << 24;
                byte[] file = in.readNBytes(length);
                boolean accepted = in.read() == 1;
                byte[] digest = accepted ? in.readNBytes(8) : new byte[0];
                String which = "file " + files + ": " + new String(file, StandardCharsets.ISO_8859_1);
                try {
                    SafetensorsHeader header = SafetensorsHeader.parse("x", MemorySegment.ofArray(file));
                    assertThat(accepted).as(which).isTrue();
                    assertThat(digest(header)).as(which).isEqualTo(digest);
                    read++;
                } catch (UserError e) {
                    if (accepted) {
                        assertThat(e.getMessage()).as(which).matches(STRICTER);
                        stricter++;
                    }
                }
            }
        }
        assertThat(files).isEqualTo(4000);
        assertThat(read).isGreaterThan(1000);
        assertThat(stricter).isGreaterThan(100);
    }

    private static byte[] digest(SafetensorsHeader header) throws Exception {
        TreeMap<byte[], byte[]> lines = new TreeMap<>(Arrays::compareUnsigned);
        header.entries()
                .forEach((name, t) -> lines.put(
                        name.getBytes(StandardCharsets.UTF_8),
                        ("|" + t.dtype() + "|" + Arrays.toString(t.shape()) + "|"
                                        + HexFormat.of().formatHex(t.data().toArray(ValueLayout.JAVA_BYTE)) + "\n")
                                .getBytes(StandardCharsets.UTF_8)));
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        lines.forEach((name, line) -> {
            sha.update(name);
            sha.update(line);
        });
        return Arrays.copyOf(sha.digest(), 8);
    }
}
