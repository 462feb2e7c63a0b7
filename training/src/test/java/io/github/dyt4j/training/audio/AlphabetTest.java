package io.github.dyt4j.training.audio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AlphabetTest {
    /** A 5, B 6, D 7. */
    private static final Alphabet ALPHABET = Alphabet.of(Stream.of("BAD", "A D"));

    @Test
    void ids() {
        assertThat(ALPHABET.size()).isEqualTo(8);
        assertThat(ALPHABET.encode("AB D")).containsExactly(5, 6, 4, 7);
        assertThat(ALPHABET.encode("AXD")).containsExactly(5, 3, 7);
        assertThat(ALPHABET.text(new long[] {5, 6, 4, 3})).isEqualTo("AB \uFFFD");
    }

    @Test
    void theLikeliestPathIsSpelt() {
        assertThat(ALPHABET.decode(new long[] {0, 5, 5, 0, 5, 6, 6, 4, 4, 0, 7, 0}))
                .isEqualTo("AAB D");
        assertThat(ALPHABET.decode(new long[] {4, 0, 4, 5, 1, 2, 3, 4})).isEqualTo("A");
        assertThat(ALPHABET.decode(new long[0])).isEmpty();
    }

    @Test
    void framesThatCtcNeeds() {
        assertThat(Alphabet.frames(ALPHABET.encode("ABBA"))).isEqualTo(5);
        assertThat(Alphabet.frames(new int[0])).isZero();
    }

    @Test
    void vocabJson(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("vocab.json");
        ALPHABET.write(file);
        assertThat(Files.readString(file).replaceAll("\\s", ""))
                .isEqualTo("{\"<pad>\":0,\"<s>\":1,\"</s>\":2,\"<unk>\":3,\"|\":4,\"A\":5,\"B\":6,\"D\":7}");
    }

    @ParameterizedTest
    @CsvSource({
        "KITTEN, SITTING, 3, 1",
        "'', ABC, 3, 1",
        "ABC, '', 3, 1",
        "A B C, A C, 2, 1",
        "ONE TWO, TWO ONE, 6, 2",
        "SAME TEXT, SAME TEXT, 0, 0"
    })
    void editDistance(String a, String b, int characters, int words) {
        assertThat(EditDistance.characters(a, b)).isEqualTo(characters);
        assertThat(EditDistance.words(a, b)).isEqualTo(words);
        assertThat(EditDistance.words(b, a)).isEqualTo(words);
    }
}
