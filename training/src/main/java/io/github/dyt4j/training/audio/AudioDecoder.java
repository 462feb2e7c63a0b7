package io.github.dyt4j.training.audio;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/**
 * Audio files as one channel, the mean of all that they have: WAV, AIFF and AU by javax.sound (PCM of 8, 16, 24 and 32 bits, float, A-law, μ-law), FLAC by jflac,
 * Ogg Vorbis by jorbis. What a file is, its content says and not its name. Every IOException's message is a clause that goes after "FILE ".
 */
final class AudioDecoder {
    /** Endings of the files that a folder is searched for. */
    static final List<String> EXTENSIONS = List.of("wav", "flac", "ogg", "oga", "aif", "aiff", "au");

    static final String FORMATS = "WAV, FLAC, Ogg Vorbis, AIFF or AU";

    /** Bytes that say what a file is. */
    private static final int MAGIC = 4;

    private AudioDecoder() {}

    /** Whether the file's name ends as one that is decoded. */
    static boolean named(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1));
    }

    static Clip decode(Path file) throws IOException {
        return decode(Files.readAllBytes(file));
    }

    static Clip decode(byte[] bytes) throws IOException {
        require(bytes.length);
        try {
            Clip clip =
                    Flac.is(bytes) ? Flac.decode(bytes) : OggVorbis.is(bytes) ? OggVorbis.decode(bytes) : sound(bytes);
            requireRate(clip.rate());
            return clip;
        } catch (UnsupportedAudioFileException e) {
            throw unknown(e);
        } catch (RuntimeException e) { // decoders answer damaged files with all kinds
            throw new IOException("is damaged (" + e + ")", e);
        }
    }

    private static Clip sound(byte[] bytes) throws IOException, UnsupportedAudioFileException {
        try (AudioInputStream file = AudioSystem.getAudioInputStream(new ByteArrayInputStream(bytes));
                AudioInputStream linear = linear(file)) {
            AudioFormat format = linear.getFormat();
            byte[] pcm = linear.readAllBytes();
            long promised = file.getFrameLength();
            int there = pcm.length / format.getFrameSize();
            if (there < promised) {
                throw new IOException("is cut short or damaged (" + there + " of " + promised + " samples)");
            }
            return new Clip(Math.round(format.getSampleRate()), Pcm.mono(pcm, format, there));
        }
    }

    private static AudioInputStream linear(AudioInputStream in) throws IOException {
        AudioFormat f = in.getFormat();
        if (Pcm.linear(f)) {
            return in;
        }
        AudioFormat pcm = new AudioFormat(f.getSampleRate(), Short.SIZE, f.getChannels(), true, false);
        if (!AudioSystem.isConversionSupported(pcm, f)) {
            throw new IOException("has an encoding that is not read (" + f.getEncoding() + ")");
        }
        return AudioSystem.getAudioInputStream(pcm, in);
    }

    /** What the header says, without decoding. */
    static Length length(Path file) throws IOException {
        require(Files.size(file));
        try {
            byte[] head = head(file, MAGIC);
            Length length = Flac.is(head)
                    ? Flac.length(file)
                    : OggVorbis.is(head)
                            ? OggVorbis.length(file)
                            : headed(AudioSystem.getAudioFileFormat(file.toFile()));
            requireRate(length.rate());
            return length;
        } catch (UnsupportedAudioFileException e) {
            throw unknown(e);
        } catch (RuntimeException e) {
            throw new IOException("is damaged (" + e + ")", e);
        }
    }

    private static Length headed(AudioFileFormat file) throws IOException {
        if (file.getFrameLength() < 0) {
            throw new IOException("does not say how long it is");
        }
        return new Length(file.getFrameLength(), Math.round(file.getFormat().getSampleRate()));
    }

    private static void requireRate(int rate) throws IOException {
        if (rate <= 0) {
            throw new IOException("does not say at which rate it was sampled");
        }
    }

    /** The first bytes of the file, at most so many. */
    static byte[] head(Path file, int count) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(count);
        }
    }

    private static void require(long bytes) throws IOException {
        if (bytes == 0) {
            throw new IOException("is empty (zero bytes)");
        }
    }

    private static IOException unknown(Exception e) {
        return new IOException("is not sound of a known format (" + FORMATS + ")", e);
    }

    /** Why a file cannot be read, in words that go after "FILE ". */
    static String clause(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "cannot be read (permission denied)";
            case NoSuchFileException _ -> "is not there";
            default -> {
                String m = String.valueOf(e.getMessage()).strip();
                yield m.matches("(is|has|holds|does|cannot) .*") ? m : "cannot be decoded (" + m + ")";
            }
        };
    }
}
