package io.github.dyt4j.lab.llm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TextStreamTest {
    private final List<String> shown = new ArrayList<>();

    private TextStream stream(String... stops) {
        return new TextStream(TinyTokenizer.ofBytes(), new int[0], List.of(stops), shown::add);
    }

    private static boolean add(TextStream stream, String text) {
        for (int id : TinyTokenizer.ofBytes().encode(text)) {
            if (stream.add(id)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void charactersOfSeveralBytesComeWhole() {
        TextStream stream = stream();
        assertThat(add(stream, "aé€😀z")).isFalse();
        assertThat(shown).containsExactly("a", "é", "€", "😀", "z");
        assertThat(stream.finish()).isFalse();
        assertThat(stream.text()).isEqualTo("aé€😀z");
    }

    @Test
    void anUnfinishedCharacterComesAtTheEnd() {
        TextStream stream = stream();
        stream.add('a');
        stream.add(0xE2);
        stream.add(0x82);
        assertThat(shown).containsExactly("a");
        stream.finish();
        assertThat(String.join("", shown)).isEqualTo("a\uFFFD").isEqualTo(stream.text());
    }

    @Test
    void aStopStringEndsAcrossTokensAndIsNeverShown() {
        TextStream stream = stream("###", "\n\n");
        assertThat(add(stream, "a#b##")).isFalse();
        assertThat(String.join("", shown)).isEqualTo("a#b");
        assertThat(stream.add('#')).isTrue();
        assertThat(stream.finish()).isTrue();
        assertThat(String.join("", shown)).isEqualTo("a#b").isEqualTo(stream.text());
    }

    @Test
    void whatOnlyBeganAStopStringComesAtTheEnd() {
        TextStream stream = stream("END");
        add(stream, "xEN");
        assertThat(String.join("", shown)).isEqualTo("x");
        assertThat(stream.finish()).isFalse();
        assertThat(String.join("", shown)).isEqualTo("xEN");
    }

    /** An ending that repeats its own beginning: after "aab" failed, "ab" of it may still begin the stop. */
    @Test
    void stopsEndWhereASearchOfTheWholeTextFindsThem() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 500; round++) {
            shown.clear();
            String stop = word(random, 1 + random.nextInt(4));
            String text = word(random, 30);
            TextStream stream = stream(stop);
            boolean stopped = add(stream, text);
            assertThat(stream.finish()).as("seed %s", seed).isEqualTo(stopped).isEqualTo(text.contains(stop));
            String expected = stopped ? text.substring(0, text.indexOf(stop)) : text;
            assertThat(String.join("", shown))
                    .as("seed %s", seed)
                    .isEqualTo(expected)
                    .isEqualTo(stream.text());
        }
    }

    private static String word(SplittableRandom random, int n) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < n; i++) {
            word.append(random.nextInt(3) == 0 ? 'é' : 'a');
        }
        return word.toString();
    }
}
