package io.github.dyt4j.training.audio;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * What an Ogg file with Vorbis in it says of itself (RFC 3533, section 6; Vorbis I, section 4.2.2). The granule position of the last page is the number of samples. jorbis passes over
 * a page whose CRC is wrong, so a damaged file decodes to fewer.
 */
final class OggVorbis {
    private static final byte[] MARKER = {'O', 'g', 'g', 'S'};
    private static final int PAGE_HEADER = 27;

    /** Of the longest page. */
    private static final int LONGEST_PAGE = 65307;

    private OggVorbis() {}

    static boolean is(byte[] head) {
        return at(head, 0);
    }

    private static boolean at(byte[] bytes, int at) {
        for (int i = 0; i < MARKER.length; i++) {
            if (at + i >= bytes.length || bytes[at + i] != MARKER[i]) {
                return false;
            }
        }
        return true;
    }

    static Length length(Path file) throws IOException {
        byte[] head = AudioDecoder.head(file, LONGEST_PAGE);
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "r")) {
            byte[] tail = new byte[(int) Math.min(f.length(), 2L * LONGEST_PAGE)];
            f.seek(f.length() - tail.length);
            f.readFully(tail);
            return new Length(samples(tail), rate(head));
        }
    }

    /** By the last page that begins in these bytes and ends a packet. */
    static long samples(byte[] tail) throws IOException {
        for (int i = tail.length - PAGE_HEADER; i >= 0; i--) {
            if (at(tail, i)) {
                long granule =
                        ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getLong(i + 6);
                if (granule >= 0) {
                    return granule;
                }
            }
        }
        throw new IOException("is Ogg without a page that says where it ends");
    }

    /** Of the identification header, the first page's only packet: type 1, "vorbis", version, channels, rate. */
    private static int rate(byte[] head) throws IOException {
        int packet = head.length < PAGE_HEADER ? head.length : PAGE_HEADER + (head[PAGE_HEADER - 1] & 0xFF);
        if (packet + 16 > head.length || head[packet] != 1 || head[packet + 1] != 'v') {
            throw new IOException("is Ogg, but not Vorbis");
        }
        return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(packet + 12);
    }
}
