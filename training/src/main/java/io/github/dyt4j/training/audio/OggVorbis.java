package io.github.dyt4j.training.audio;

import com.jcraft.jogg.Packet;
import com.jcraft.jogg.Page;
import com.jcraft.jogg.StreamState;
import com.jcraft.jogg.SyncState;
import com.jcraft.jorbis.Block;
import com.jcraft.jorbis.Comment;
import com.jcraft.jorbis.DspState;
import com.jcraft.jorbis.Info;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * What an Ogg file with Vorbis in it says of itself (RFC 3533, section 6; Vorbis I, section 4.2.2). The granule position of the last page is the number of samples; the
 * last block may have more. A page whose CRC is wrong ends the reading.
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

    /** The mean of the channels. */
    static Clip decode(byte[] file) throws IOException {
        SyncState pages = new SyncState();
        pages.init();
        int at = pages.buffer(file.length);
        System.arraycopy(file, 0, pages.data, at, file.length);
        pages.wrote(file.length);
        Decoder decoder = new Decoder(Math.toIntExact(samples(file)));
        Page page = new Page();
        int read = pages.pageout(page);
        while (read > 0) {
            decoder.page(page);
            read = pages.pageout(page);
        }
        if (read < 0 || !decoder.ended || decoder.decoded < decoder.samples.length) {
            throw new IOException("is cut short or damaged (after " + decoder.decoded + " of " + decoder.samples.length
                    + " samples)");
        }
        return new Clip(decoder.info.rate, decoder.samples);
    }

    /** The first logical stream of a file, page by page. */
    private static final class Decoder {
        private static final int HEADERS = 3;

        final Info info = new Info();
        final float[] samples;
        int decoded;
        boolean ended; // the page that says so was there
        private final Comment comment = new Comment();
        private final StreamState stream = new StreamState();
        private final DspState dsp = new DspState();
        private final Block block = new Block(dsp);
        private final Packet packet = new Packet();
        private int packets;
        private int serial;

        Decoder(int length) {
            samples = new float[length];
            info.init();
            comment.init();
        }

        void page(Page page) throws IOException {
            if (packets == 0) {
                serial = page.serialno();
                stream.init(serial);
            }
            if (page.serialno() != serial) {
                return;
            }
            stream.pagein(page);
            ended |= page.eos() != 0;
            for (int read = stream.packetout(packet); read != 0; read = stream.packetout(packet)) {
                if (read < 0) {
                    throw new IOException("is damaged (a page is missing after " + decoded + " samples)");
                }
                packet(packets++);
            }
        }

        private void packet(int number) throws IOException {
            if (number < HEADERS) {
                if (info.synthesis_headerin(comment, packet) < 0) {
                    throw new IOException("is Ogg, but not Vorbis");
                }
                if (number == HEADERS - 1) {
                    dsp.synthesis_init(info);
                    block.init(dsp);
                }
                return;
            }
            if (block.synthesis(packet) == 0) {
                dsp.synthesis_blockin(block);
            }
            float[][][] pcm = new float[1][][];
            int[] from = new int[info.channels];
            for (int n = dsp.synthesis_pcmout(pcm, from); n > 0; n = dsp.synthesis_pcmout(pcm, from)) {
                for (int i = 0; i < n && decoded < samples.length; i++) {
                    float sum = 0;
                    for (int c = 0; c < info.channels; c++) {
                        sum += pcm[0][c][from[c] + i];
                    }
                    samples[decoded++] = sum / info.channels;
                }
                dsp.synthesis_read(n);
            }
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
