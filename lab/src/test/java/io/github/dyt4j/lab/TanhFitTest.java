package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.lab.ReportData.Fit;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TanhFitTest {
    private static double[] normal(int n, double scale) {
        SplittableRandom random = new SplittableRandom(3);
        double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = scale * random.nextGaussian();
        }
        return x;
    }

    @Test
    void findsTheTanhThatMadeThePoints() {
        for (double b : new double[] {0.02, 0.7, 9}) {
            double[] x = normal(500, 2);
            double[] y = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                y[i] = 1.9 * Math.tanh(b * x[i]);
            }
            Fit fit = TanhFit.of(x, y);
            assertThat(fit.a() * fit.b()).as("slope, b = %s", b).isCloseTo(1.9 * b, within(0.02 * b));
            assertThat(fit.r2()).isGreaterThan(0.9999);
            if (b > 0.1) {
                assertThat(fit.b()).isCloseTo(b, within(1e-4 * b));
                assertThat(fit.lineR2()).isLessThan(0.97);
            }
        }
    }

    /** With its sign turned the function is off by twice y everywhere, and R² is 1 − 4 where y has mean zero. */
    @Test
    void holdsTheLayersOwnFunctionAgainstThePoints() {
        double[] x = {-3, -1, -0.5, 0.5, 1, 3};
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = Math.tanh(0.5 * x[i]);
        }
        assertThat(TanhFit.exact(0.5, x, y).r2()).isEqualTo(1);
        assertThat(TanhFit.exact(-0.5, x, y).r2()).isCloseTo(-3, within(1e-12));
    }
}
