package io.github.dyt4j.lab.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PerplexityTest {
    /** Recorded windows alone are answered, so a window that is cut elsewhere fails too. */
    @Test
    void goldenTexts() {
        for (JsonNode e : Expected.ALL.get("perplexity")) {
            Perplexity p = Perplexity.of(e.get("text").asString(), Expected.recorded(), Bytes.PLAIN);
            assertThat(p.logLikelihood()).isCloseTo(e.get("log_likelihood").doubleValue(), within(1e-9));
            assertThat(p.tokens()).isEqualTo(e.get("tokens").intValue());
            assertThat(p.words()).isEqualTo(e.get("words").intValue());
            assertThat(p.bytes()).isEqualTo(e.get("bytes").intValue());
            close(p.perToken(), e.get("token_perplexity"));
            close(p.perWord(), e.get("word_perplexity"));
            close(p.perByte(), e.get("byte_perplexity"));
            close(p.bitsPerByte(), e.get("bits_per_byte"));
            assertThat(Perplexity.windows(Bytes.PLAIN.encode(e.get("text").asString()), 0, 512))
                    .hasSize(e.get("windows").size());
        }
    }

    private static void close(double value, JsonNode expected) {
        assertThat(value / expected.doubleValue()).isCloseTo(1, within(1e-12));
    }

    /** Whatever the lengths: predicted tokens in a row are the text, before each stands what precedes it, and no window is too long. */
    @Test
    void everyTokenIsPredictedOnceAfterWhatPrecedesIt() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int trial = 0; trial < 300; trial++) {
            int length = random.nextInt(1, 60);
            int context = random.nextInt(1, 20);
            int[] tokens = IntStream.range(100, 100 + length).toArray();
            List<TokenPair> windows = Perplexity.windows(tokens, 7, context);
            int next = 0;
            for (TokenPair w : windows) {
                String what = "seed " + seed + ", trial " + trial + ", at " + next;
                int[] before = next == 0 ? new int[] {7} : Arrays.copyOfRange(tokens, 0, next);
                assertThat(before).as(what).endsWith(w.context());
                assertThat(w.continuation())
                        .as(what)
                        .isEqualTo(Arrays.copyOfRange(tokens, next, next + w.continuation().length));
                int size = w.context().length + w.continuation().length;
                assertThat(size).as(what).isLessThanOrEqualTo(context + 1);
                assertThat(next == 0 || size == context + 1).as(what).isTrue();
                next += w.continuation().length;
            }
            assertThat(next).as("seed %s, trial %s", seed, trial).isEqualTo(length);
        }
    }

    @Test
    void textsAddUp() {
        Perplexity a = new Perplexity(-10, 4, 2, 8);
        Perplexity b = new Perplexity(-30, 6, 3, 12);
        assertThat(a.plus(b)).isEqualTo(new Perplexity(-40, 10, 5, 20));
        assertThat(a.plus(b).perToken()).isCloseTo(Math.exp(4), within(1e-12));
    }

    @Test
    void theTokenThatBeginsATextStandsBeforeIt() {
        int[][] seen = new int[1][];
        Perplexity.of("a b", scored(-1, seen), new Bytes(OptionalInt.of(2)));
        assertThat(seen[0]).containsExactly(2);
    }

    @Test
    void noTokenAndNoNumberAreRefused() {
        assertThatThrownBy(() -> Perplexity.of("", scored(-1, new int[1][]), Bytes.PLAIN))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("at least one token");
        assertThatThrownBy(() -> Perplexity.of("a", scored(Double.NaN, new int[1][]), Bytes.PLAIN))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is NaN");
    }

    private static LogLikelihoods scored(double logLikelihood, int[][] seen) {
        return new LogLikelihoods() {
            @Override
            public Score score(int[] context, int[] continuation) {
                seen[0] = context;
                return new Score(logLikelihood, false);
            }

            @Override
            public int contextLength() {
                return 16;
            }
        };
    }
}
