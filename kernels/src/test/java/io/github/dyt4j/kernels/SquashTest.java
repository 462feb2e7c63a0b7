package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class SquashTest {
    /** Known values, to 16 digits (DLMF, Abramowitz and Stegun). */
    @ParameterizedTest
    @CsvSource({
        "TANH,     0.5,  0.46211715726000976",
        "TANH,     20,   1",
        "ERF,      0.5,  0.5204998778130465",
        "ERF,      1,    0.8427007929497149",
        "ERF,      2,    0.9953222650189527",
        "ERF,      3,    0.9999779095030014",
        "ERF,      -5,   -0.9999999999984626",
        "ERF,      1e-9, 1.1283791670955126e-9",
        "ISRU,     1,    0.7071067811865476",
        "ISRU,     1e200, 1",
        "HARDTANH, -0.3, -0.3",
        "HARDTANH, 7,    1",
        "SIGMOID,  0,    0.5",
        "SIGMOID,  -40,  4.248354255291589e-18",
        "LINEAR,   -3.5, -3.5"
    })
    void knownValues(Squash squash, double u, double expected) {
        assertThat(squash.value(u)).isCloseTo(expected, within(Math.abs(expected) * 1e-15));
    }

    @ParameterizedTest
    @EnumSource(Squash.class)
    void slopeIsTheCentralDifferenceOfTheValue(Squash squash) {
        double h = 1e-5;
        for (double u = -7.03; u < 7; u += 0.1) {
            double difference = (squash.value(u + h) - squash.value(u - h)) / (2 * h);
            assertThat(squash.slope(u)).as("f'(%s)", u).isCloseTo(difference, within(1e-9));
        }
    }

    @ParameterizedTest
    @EnumSource(Squash.class)
    void limitsNanAndSignedZero(Squash squash) {
        boolean linear = squash == Squash.LINEAR;
        double low = linear ? Double.NEGATIVE_INFINITY : squash == Squash.SIGMOID ? 0 : -1;
        assertThat(squash.value(Double.NaN)).isNaN();
        assertThat(squash.value(Double.POSITIVE_INFINITY)).isEqualTo(linear ? Double.POSITIVE_INFINITY : 1);
        assertThat(squash.value(Double.NEGATIVE_INFINITY)).isEqualTo(low);
        assertThat(squash.slope(Double.POSITIVE_INFINITY)).isEqualTo(linear ? 1 : 0);
        if (squash != Squash.SIGMOID) {
            assertThat(1 / squash.value(-0.0)).isEqualTo(Double.NEGATIVE_INFINITY);
        }
    }
}
