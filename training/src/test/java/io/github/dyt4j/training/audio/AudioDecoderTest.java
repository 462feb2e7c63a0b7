package io.github.dyt4j.training.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.sound.sampled.AudioFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AudioDecoderTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private static void assertSignal(Clip clip, int channels, int bits) {
        assertThat(clip.samples()).hasSize(Sounds.SAMPLES);
        for (int i = 0; i < Sounds.SAMPLES; i++) {
            double mean = 0;
            for (int c = 0; c < channels; c++) {
                mean += Sounds.rounded(i, c, bits) / channels;
            }
            assertThat(clip.samples()[i]).as("sample " + i).isEqualTo((float) mean);
        }
    }

    @Test
    void aRateOfZeroIsSaid(@TempDir Path folder) throws IOException {
        byte[] flac = Sounds.fixture("mono16.flac");
        flac[18] = 0; // 20 bits from here are the rate
        flac[19] = 0;
        flac[20] &= 0xF;
        Path file = Files.write(folder.resolve("zero.flac"), flac);
        assertThatThrownBy(() -> AudioDecoder.length(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("rate");
        assertThatThrownBy(() -> AudioDecoder.decode(file)).isInstanceOf(IOException.class);
    }

    @Test
    void wavOfEveryWidth() throws IOException {
        for (int bits : new int[] {8, 16, 24, 32}) {
            int width = bits / 8;
            byte[] pcm = new byte[Sounds.SAMPLES * width];
            for (int i = 0; i < Sounds.SAMPLES; i++) {
                long v = Math.round(Sounds.rounded(i, 0, bits) * (1L << (bits - 1)));
                long stored = bits == 8 ? v + 128 : v; // WAV's bytes have no sign
                for (int b = 0; b < width; b++) {
                    pcm[i * width + b] = (byte) (stored >> (8 * b));
                }
            }
            byte[] file = Sounds.wav(pcm, new AudioFormat(11025, bits, 1, bits > 8, false));
            Clip clip = AudioDecoder.decode(file);
            assertThat(clip.rate()).isEqualTo(11025);
            assertSignal(clip, 1, bits);
            assertThat(AudioDecoder.length(Sounds.write(folder.resolve(bits + ".wav"), file)))
                    .isEqualTo(new Length(Sounds.SAMPLES, 11025));
        }
    }

    @Test
    void floatWav() throws IOException {
        float[] x = Sounds.tone(500, 440, 8000);
        assertThat(AudioDecoder.decode(Sounds.floatWav(x, 8000)).samples()).isEqualTo(x);
        x[7] = Float.NaN;
        assertThatThrownBy(() -> AudioDecoder.decode(Sounds.floatWav(x, 8000)))
                .hasMessage("holds values that are no numbers, as sample 7");
    }

    @Test
    void extensibleWavOfTwoChannelsBecomesTheirMean() throws IOException {
        Clip clip = AudioDecoder.decode(Sounds.fixture("extensible24.wav"));
        assertThat(clip.rate()).isEqualTo(44100);
        assertSignal(clip, 2, 24);
    }

    @Test
    void flacOf16And24Bits() throws IOException {
        byte[] mono = Sounds.fixture("mono16.flac");
        byte[] stereo = Sounds.fixture("stereo24.flac");
        assertSignal(AudioDecoder.decode(mono), 1, 16);
        assertSignal(AudioDecoder.decode(stereo), 2, 24);
        assertThat(AudioDecoder.length(Sounds.write(folder.resolve("a.flac"), stereo)))
                .isEqualTo(new Length(Sounds.SAMPLES, 16000));
    }

    /** An ID3 tag before the stream, and bytes after it: both are met in the wild. */
    @Test
    void flacBetweenTags() throws IOException {
        byte[] stream = Sounds.fixture("mono16.flac");
        byte[] tagged = new byte[10 + 130 + stream.length + 128];
        System.arraycopy(new byte[] {'I', 'D', '3', 4, 0, 0, 0, 0, 1, 2}, 0, tagged, 0, 10);
        System.arraycopy(stream, 0, tagged, 140, stream.length);
        assertSignal(AudioDecoder.decode(tagged), 1, 16);
        assertThat(AudioDecoder.length(Sounds.write(folder.resolve("tagged.flac"), tagged)))
                .isEqualTo(new Length(Sounds.SAMPLES, 8000));
    }

    @Test
    void everyDamagedBitOfAFlacFrameIsNoticed() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (String name : new String[] {"mono16.flac", "stereo24.flac"}) {
            byte[] whole = Sounds.fixture(name);
            int frames = framesFrom(whole);
            for (int k = 0; k < 60; k++) {
                byte[] damaged = whole.clone();
                int at = frames + random.nextInt(whole.length - frames);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                assertThatThrownBy(() -> AudioDecoder.decode(damaged))
                        .as(name + ", byte " + at + ", seed " + seed)
                        .isInstanceOf(IOException.class)
                        .hasMessageStartingWith("is damaged");
            }
        }
    }

    /** Where the metadata blocks end. */
    private static int framesFrom(byte[] flac) {
        int at = 4;
        boolean last = false;
        while (!last) {
            last = flac[at] < 0;
            at += 4 + (ByteBuffer.wrap(flac, at, 4).getInt() & 0xFFFFFF);
        }
        return at;
    }

    @Test
    void withoutItsMd5AFlacIsReadAndADamagedFrameStillNoticed() throws IOException {
        byte[] file = Sounds.fixture("mono16.flac");
        Arrays.fill(file, 26, 42, (byte) 0);
        assertSignal(AudioDecoder.decode(file), 1, 16);
        byte[] damaged = file.clone();
        damaged[file.length - 40] ^= 1;
        assertThatThrownBy(() -> AudioDecoder.decode(damaged)).hasMessageStartingWith("is damaged");
        byte[] wrong = Sounds.fixture("mono16.flac");
        wrong[30] ^= 1;
        assertThatThrownBy(() -> AudioDecoder.decode(wrong)).hasMessageContaining("MD5");
    }

    @Test
    void oggVorbisAsLibsndfileReadsIt() throws IOException {
        byte[] file = Sounds.fixture("tone.ogg");
        ByteBuffer golden = ByteBuffer.wrap(Sounds.fixture("tone.f32")).order(ByteOrder.LITTLE_ENDIAN);
        Clip clip = AudioDecoder.decode(file);
        assertThat(clip.rate()).isEqualTo(8000);
        assertThat(clip.samples()).hasSize(6000).hasSize(golden.capacity() / 4);
        for (float s : clip.samples()) {
            assertThat(s).isCloseTo(golden.getFloat(), within(1e-6f));
        }
        assertThat(AudioDecoder.length(Sounds.write(folder.resolve("a.ogg"), file)))
                .isEqualTo(new Length(6000, 8000));
    }

    @Test
    void whatIsCutShortIsNoticed() {
        for (String name : new String[] {"mono16.flac", "extensible24.wav", "tone.ogg"}) {
            byte[] whole = Sounds.fixture(name);
            for (double share : new double[] {0.01, 0.5, 0.9}) {
                byte[] cut = Arrays.copyOf(whole, (int) (share * whole.length));
                assertThatThrownBy(() -> AudioDecoder.decode(cut))
                        .as(name + " " + share)
                        .isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void whatIsNoSoundIsSaid() throws IOException {
        assertThatThrownBy(() -> AudioDecoder.decode(new byte[0])).hasMessage("is empty (zero bytes)");
        assertThatThrownBy(() -> AudioDecoder.decode(
                        "no sound at all, but long enough to look at".getBytes(StandardCharsets.UTF_8)))
                .hasMessage("is not sound of a known format (WAV, FLAC, Ogg Vorbis, AIFF or AU)");
    }
}
