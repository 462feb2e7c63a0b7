package io.github.dyt4j.lab;

import static io.github.dyt4j.lab.PairedStatistics.finding;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.lab.PairedStatistics.Difference;
import io.github.dyt4j.lab.PairedStatistics.Finding;
import io.github.dyt4j.lab.PairedStatistics.Interval;
import io.github.dyt4j.lab.PairedStatistics.Spread;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PairedStatisticsTest {
    /** Student's own data (1908, table of the sleep of ten patients, two drugs): mean difference 1.58, 95% interval 0.7001 to 2.4599. */
    @Test
    void studentsSleepData() {
        double[] first = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
        double[] second = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
        Difference d = PairedStatistics.difference(second, first);
        assertThat(d.n()).isEqualTo(10);
        assertThat(d.mean()).isCloseTo(1.58, within(1e-12));
        assertThat(d.interval().low()).isCloseTo(0.7001142, within(1e-6));
        assertThat(d.interval().high()).isCloseTo(2.4598858, within(1e-6));
        assertThat(finding(d, true)).isEqualTo(Finding.BETTER);
        assertThat(finding(d, false)).isEqualTo(Finding.WORSE);
    }

    /** t(0.975) from any printed table: 12.706 for one degree of freedom, 4.303 for two. */
    @Test
    void intervalUsesStudentsTable() {
        Difference two = PairedStatistics.difference(new double[] {1, 3}, new double[] {0, 0});
        assertThat(two.interval().high() - two.mean()).isCloseTo(12.7062, within(1e-3));
        Difference three = PairedStatistics.difference(new double[] {1, 2, 3}, new double[] {0, 0, 0});
        assertThat(three.interval().high() - three.mean()).isCloseTo(4.30265 / Math.sqrt(3), within(1e-4));
    }

    @Test
    void spreadDividesByOneLess() {
        Spread s = Spread.of(2, 4, 4, 4, 5, 5, 7, 9);
        assertThat(s.mean()).isEqualTo(5);
        assertThat(s.sd()).isCloseTo(Math.sqrt(32.0 / 7), within(1e-12));
        assertThat(Spread.of(3).sd()).isNaN();
    }

    @Test
    void saysNothingBelowThreeSeeds() {
        assertThat(finding(PairedStatistics.difference(new double[] {90}, new double[] {10}), true))
                .isEqualTo(Finding.TOO_FEW_SEEDS);
        assertThat(finding(PairedStatistics.difference(new double[] {90, 90}, new double[] {10, 10}), true))
                .isEqualTo(Finding.TOO_FEW_SEEDS);
        assertThat(finding(PairedStatistics.difference(new double[] {90, 90, 90}, new double[] {10, 10, 10}), true))
                .isEqualTo(Finding.BETTER);
        assertThat(finding(PairedStatistics.difference(new double[] {1, -1, 0.1}, new double[3]), true))
                .isEqualTo(Finding.NO_DIFFERENCE);
    }

    @Test
    void unequalPairsAreRefused() {
        assertThatThrownBy(() -> PairedStatistics.difference(new double[2], new double[3]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** For many examples the bootstrap agrees with the normal interval of the mean of the per-example differences. */
    @Test
    void bootstrapAgreesWithTheNormalInterval() {
        SplittableRandom random = new SplittableRandom(7);
        double[][] values = new double[1][2000];
        double[][] baseline = new double[1][2000];
        double[] d = new double[2000];
        for (int i = 0; i < 2000; i++) {
            values[0][i] = random.nextDouble() < 0.80 ? 1 : 0;
            baseline[0][i] = random.nextDouble() < 0.84 ? 1 : 0;
            d[i] = values[0][i] - baseline[0][i];
        }
        Spread s = Spread.of(d);
        double half = 1.96 * s.sd() / Math.sqrt(2000);
        Interval interval = PairedStatistics.bootstrap(values, baseline);
        assertThat(interval.low()).isCloseTo(s.mean() - half, within(0.1 * half));
        assertThat(interval.high()).isCloseTo(s.mean() + half, within(0.1 * half));
        assertThat(PairedStatistics.bootstrap(values, baseline)).isEqualTo(interval);
    }

    @Test
    void bootstrapOfEqualRunsIsZeroAndOfMissingOnesUnknown() {
        double[][] same = {{1, 0, 1, 1}};
        assertThat(PairedStatistics.bootstrap(same, same)).isEqualTo(new Interval(0, 0));
        assertThat(PairedStatistics.bootstrap(new double[0][], new double[0][]).known())
                .isFalse();
        assertThat(PairedStatistics.bootstrap(same, new double[][] {{1, 0}}).known())
                .isFalse();
    }
}
