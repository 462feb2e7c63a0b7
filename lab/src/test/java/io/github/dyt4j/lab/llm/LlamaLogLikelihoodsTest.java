package io.github.dyt4j.lab.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.tasks.LogLikelihoods.Score;
import io.github.dyt4j.models.Llama;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LlamaLogLikelihoodsTest {
    private static int[] join(int[] a, int[] b) {
        return IntStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
    }

    /** From the logits of the whole sequence, the softmax without a shift by its maximum. */
    private static double byHand(Llama model, int[] ids, int from) {
        float[][] logits = TinyLlama.logits(model, ids);
        double sum = 0;
        for (int i = from; i < ids.length; i++) {
            double total = 0;
            for (float z : logits[i - 1]) {
                total += Math.exp(z);
            }
            sum += Math.log(Math.exp(logits[i - 1][ids[i]]) / total);
        }
        return sum;
    }

    @Test
    void isTheSumOfTheFullLogSoftmax() {
        try (Llama model = TinyLlama.create()) {
            LlamaLogLikelihoods scores = new LlamaLogLikelihoods(model);
            for (int[] lengths : new int[][] {{1, 1}, {1, 63}, {63, 1}, {20, 13}, {1, 64}, {64, 1}}) {
                int[] context = TinyLlama.ids(lengths[0], 3);
                int[] continuation = TinyLlama.ids(lengths[1], 4);
                double expected = byHand(model, join(context, continuation), context.length);
                assertThat(scores.score(context, continuation).logLikelihood())
                        .isCloseTo(expected, within(1e-5 * Math.abs(expected)));
            }
        }
    }

    @Test
    void piecesGiveTheScoreOfTheWhole() {
        try (Llama model = TinyLlama.create()) {
            for (int[] lengths : new int[][] {{1, 64}, {64, 1}, {20, 33}, {33, 16}}) {
                int[] context = TinyLlama.ids(lengths[0], 11);
                int[] continuation = TinyLlama.ids(lengths[1], 12);
                Score whole = new LlamaLogLikelihoods(model).score(context, continuation);
                Score pieces = new LlamaLogLikelihoods(model, 16).score(context, continuation);
                assertThat(pieces.logLikelihood())
                        .isCloseTo(whole.logLikelihood(), within(1e-5 * Math.abs(whole.logLikelihood())));
                assertThat(pieces.greedy()).isEqualTo(whole.greedy());
            }
        }
    }

    @Test
    void aLongContextLosesItsBeginning() {
        try (Llama model = TinyLlama.create()) {
            LlamaLogLikelihoods scores = new LlamaLogLikelihoods(model);
            int[] context = TinyLlama.ids(90, 5);
            int[] continuation = TinyLlama.ids(10, 6);
            assertThat(scores.contextLength()).isEqualTo(TinyLlama.CONTEXT);
            assertThat(scores.score(context, continuation))
                    .isEqualTo(scores.score(Arrays.copyOfRange(context, 90 - 55, 90), continuation));
            assertThatThrownBy(() -> scores.score(context, TinyLlama.ids(65, 1)))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("65");
        }
    }

    @Test
    void greedyIsTrueForTheModelsOwnTokensAlone() {
        try (Llama model = TinyLlama.create()) {
            LlamaLogLikelihoods scores = new LlamaLogLikelihoods(model);
            int[] context = TinyLlama.ids(12, 7);
            int[] own = new int[0];
            for (int i = 0; i < 6; i++) {
                float[][] logits = TinyLlama.logits(model, join(context, own));
                own = join(own, new int[] {Logits.argmax(logits[logits.length - 1])});
            }
            assertThat(scores.score(context, own).greedy()).isTrue();
            for (int at = 0; at < own.length; at++) {
                int[] other = own.clone();
                other[at] = (other[at] + 1) % 256;
                Score score = scores.score(context, other);
                assertThat(score.greedy()).as("other at %s", at).isFalse();
            }
        }
    }
}
