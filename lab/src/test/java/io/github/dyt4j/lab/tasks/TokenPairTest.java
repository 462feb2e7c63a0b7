package io.github.dyt4j.lab.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TokenPairTest {
    /** Takes the longest of its pieces from the left, else a character; a piece's id is 1000 + its index. */
    private record Greedy(List<String> pieces, OptionalInt beginOfText) implements Tokenizer {
        @Override
        public String name() {
            return "greedy";
        }

        @Override
        public int vocabSize() {
            return 2000;
        }

        @Override
        public int[] encode(String text) {
            List<Integer> tokens = new ArrayList<>();
            int at = 0;
            while (at < text.length()) {
                int longest = -1;
                for (int i = 0; i < pieces.size(); i++) {
                    if (text.startsWith(pieces.get(i), at)
                            && (longest < 0
                                    || pieces.get(i).length()
                                            > pieces.get(longest).length())) {
                        longest = i;
                    }
                }
                tokens.add(longest < 0 ? text.charAt(at) : 1000 + longest);
                at += longest < 0 ? 1 : pieces.get(longest).length();
            }
            return tokens.stream().mapToInt(Integer::intValue).toArray();
        }

        @Override
        public String decode(int[] ids) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int endOfText() {
            return 0;
        }

        @Override
        public void write(Path folder) {
            throw new UnsupportedOperationException();
        }
    }

    private static TokenPair of(Tokenizer tokenizer, String context, String continuation, int contextLength) {
        return TokenPair.of(new Request(context, continuation), tokenizer, contextLength, "here.jsonl:3");
    }

    /** "a" and " no" alone would be {a}, {' ', n, o}; the space and the word are one token of the whole. */
    @Test
    void spacesAtTheEndOfTheContextGoToTheContinuation() {
        Greedy tokenizer = new Greedy(List.of(" no"), OptionalInt.empty());
        TokenPair pair = of(tokenizer, "a ", "no", 10);
        assertThat(pair.context()).containsExactly('a');
        assertThat(pair.continuation()).containsExactly(1000);
    }

    /** The context as it is encoded alone, and what the whole has beyond that many tokens, even where a token spans the border. */
    @Test
    void theWholeIsEncodedAndSplitAtTheContextsLength() {
        Greedy tokenizer = new Greedy(List.of("bc"), OptionalInt.empty());
        TokenPair pair = of(tokenizer, "ab", "cd", 10);
        assertThat(pair.context()).containsExactly('a', 'b');
        assertThat(pair.continuation()).containsExactly('d');
        assertThatThrownBy(() -> of(tokenizer, "ab", "c", 10))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("here.jsonl:3")
                .hasMessageContaining("greedy");
    }

    @Test
    void anEmptyContextIsTheTokenThatBeginsATextElseTheOneThatEndsIt() {
        assertThat(of(Bytes.PLAIN, "", " x", 10).context()).containsExactly(0);
        assertThat(of(Bytes.PLAIN, " \n", "x", 10).context()).containsExactly(0);
        assertThat(of(Bytes.PLAIN, " \n", "x", 10).continuation()).containsExactly(' ', '\n', 'x');
        Bytes begun = new Bytes(OptionalInt.of(2));
        assertThat(of(begun, "", " x", 10).context()).containsExactly(2);
        assertThat(of(begun, "", "\2x", 10).context()).containsExactly(2);
        assertThat(of(begun, "", "\2x", 10).continuation()).containsExactly('x');
    }

    @Test
    void theTokenThatBeginsATextStandsBeforeTheContextOnce() {
        TokenPair pair = of(new Bytes(OptionalInt.of(2)), "ab", " c", 10);
        assertThat(pair.context()).containsExactly(2, 'a', 'b');
        assertThat(pair.continuation()).containsExactly(' ', 'c');
    }

    /** The model never reads the last token, so one more than its context fits. */
    @Test
    void whatIsTooLongLosesItsBeginning() {
        assertThat(of(Bytes.PLAIN, "abcdef", " gh", 8).context()).containsExactly('a', 'b', 'c', 'd', 'e', 'f');
        assertThat(of(Bytes.PLAIN, "abcdef", " gh", 7).context()).containsExactly('b', 'c', 'd', 'e', 'f');
        assertThat(of(Bytes.PLAIN, "abcdef", " gh", 3).context()).containsExactly('f');
        assertThat(of(Bytes.PLAIN, "abcdef", " gh", 3).continuation()).containsExactly(' ', 'g', 'h');
        assertThatThrownBy(() -> of(Bytes.PLAIN, "abcdef", " gh", 2))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("here.jsonl:3: an answer has 3 tokens, and the model's context is 2");
    }
}
