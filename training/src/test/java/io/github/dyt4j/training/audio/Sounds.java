package io.github.dyt4j.training.audio;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;

/** Sound files for tests. */
public final class Sounds {
    /** Samples of the fixtures. */
    static final int SAMPLES = 3000;

    private Sounds() {}

    /** The signal of the lossless fixtures, as goldens/audio.py has it. */
    static double signal(int i, int channel) {
        return ((long) i * i * (channel + 3) % 2001 - 1000) / 1001.0;
    }

    /** Rounded as a sample of so many bits. */
    static double rounded(int i, int channel, int bits) {
        return Math.rint(signal(i, channel) * ((1L << (bits - 1)) - 1)) / (1L << (bits - 1));
    }

    static byte[] fixture(String name) {
        try (InputStream in = Sounds.class.getResourceAsStream(name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A WAV file of 16 bits, every channel the same. */
    public static byte[] wav(float[] samples, int rate, int channels) {
        ByteBuffer pcm = ByteBuffer.allocate(2 * channels * samples.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float s : samples) {
            for (int c = 0; c < channels; c++) {
                pcm.putShort((short) Math.round(s * 32767));
            }
        }
        return wav(pcm.array(), new AudioFormat(rate, 16, channels, true, false));
    }

    static byte[] wav(byte[] pcm, AudioFormat format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            AudioSystem.write(
                    new AudioInputStream(new ByteArrayInputStream(pcm), format, pcm.length / format.getFrameSize()),
                    AudioFileFormat.Type.WAVE,
                    out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** A WAV file of IEEE floats (format 3), which javax.sound does not write. */
    static byte[] floatWav(float[] samples, int rate) {
        ByteBuffer b = ByteBuffer.allocate(44 + 4 * samples.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 4 * samples.length);
        b.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        b.putShort((short) 3)
                .putShort((short) 1)
                .putInt(rate)
                .putInt(4 * rate)
                .putShort((short) 4)
                .putShort((short) 32);
        b.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(4 * samples.length);
        for (float s : samples) {
            b.putFloat(s);
        }
        return b.array();
    }

    /** A tone of half the full scale. */
    public static float[] tone(int samples, double hertz, int rate) {
        float[] x = new float[samples];
        for (int i = 0; i < samples; i++) {
            x[i] = (float) (0.5 * Math.sin(2 * Math.PI * hertz * i / rate));
        }
        return x;
    }

    public static Path write(Path file, byte[] bytes) {
        try {
            Files.createDirectories(file.getParent());
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path write(Path file, String text) {
        return write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
