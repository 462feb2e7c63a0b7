package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * bgzip's files by place (SAM specification, section 4.1): gzip members of at most 64 KiB, each of which says its packed size in an extra field
 * BC. Where the members lie its {@code .gzi} says: a count, then for each but the first its place in the packed and in the unpacked file, all
 * 64-bit little-endian.
 */
final class BlockGzip implements RandomBytes {
    private static final int MOST = 1 << 16;
    private static final int HEADER = 12;
    private static final int TRAILER = 8;

    private final Path path;
    private final FileChannel file;
    private final long[] packed;
    private final long[] unpacked;
    private final byte[] block = new byte[MOST];
    private int held = -1;
    private int size;

    private BlockGzip(Path path, FileChannel file, long[] packed, long[] unpacked) {
        this.path = path;
        this.file = file;
        this.packed = packed;
        this.unpacked = unpacked;
    }

    static BlockGzip open(Path path, Path gzi) throws IOException {
        ByteBuffer index = ByteBuffer.wrap(Files.readAllBytes(gzi)).order(ByteOrder.LITTLE_ENDIAN);
        long count = index.remaining() < Long.BYTES ? -1 : index.getLong();
        if (count < 0 || index.remaining() != 2L * Long.BYTES * count) {
            throw new UserError(gzi + " is no index of bgzip's: its size is not what its count says."
                    + "\nMake it anew: bgzip --reindex " + path.getFileName());
        }
        long[] packed = new long[(int) count + 1];
        long[] unpacked = new long[packed.length];
        for (int i = 1; i < packed.length; i++) {
            packed[i] = index.getLong();
            unpacked[i] = index.getLong();
        }
        return new BlockGzip(path, FileChannel.open(path), packed, unpacked);
    }

    @Override
    public void read(long from, byte[] out, int count) throws IOException {
        int done = 0;
        int found = Arrays.binarySearch(unpacked, from);
        for (int i = found >= 0 ? found : -found - 2; done < count; i++) {
            if (i >= packed.length) {
                throw new EOFException("the file ends before byte " + (from + count));
            }
            hold(i);
            long at = from + done - unpacked[i];
            int n = (int) Math.min(count - done, size - at);
            if (at < 0 || n < 0) {
                throw foreign();
            }
            System.arraycopy(block, (int) at, out, done, n);
            done += n;
        }
    }

    private UserError foreign() {
        return new UserError("The index " + path + ".gzi is not that of " + path + ".\nMake it anew: bgzip --reindex "
                + path.getFileName());
    }

    private void hold(int i) throws IOException {
        if (i == held) {
            return;
        }
        held = -1;
        byte[] head = new byte[HEADER];
        RandomBytes.fully(file, packed[i], ByteBuffer.wrap(head));
        ByteBuffer h = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        int extra = h.getShort(HEADER - 2) & 0xFFFF;
        if (h.getShort(0) != (short) 0x8b1f || (head[3] & 4) == 0) {
            throw foreign();
        }
        byte[] fields = new byte[extra];
        RandomBytes.fully(file, packed[i] + HEADER, ByteBuffer.wrap(fields));
        int data = whole(ByteBuffer.wrap(fields).order(ByteOrder.LITTLE_ENDIAN)) - HEADER - extra - TRAILER;
        if (data < 0) {
            throw foreign();
        }
        byte[] deflated = new byte[data];
        RandomBytes.fully(file, packed[i] + HEADER + extra, ByteBuffer.wrap(deflated));
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(deflated);
            size = inflater.inflate(block);
            if (!inflater.finished() && size < MOST) {
                throw foreign();
            }
        } catch (DataFormatException e) {
            throw new UserError(path + " is damaged: a block of it cannot be unpacked.", e);
        }
        held = i;
    }

    /** Bytes of a member, from its extra fields; 0 where they do not say. */
    private static int whole(ByteBuffer fields) {
        while (fields.remaining() >= 6) {
            boolean own = fields.getShort() == ('C' << 8 | 'B');
            int length = fields.getShort() & 0xFFFF;
            if (own && length == 2) {
                return (fields.getShort() & 0xFFFF) + 1;
            }
            fields.position(Math.min(fields.limit(), fields.position() + length));
        }
        return 0;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
