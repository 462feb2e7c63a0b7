package io.github.dyt4j.training.audio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioFormat.Encoding;

/** Linear samples as bytes: n bits are v/2^(n−1), those without a sign less a half of their range first. */
final class Pcm {
    private Pcm() {}

    static boolean linear(AudioFormat f) {
        Encoding e = f.getEncoding();
        return e.equals(Encoding.PCM_SIGNED) || e.equals(Encoding.PCM_UNSIGNED) || e.equals(Encoding.PCM_FLOAT);
    }

    /** The mean of the channels, of the first so many frames. */
    static float[] mono(byte[] bytes, AudioFormat f, int frames) throws IOException {
        int channels = f.getChannels();
        int width = f.getFrameSize() / channels;
        boolean real = f.getEncoding().equals(Encoding.PCM_FLOAT);
        if (width > Integer.BYTES && !(real && width == Double.BYTES)) {
            throw new IOException("has samples of " + 8 * width + " bits, which are not read");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(f.isBigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        float[] out = new float[frames];
        for (int i = 0; i < frames; i++) {
            double sum = 0;
            for (int c = 0; c < channels; c++) {
                int at = i * f.getFrameSize() + c * width;
                sum += real
                        ? width == Float.BYTES ? in.getFloat(at) : in.getDouble(at)
                        : whole(in, at, width, f.getEncoding().equals(Encoding.PCM_UNSIGNED));
            }
            out[i] = (float) (sum / channels);
            if (!Float.isFinite(out[i])) {
                throw new IOException("holds values that are no numbers, as sample " + i);
            }
        }
        return out;
    }

    private static double whole(ByteBuffer in, int at, int width, boolean unsigned) {
        int value = 0; // the sample in the highest bits, so that the sign is in its place
        for (int b = 0; b < width; b++) {
            int significance = in.order() == ByteOrder.BIG_ENDIAN ? width - 1 - b : b;
            value |= (in.get(at + b) & 0xFF) << (Byte.SIZE * (Integer.BYTES - width + significance));
        }
        return (unsigned ? value ^ Integer.MIN_VALUE : value) * 0x1p-31;
    }
}
