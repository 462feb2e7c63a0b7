package io.github.dyt4j.training.audio;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.jflac.FLACDecoder;
import org.jflac.FrameListener;
import org.jflac.frame.Frame;
import org.jflac.metadata.Metadata;
import org.jspecify.annotations.Nullable;

/**
 * FLAC (RFC 9639). jflac answers a frame whose CRC is wrong with silence and goes on: so what it complains of is heard, the samples are counted, and where STREAMINFO
 * has an MD5 of the samples (section 8.2; all zeros for none) it is compared with that of what was decoded.
 */
final class Flac {
    private static final byte[] MARKER = {'f', 'L', 'a', 'C'};
    private static final byte[] ID3 = {'I', 'D', '3'};
    private static final int BLOCK_HEADER = 4;
    private static final int STREAMINFO = 34;
    private static final int ID3_HEADER = 10;
    private static final int MD5 = 16;

    private Flac() {}

    /** Whether a file that begins so is FLAC; some have an ID3 tag before it. */
    static boolean is(byte[] head) {
        return begins(head, 0, MARKER) || begins(head, 0, ID3);
    }

    private static boolean begins(byte[] bytes, int at, byte[] marker) {
        return at >= 0
                && at + marker.length <= bytes.length
                && Arrays.equals(bytes, at, at + marker.length, marker, 0, marker.length);
    }

    /**
     * STREAMINFO, as far as it matters.
     *
     * @param samples 0 where it does not say
     */
    @SuppressWarnings("ArrayRecordComponent")
    private record Info(int rate, int channels, int bits, long samples, byte[] md5) {
        static Info of(byte[] file) throws IOException {
            int marker = marker(file);
            int at = marker + MARKER.length + BLOCK_HEADER;
            if (!begins(file, marker, MARKER) || at + STREAMINFO > file.length) {
                throw new IOException("is not FLAC, or is cut short in its header");
            }
            ByteBuffer block = ByteBuffer.wrap(file, at, STREAMINFO).slice();
            // 20 bits of the rate, 3 of channels less 1, 5 of bits less 1, 36 of the number of samples
            long packed = block.getLong(10);
            byte[] md5 = new byte[MD5];
            block.get(18, md5);
            return new Info(
                    (int) (packed >>> 44),
                    (int) (packed >>> 41 & 7) + 1,
                    (int) (packed >>> 36 & 31) + 1,
                    packed & 0xFFFFFFFFFL,
                    md5);
        }

        boolean hasMd5() {
            return !Arrays.equals(md5, new byte[MD5]);
        }
    }

    /** Where the stream begins: after an ID3 tag, whose size is 4 times 7 bits. */
    private static int marker(byte[] file) {
        if (!begins(file, 0, ID3) || file.length < ID3_HEADER) {
            return 0;
        }
        return ID3_HEADER + (file[6] << 21 | file[7] << 14 | file[8] << 7 | file[9]);
    }

    static Length length(Path file) throws IOException {
        byte[] head = AudioDecoder.head(file, ID3_HEADER);
        Info info = Info.of(AudioDecoder.head(file, marker(head) + MARKER.length + BLOCK_HEADER + STREAMINFO));
        if (info.samples == 0) {
            Clip clip = AudioDecoder.decode(file);
            return new Length(clip.samples().length, clip.rate());
        }
        return new Length(info.samples, info.rate);
    }

    static Clip decode(byte[] file) throws IOException {
        Info info = Info.of(file);
        int from = marker(file);
        FLACDecoder decoder = new FLACDecoder(new ByteArrayInputStream(file, from, file.length - from));
        Complaint complaint = new Complaint();
        decoder.addFrameListener(complaint);
        decoder.readMetadata();
        MessageDigest md5 = md5();
        float[] samples = new float[Math.toIntExact(info.samples)];
        int n = 0;
        while (info.samples == 0 || n < info.samples) { // what follows the last is not the stream's
            Frame frame = decoder.readNextFrame();
            if (complaint.first != null && (frame != null || info.samples > 0)) {
                throw damaged(n, info, complaint.first);
            }
            if (frame == null) {
                break;
            }
            int block = frame.header.blockSize;
            if (n + block > samples.length) {
                samples = Arrays.copyOf(samples, info.samples > 0 ? samples.length : 2 * (n + block));
            }
            int whole = Math.min(block, samples.length - n);
            int[][] channels = new int[info.channels][];
            for (int c = 0; c < info.channels; c++) {
                channels[c] = decoder.getChannelData()[c].getOutput();
            }
            md5.update(bytes(channels, whole, info.bits));
            mean(channels, whole, Math.scalb(1.0, 1 - info.bits) / info.channels, samples, n);
            n += whole;
        }
        if (n < info.samples) {
            throw damaged(n, info, "it ends there");
        }
        if (info.hasMd5() && !Arrays.equals(md5.digest(), info.md5)) {
            throw damaged(n, info, "the MD5 of its samples is not the one that it was written with");
        }
        return new Clip(info.rate, Arrays.copyOf(samples, n));
    }

    private static IOException damaged(int samples, Info info, String why) {
        return new IOException("is damaged or cut short (after " + samples
                + (info.samples > 0 ? " of " + info.samples : "") + " samples: " + why + ")");
    }

    private static void mean(int[][] channels, int count, double scale, float[] out, int at) {
        for (int i = 0; i < count; i++) {
            double sum = 0;
            for (int[] channel : channels) {
                sum += channel[i];
            }
            out[at + i] = (float) (sum * scale);
        }
    }

    /** As the MD5 is taken: interleaved, little-endian, as many whole bytes as the bits need. */
    private static byte[] bytes(int[][] channels, int count, int bits) {
        int width = Math.ceilDiv(bits, Byte.SIZE);
        byte[] bytes = new byte[count * channels.length * width];
        int k = 0;
        for (int i = 0; i < count; i++) {
            for (int[] channel : channels) {
                for (int b = 0; b < width; b++) {
                    bytes[k++] = (byte) (channel[i] >> (Byte.SIZE * b));
                }
            }
        }
        return bytes;
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Complaint implements FrameListener {
        @Nullable
        String first;

        @Override
        public void processMetadata(Metadata metadata) {}

        @Override
        public void processFrame(Frame frame) {}

        @Override
        public void processError(String message) {
            if (first == null) {
                first = message.strip();
            }
        }
    }
}
