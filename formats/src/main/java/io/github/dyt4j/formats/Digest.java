package io.github.dyt4j.formats;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 (FIPS 180-4) and size of bytes on their way: a channel that counts what passes to another one. */
public final class Digest implements WritableByteChannel {
    private final MessageDigest sha = sha256();
    private final WritableByteChannel out;
    private long bytes;

    public Digest(WritableByteChannel out) {
        this.out = out;
    }

    /** The bytes of a stream, read to its end. */
    public static String sha256(InputStream in) throws IOException {
        MessageDigest sha = sha256();
        byte[] buffer = new byte[1 << 16];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            sha.update(buffer, 0, n);
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        ByteBuffer before = source.duplicate();
        int written = out.write(source);
        sha.update(before.limit(before.position() + written));
        bytes += written;
        return written;
    }

    public long bytes() {
        return bytes;
    }

    /** The digest so far in lower-case hexadecimal; nothing may be written afterwards. */
    public String hex() {
        return HexFormat.of().formatHex(sha.digest());
    }

    @Override
    public boolean isOpen() {
        return out.isOpen();
    }

    /** Closes the channel behind. */
    @Override
    public void close() throws IOException {
        out.close();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
