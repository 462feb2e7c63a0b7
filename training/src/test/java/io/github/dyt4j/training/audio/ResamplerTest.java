package io.github.dyt4j.training.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class ResamplerTest {
    private static final int[][] RATES = {
        {44100, 16000}, {48000, 16000}, {16000, 8000}, {8000, 16000}, {22050, 16000}, {11025, 8000}
    };

    /** Half of the clip, away from the silence before and after it. */
    private static float[] middle(float[] y) {
        return Arrays.copyOfRange(y, y.length / 4, 3 * y.length / 4);
    }

    private static float[] tone(double hertz, int rate) {
        return Sounds.tone(rate / 2, hertz, rate);
    }

    /** Relative error of what comes out against the tone at the new rate. */
    private static double error(int from, int to, double hertz) {
        float[] y = middle(new Resampler(from, to).apply(tone(hertz, from)));
        float[] truth = middle(tone(hertz, to));
        double worst = 0;
        for (int i = 0; i < truth.length; i++) {
            worst = Math.max(worst, Math.abs(y[i] - truth[i]));
        }
        return worst / 0.5;
    }

    private static double decibels(float[] y) {
        double power = 0;
        for (float v : middle(y)) {
            power += (double) v * v;
        }
        return 10 * Math.log10(power / middle(y).length / (0.5 * 0.5 / 2));
    }

    @Test
    void theRatesAgreeAndNothingChanges() {
        float[] x = tone(440, 8000);
        assertThat(new Resampler(8000, 8000).apply(x)).isSameAs(x);
    }

    /** Its gain within 0.0005 dB and its delay 0: 0.0005 dB are 5.8e-5. */
    @Test
    void tonesUpToNineTenthsOfTheLowerNyquistFrequencyPass() {
        for (int[] rates : RATES) {
            double nyquist = Math.min(rates[0], rates[1]) / 2.0;
            for (double share : new double[] {0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9}) {
                assertThat(error(rates[0], rates[1], share * nyquist))
                        .as(rates[0] + " to " + rates[1] + ", " + share)
                        .isLessThan(5.8e-5);
            }
        }
    }

    @Test
    void tonesAboveTheNewNyquistFrequencyDoNot() {
        for (int[] rates : RATES) {
            if (rates[1] < rates[0]) {
                double low = rates[1] / 2.0;
                double high = rates[0] / 2.0;
                for (int k = 0; k < 12; k++) {
                    double hertz = low + (high - low) * k / 12 + 1;
                    assertThat(decibels(new Resampler(rates[0], rates[1]).apply(tone(hertz, rates[0]))))
                            .as(rates[0] + " to " + rates[1] + ", " + hertz + " Hz")
                            .isLessThan(-95);
                }
            }
        }
    }

    /** A constant stays one in every phase, so there is no tone at the old rate in the new one. */
    @Test
    void constantsStay() {
        for (int[] rates : RATES) {
            float[] x = new float[rates[0] / 4];
            Arrays.fill(x, 0.25f);
            for (float y : middle(new Resampler(rates[0], rates[1]).apply(x))) {
                assertThat(y).isCloseTo(0.25f, within(1e-7f));
            }
        }
    }

    @Test
    void lengths() {
        assertThat(new Resampler(8000, 16000).length(5)).isEqualTo(10);
        assertThat(new Resampler(44100, 16000).length(441)).isEqualTo(160);
        assertThat(new Resampler(44100, 16000).length(442)).isEqualTo(161);
        assertThat(new Resampler(16000, 8000).apply(new float[1])).hasSize(1);
        assertThat(new Resampler(16000, 8000).apply(new float[0])).isEmpty();
    }
}
