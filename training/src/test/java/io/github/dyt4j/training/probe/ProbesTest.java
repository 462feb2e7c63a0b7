package io.github.dyt4j.training.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ProbesTest {
    private static final int DIM = 6;
    private static final int CLASSES = 3;

    /** Clouds around one centre a class, in dimensions of very different scale. */
    private static FrozenFeatures clouds(long seed, int n, double spread) {
        return clouds(seed, n, spread, 10);
    }

    /** @param ratio of the scales of one dimension and the one before */
    private static FrozenFeatures clouds(long seed, int n, double spread, double ratio) {
        Random random = new Random(seed);
        float[] values = new float[n * DIM];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = i % CLASSES;
            for (int d = 0; d < DIM; d++) {
                double centre = d == labels[i] ? 1 : 0;
                values[i * DIM + d] = (float) ((centre + spread * random.nextGaussian()) * Math.pow(ratio, d - 3));
            }
        }
        return new FrozenFeatures(DIM, values, labels);
    }

    private static double mean(float[] scores) {
        return IntStream.range(0, scores.length)
                .mapToDouble(i -> scores[i])
                .average()
                .orElseThrow();
    }

    @Test
    void aLinearProbeTellsCloudsApartWhateverTheScaleOfTheFeatures() {
        assertThat(mean(LinearProbe.scores(clouds(1, 300, 0.1), clouds(2, 90, 0.1))))
                .isEqualTo(100);
    }

    @Test
    void aLinearProbeOfNoiseGuesses() {
        FrozenFeatures noise = clouds(3, 3000, 1e6);
        assertThat(mean(LinearProbe.scores(noise, clouds(4, 900, 1e6)))).isBetween(23.0, 44.0);
    }

    @Test
    void aLinearProbeIsTheSameEveryTimeAlsoOfMoreFeaturesThanAStepTakes() {
        FrozenFeatures train = clouds(5, 9000, 0.6);
        FrozenFeatures test = clouds(6, 500, 0.6);
        float[] first = LinearProbe.scores(train, test);
        assertThat(LinearProbe.scores(train, test)).isEqualTo(first);
        assertThat(mean(first)).isBetween(75.0, 99.0);
    }

    @Test
    void nearestNeighboursVoteAsByHand() {
        FrozenFeatures train = clouds(7, 200, 0.5, 1);
        FrozenFeatures test = clouds(8, 600, 0.5, 1); // more than are asked at once
        float[] expected = new float[test.size()];
        for (int i = 0; i < expected.length; i++) {
            int query = i;
            double[] cosines = IntStream.range(0, train.size())
                    .mapToDouble(j -> cosine(test, query, train, j))
                    .toArray();
            double[] votes = new double[CLASSES];
            IntStream.range(0, train.size())
                    .boxed()
                    .sorted((a, b) -> Double.compare(cosines[b], cosines[a]))
                    .limit(20)
                    .forEach(j -> votes[train.labels()[j]] += Math.exp(cosines[j] / 0.07));
            int said = votes[0] >= votes[1] && votes[0] >= votes[2] ? 0 : votes[1] >= votes[2] ? 1 : 2;
            expected[i] = said == test.labels()[i] ? 100 : 0;
        }
        assertThat(NearestNeighbours.scores(train, test)).isEqualTo(expected);
        assertThat(mean(expected)).isBetween(40.0, 99.9);
    }

    @Test
    void withFewerThanTwentyAllVote() {
        assertThat(NearestNeighbours.scores(clouds(9, 6, 0.05), clouds(10, 30, 0.05)))
                .hasSize(30);
    }

    private static double cosine(FrozenFeatures a, int i, FrozenFeatures b, int j) {
        double dot = 0;
        double na = 0;
        double nb = 0;
        for (int d = 0; d < DIM; d++) {
            double x = a.values()[i * DIM + d];
            double y = b.values()[j * DIM + d];
            dot += x * y;
            na += x * x;
            nb += y * y;
        }
        return dot / Math.sqrt(na * nb);
    }
}
