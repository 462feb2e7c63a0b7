package io.github.dyt4j.training.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseScheduleTest {
    @Test
    void betasRiseFromTheFirstToTheLastOfThePaper() {
        NoiseSchedule s = NoiseSchedule.linear();
        assertThat(s.beta(0)).isCloseTo(1e-4, within(1e-15));
        assertThat(s.beta(999)).isCloseTo(0.02, within(1e-15));
        assertThat(s.beta(500)).isCloseTo(1e-4 + 500 * 0.0199 / 999, within(1e-14));
        assertThat(s.bar(999)).isBetween(4.03e-5, 4.04e-5); // Ho et al. 2020: nearly nothing of the image is left
    }

    /** q(x_{t−1} | x_t, x_0) by Bayes' rule from two Gaussians: precisions add up. */
    @ParameterizedTest
    @ValueSource(ints = {1000, 250, 50, 7, 2})
    void thePosteriorIsThatOfBayes(int steps) {
        NoiseSchedule s = NoiseSchedule.spaced(steps);
        for (int i = 1; i < steps; i++) {
            double alpha = 1 - s.beta(i);
            double prior = 1 / (1 - s.barBefore(i));
            double step = alpha / s.beta(i);
            double variance = 1 / (prior + step);
            assertThat(Math.exp(s.leastLogVariance(i))).isCloseTo(variance, within(1e-9 * variance));
            assertThat(s.meanOfStart(i)).isCloseTo(variance * prior * Math.sqrt(s.barBefore(i)), within(1e-9));
            assertThat(s.meanOfNoised(i)).isCloseTo(variance * step / Math.sqrt(alpha), within(1e-9));
            assertThat(s.bar(i)).isCloseTo(alpha * s.barBefore(i), within(1e-12));
        }
        assertThat(s.meanOfStart(0)).isCloseTo(1, within(1e-12));
        assertThat(s.meanOfNoised(0)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"2, 0 999", "4, 0 333 666 999", "6, 0 200 400 599 799 999"})
    void stepsAreKeptAtEvenDistances(int steps, String kept) {
        NoiseSchedule s = NoiseSchedule.spaced(steps);
        NoiseSchedule whole = NoiseSchedule.linear();
        assertThat(IntStream.range(0, steps).mapToObj(i -> "" + s.timestep(i))).containsExactly(kept.split(" "));
        for (int i = 0; i < steps; i++) {
            assertThat(s.bar(i)).isEqualTo(whole.bar(s.timestep(i)));
        }
    }

    @Test
    void allStepsAreTheScheduleOfTraining() {
        NoiseSchedule s = NoiseSchedule.spaced(1000);
        assertThat(IntStream.range(0, 1000).map(s::timestep).toArray())
                .isEqualTo(IntStream.range(0, 1000).toArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 1001})
    void otherStepsAreRefused(int steps) {
        assertThatThrownBy(() -> NoiseSchedule.spaced(steps))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(steps + " steps")
                .hasMessageContaining("1000");
    }
}
