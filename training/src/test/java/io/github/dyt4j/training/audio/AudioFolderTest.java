package io.github.dyt4j.training.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.audio.AudioData.Wanted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AudioFolderTest {
    private static final int RATE = 8000;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private static Wanted wanted(boolean transcribed, boolean skipBad) {
        return new Wanted(RATE, 100, Long.MAX_VALUE, transcribed, skipBad, 0.3);
    }

    private Path wav(String path, int samples, int rate, int channels) {
        return Sounds.write(folder.resolve(path), Sounds.wav(Sounds.tone(samples, 300, rate), rate, channels));
    }

    /** Enough clips for both sides. */
    private void clips(int count) {
        for (int i = 0; i < count; i++) {
            wav("clip" + i + ".wav", 400 + i, RATE, 1);
        }
    }

    private AudioData open(boolean transcribed) {
        return AudioFolder.open(folder, wanted(transcribed, false));
    }

    private static List<String> texts(ClipSet clips) {
        return IntStream.range(0, clips.size()).mapToObj(clips::text).toList();
    }

    @Test
    void mixedRatesAreResampledAndSaidOnce() {
        clips(20);
        wav("other.wav", 441 * 4, 44100, 1);
        wav("another.wav", 441 * 4, 44100, 2);
        AudioData data = open(false);
        assertThat(data.description())
                .startsWith(folder + ": ")
                .contains("by a hash of their names")
                .containsOnlyOnce("; resampled to 8000 Hz: 2 clips of 44100 Hz");
        for (ClipSet clips : List.of(data.train(), data.test())) {
            for (int i = 0; i < clips.size(); i++) {
                float[] x = clips.waveform(i).orElseThrow();
                assertThat(x).hasSize(clips.samples(i));
                double mean = 0;
                double square = 0;
                for (float v : x) {
                    mean += v / x.length;
                    square += (double) v * v / x.length;
                }
                assertThat(mean).isBetween(-1e-4, 1e-4);
                assertThat(square).isBetween(0.999, 1.001);
            }
        }
        assertThat(IntStream.range(0, data.train().size()).map(data.train()::samples))
                .contains(320);
    }

    @Test
    void shortClipsAreLeftOutAndSaid() {
        clips(20);
        wav("short.wav", 99, RATE, 1);
        wav("shorter.wav", 0, RATE, 1);
        AudioData data = open(false);
        assertThat(data.train().size() + data.test().size()).isEqualTo(20);
        assertThat(data.description()).endsWith("; left out: 2 of fewer than 100 samples (short.wav, shorter.wav)");
    }

    @Test
    void aSilentClipIsLeftOutAndSaid() {
        clips(20);
        float[] constant = new float[500]; // silence with an offset, whose variance is 0 once it is gone
        Arrays.fill(constant, 0.1f);
        Path silent = Sounds.write(folder.resolve("silent.wav"), Sounds.wav(constant, RATE, 1));
        AudioData data = open(false);
        int left = 0;
        for (ClipSet clips : List.of(data.train(), data.test())) {
            for (int i = 0; i < clips.size(); i++) {
                left += clips.waveform(i).isEmpty() ? 1 : 0;
            }
        }
        assertThat(left).isEqualTo(1);
        assertThat(data.skipped()).containsExactly(silent + " is silent");
    }

    @Test
    void aCorruptFlacIsRefusedOrLeftOut() {
        clips(20);
        byte[] flac = Sounds.fixture("mono16.flac");
        flac[flac.length / 2] ^= 4;
        Path file = Sounds.write(folder.resolve("bad.flac"), flac);
        AudioData strict = open(false);
        assertThatThrownBy(() -> all(strict))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith(file + " is damaged or cut short (after ")
                .hasMessageEndingWith("\nReplace it or take it away, or go on without such files with --skip-bad.");
        AudioData lenient = AudioFolder.open(folder, wanted(false, true));
        assertThat(all(lenient)).hasSize(20);
        assertThat(lenient.skipped()).singleElement().asString().startsWith(file + " is damaged");
    }

    private static List<float[]> all(AudioData data) {
        List<float[]> all = new ArrayList<>();
        for (ClipSet clips : List.of(data.train(), data.test())) {
            for (int i = 0; i < clips.size(); i++) {
                clips.waveform(i).ifPresent(all::add);
            }
        }
        return all;
    }

    @Test
    void aFileThatIsNoSoundIsRefusedOrLeftOut() {
        clips(20);
        Path empty = Sounds.write(folder.resolve("empty.wav"), new byte[0]);
        Path text = Sounds.write(folder.resolve("text.flac"), "this is text");
        assertThatThrownBy(() -> open(false))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith(empty + " is empty (zero bytes).")
                .hasMessageContaining("--skip-bad");
        AudioData lenient = AudioFolder.open(folder, wanted(false, true));
        assertThat(lenient.train().size() + lenient.test().size()).isEqualTo(20);
        assertThat(lenient.description()).contains("left out: 2 that cannot be read (empty.wav, text.flac)");
        assertThat(lenient.skipped()).hasSize(2).anyMatch(s -> s.startsWith(text + " is not sound"));
    }

    @Test
    void theSamePromptInSeveralLanguagesIsOnOneSide() {
        for (String language : List.of("en", "fr", "it")) {
            for (int i = 0; i < 30; i++) {
                wav(language + "/digits/" + i + ".wav", 200 + i, RATE, 1);
            }
        }
        AudioData data = open(false);
        List<Integer> test = IntStream.range(0, data.test().size())
                .mapToObj(data.test()::samples)
                .sorted()
                .toList();
        assertThat(test).hasSizeBetween(9, 60);
        for (int samples : test) { // a length is a prompt's
            assertThat(test.stream().filter(s -> s == samples)).hasSize(3);
        }
        assertThat(test.size() + data.train().size()).isEqualTo(90);
    }

    @Test
    void libriSpeechsFoldersAndTranscripts() {
        for (String side : List.of("train-clean-100", "dev-clean", "test-clean")) {
            for (int i = 0; i < 3; i++) {
                Sounds.write(folder.resolve(side + "/19/198/19-198-000" + i + ".flac"), Sounds.fixture("mono16.flac"));
            }
            Sounds.write(
                    folder.resolve(side + "/19/198/19-198.trans.txt"),
                    "19-198-0000 WORDS OF " + side + "\n19-198-0001 DON'T  SAY\n19-198-0002 THREE\n");
        }
        AudioData data = open(true);
        assertThat(texts(data.train())).containsExactly("WORDS OF TRAIN CLEAN 100", "DON'T SAY", "THREE");
        assertThat(texts(data.test())).containsExactly("WORDS OF DEV CLEAN", "DON'T SAY", "THREE");
        assertThat(data.description())
                .contains("3 clips (0.0 minutes) to train on; 3 clips")
                .contains("dev's");
    }

    @Test
    void otherTranscripts() {
        clips(20);
        wav("en/digits/1.wav", 300, RATE, 1);
        wav("en/beep.wav", 300, RATE, 1);
        wav("own.wav", 300, RATE, 1);
        Sounds.write(
                folder.resolve("transcripts.tsv"),
                "\ufeff"
                        + String.join(
                                "\r\n",
                                IntStream.range(0, 20)
                                        .mapToObj(i -> "clip" + i + (i % 2 == 0 ? ".wav" : "") + "\tclip, number " + i)
                                        .toList()));
        Sounds.write(
                folder.resolve("en/core-sounds-en.txt"),
                "; Core sounds\n\ndigits/1: One.\nbeep: [this is a simple beep tone]\n");
        Sounds.write(folder.resolve("own.txt"), "Its own\nlines…\n");
        AudioData data = open(true);
        List<String> texts = Stream.of(data.train(), data.test())
                .flatMap(c -> texts(c).stream())
                .toList();
        assertThat(texts).hasSize(22).contains("CLIP NUMBER 0", "CLIP NUMBER 19", "ONE", "ITS OWN LINES");
        assertThat(data.description()).contains("left out: 1 without a transcript (en/beep.wav)");
    }

    @Test
    void withoutTranscriptsItIsSaidWhereTheyAreLookedFor() {
        clips(20);
        assertThatThrownBy(() -> open(true))
                .isInstanceOf(UserError.class)
                .hasMessage(
                        folder + " has transcripts for 0 of 20 clips, too few to train on.\n"
                                + "They are looked for in SPEAKER-CHAPTER.trans.txt as LibriSpeech, transcripts.tsv (path TAB text), or NAME.txt beside each clip.");
        Sounds.write(folder.resolve("transcripts.tsv"), "clip0.wav one\n");
        assertThatThrownBy(() -> open(true))
                .isInstanceOf(UserError.class)
                .hasMessage(folder.resolve("transcripts.tsv")
                        + ":1: a transcript is path, a tab and the text; this line has no tab.");
    }

    @Test
    void foldersThatCannotDo() {
        assertThatThrownBy(() -> AudioFolder.open(folder.resolve("nowhere"), wanted(false, false)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> open(false)).isInstanceOf(UserError.class).hasMessageContaining("holds no sound");
        Path one = wav("one.wav", 400, RATE, 1);
        assertThatThrownBy(() -> AudioFolder.open(one, wanted(false, false)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is a file");
        assertThatThrownBy(() -> open(false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("both sides need one at least");
    }

    @Test
    void theManifestIsMadeOnceAndAnewWhereAFileChanges() throws IOException {
        clips(3);
        Path cache = folder.resolve("cache");
        Path data = Files.createDirectory(folder.resolve("data"));
        Path clip = Files.move(folder.resolve("clip0.wav"), data.resolve("a b.wav"));
        Sounds.write(data.resolve("bad.wav"), "no sound");
        Manifest made = Manifest.of(data, cache);
        assertThat(made.entries())
                .containsExactly(
                        new Manifest.Entry("a b.wav", 400, RATE, ""),
                        new Manifest.Entry(
                                "bad.wav",
                                -1,
                                0,
                                "is not sound of a known format (WAV, FLAC, Ogg Vorbis, AIFF or AU)"));
        Path kept;
        try (Stream<Path> files = Files.list(cache)) {
            kept = files.toList().getFirst();
        }
        assertThat(Files.readAllLines(kept)).startsWith(data.toString(), "a b.wav\t400\t8000");
        // What is read is what was kept, and not made again.
        Files.writeString(kept, Files.readString(kept).replace("\t400\t", "\t401\t"));
        assertThat(Manifest.of(data, cache).entries().getFirst().samples()).isEqualTo(401);
        Files.setLastModifiedTime(clip, FileTime.fromMillis(1));
        assertThat(Manifest.of(data, cache)).isEqualTo(made);
        Sounds.write(clip, Sounds.wav(new float[7], RATE, 1));
        Files.setLastModifiedTime(clip, FileTime.fromMillis(1));
        assertThat(Manifest.of(data, cache).entries().getFirst().samples()).isEqualTo(7);
    }

    @Test
    void theBuiltInDigits() {
        AudioData spoken = BuiltInDigits.open(8000, true);
        assertThat(spoken.train().size()).isEqualTo(400);
        assertThat(spoken.test().size()).isEqualTo(50);
        assertThat(texts(spoken.train())).doesNotContainAnyElementsOf(List.of(""));
        List<String> words = texts(spoken.train()).stream()
                .flatMap(t -> Transcripts.words(t).stream())
                .distinct()
                .toList();
        assertThat(words).contains("SEVEN", "SEIS", "ZÉRO", "QUATTRO", "ЧЕТЫРЕ");
        assertThat(texts(spoken.test())).doesNotContainAnyElementsOf(texts(spoken.train()));
        AudioData sound = BuiltInDigits.open(16000, false);
        assertThat(texts(sound.train()).stream().flatMap(t -> Transcripts.words(t).stream()))
                .doesNotContain("THREE", "SEVEN", "TRE", "SETTE");
        assertThat(texts(sound.test()).stream()
                        .flatMap(t -> Transcripts.words(t).stream())
                        .distinct())
                .hasSize(10); // two digits in five languages
        assertThat(sound.train().waveform(0).orElseThrow())
                .hasSize(sound.train().samples(0));
    }
}
