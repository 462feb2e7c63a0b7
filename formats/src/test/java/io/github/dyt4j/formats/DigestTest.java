package io.github.dyt4j.formats;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DigestTest {
    /** FIPS 180-4, the message "abc". */
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static final byte[] BYTES = "abc".getBytes(StandardCharsets.US_ASCII);

    @Test
    void ofAStream() throws IOException {
        assertThat(Digest.sha256(new ByteArrayInputStream(BYTES))).isEqualTo(ABC);
    }

    @Test
    void countsWhatTheChannelBehindTook() throws IOException {
        ByteBuffer behind = ByteBuffer.allocate(8);
        WritableByteChannel oneByteAtATime = new WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) {
                behind.put(source.get());
                return 1;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
        try (Digest digest = new Digest(oneByteAtATime)) {
            ByteBuffer source = ByteBuffer.wrap(BYTES);
            while (source.hasRemaining()) {
                digest.write(source);
            }
            assertThat(digest.bytes()).isEqualTo(3);
            assertThat(digest.hex()).isEqualTo(ABC);
        }
        assertThat(behind.position()).isEqualTo(3);
    }
}
