package io.github.dyt4j.training;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.IntStream;

/** A hash of whatever is added, in order: twenty hex digits of SHA-256. */
final class Fingerprint {
    private static final int BYTES = 10;

    private final MessageDigest digest;

    Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    Fingerprint add(byte[] bytes) {
        digest.update(
                ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array()); // what follows is not taken for it
        digest.update(bytes);
        return this;
    }

    Fingerprint add(String text) {
        return add(text.getBytes(StandardCharsets.UTF_8));
    }

    Fingerprint add(IntStream numbers) {
        int[] all = numbers.toArray();
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * all.length);
        bytes.asIntBuffer().put(all);
        return add(bytes.array());
    }

    Fingerprint add(float[] numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * numbers.length);
        bytes.asFloatBuffer().put(numbers);
        return add(bytes.array());
    }

    /** Places spread evenly over {@code size}, at most so many. */
    static int[] spread(int size, int count) {
        int n = Math.min(size, count);
        return IntStream.range(0, n).map(i -> (int) ((long) i * size / n)).toArray();
    }

    /** The hash; nothing can be added after it. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
    }
}
