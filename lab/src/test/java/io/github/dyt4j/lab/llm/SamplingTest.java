package io.github.dyt4j.lab.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplingTest {
    private static float[] logits(SplittableRandom random, int n) {
        float[] z = new float[n];
        for (int i = 0; i < n; i++) {
            z[i] = Math.round(random.nextGaussian() * 8) / 4f; // many are equal
        }
        return z;
    }

    /** Boxes, a stable sort and a softmax at each step, as the definition has it. */
    private static List<Integer> naive(float[] z, double temperature, int k, double p) {
        List<Integer> ids = new ArrayList<>(IntStream.range(0, z.length).boxed().toList());
        ids.sort(Comparator.comparingDouble(i -> -z[i]));
        if (k > 0 && k < ids.size()) {
            ids = ids.subList(0, k);
        }
        double total =
                ids.stream().mapToDouble(i -> Math.exp(z[i] / temperature)).sum();
        List<Integer> kept = new ArrayList<>();
        double before = 0;
        for (int id : ids) {
            if (p == 1 || before < p) {
                kept.add(id);
            }
            before += Math.exp(z[id] / temperature) / total;
        }
        return kept;
    }

    @Test
    void candidatesAreThoseOfTheDefinition() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 500; i++) {
            float[] z = logits(random, 1 + random.nextInt(60));
            double temperature = random.nextDouble(0.2, 3);
            int k = random.nextInt(70);
            double p = random.nextInt(4) == 0 ? 1 : random.nextDouble(0.01, 1);
            int[] kept = new Sampling(temperature, k, p, 0).candidates(z).ids();
            assertThat(kept)
                    .as("seed %s, round %s: T %s, k %s, p %s", seed, i, temperature, k, p)
                    .containsExactly(naive(z, temperature, k, p).stream()
                            .mapToInt(Integer::intValue)
                            .toArray());
        }
    }

    /** Frequencies within five standard deviations of their probabilities. */
    @Test
    void drawsByTheProbabilities() {
        float[] z = {0, 1, -1, 2};
        int n = 40_000;
        int[] counts = new int[4];
        Sampling sampling = new Sampling(1.5, 3, 1, 11);
        for (int i = 0; i < n; i++) {
            counts[sampling.pick(z, i)]++;
        }
        double total = 1 + Math.exp(1 / 1.5) + Math.exp(2 / 1.5);
        assertThat(counts[2]).isZero();
        for (int id : new int[] {0, 1, 3}) {
            double p = Math.exp(z[id] / 1.5) / total;
            assertThat(Math.abs(counts[id] - n * p)).as("id %s", id).isLessThan(5 * Math.sqrt(n * p * (1 - p)));
        }
    }

    @Test
    void greedyTakesTheLowestOfEqualIds() {
        float[] z = {-1, 3, 0, 3, -0f};
        assertThat(Sampling.greedy().pick(z, 0)).isEqualTo(1);
        for (int i = 0; i < 50; i++) {
            assertThat(new Sampling(1, 1, 1, 4).pick(z, i)).isEqualTo(1);
        }
        assertThat(new Sampling(1, 0, 1, 0).candidates(z).ids()).containsExactly(1, 3, 2, 4, 0);
    }

    @ParameterizedTest
    @CsvSource({"-0.1,0,1", "NaN,0,1", "Infinity,0,1", "1,-1,1", "1,0,0", "1,0,1.01", "1,0,NaN"})
    void refusesWhatIsOutOfRange(double temperature, int topK, double topP) {
        assertThatThrownBy(() -> new Sampling(temperature, topK, topP, 0)).isInstanceOf(UserError.class);
    }

    @Test
    void refusesBrokenLogits() {
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            for (int at = 0; at < 3; at++) {
                float[] z = {1, 2, 3};
                z[at] = broken;
                assertThatThrownBy(() -> new Sampling(1, 2, 1, 0).pick(z, 0)).isInstanceOf(UserError.class);
            }
        }
    }
}
