package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ScheduleTest {
    @Test
    void warmsUpLinearlyThenFallsAsACosine() {
        // numpy: concatenate(linspace(0, 4e-3, 5), [1e-6 + 0.5*(4e-3-1e-6)*(1+cos(pi*i/15)) for i in range(15)])
        Schedule schedule = new Schedule(4e-3, 1e-6, 0, 5, false, 20);
        assertThat(schedule.at(0)).isZero();
        assertThat(schedule.at(1)).isEqualTo(1e-3);
        assertThat(schedule.at(4)).isEqualTo(4e-3);
        assertThat(schedule.at(5)).isEqualTo(4e-3);
        assertThat(schedule.at(12)).isCloseTo(0.0022095046623, within(1e-10));
        assertThat(schedule.at(19)).isCloseTo(4.4693872332755e-05, within(1e-16));
        assertThat(schedule.at(20)).isCloseTo(1e-6, within(1e-15));
    }

    @Test
    void warmsUpInAParabola() {
        Schedule schedule = new Schedule(4, 1e-6, 0, 5, true, 20);
        assertThat(schedule.at(0)).isZero();
        assertThat(schedule.at(1)).isEqualTo(4 * (1 - 0.75 * 0.75));
        assertThat(schedule.at(2)).isEqualTo(3);
        assertThat(schedule.at(4)).isEqualTo(4);
        assertThat(Schedule.of(Recipe.defaults().with("warmup=quadratic"), 93).quadratic())
                .isTrue();
    }

    @Test
    void aRecipeGivesStepsFromEpochs() {
        Recipe recipe = Recipe.defaults()
                .with("epochs=6")
                .with("warmup_epochs=0.6")
                .with("lr=2e-3")
                .with("min_lr=0");
        assertThat(Schedule.of(recipe, 93)).isEqualTo(new Schedule(2e-3, 0, 0, 56, false, 558));
    }

    @Test
    void divergenceIsNotFiniteOrTenTimesTheMedian() {
        Divergence divergence = new Divergence(List.of());
        assertThat(divergence.failed(Double.NaN)).isTrue();
        assertThat(divergence.failed(Double.POSITIVE_INFINITY)).isTrue();
        for (double loss : new double[] {2, 4, 3, 19.9}) {
            assertThat(divergence.failed(loss)).isFalse();
        }
        assertThat(divergence.median()).isEqualTo(3.5);
        assertThat(divergence.failed(35.1)).isTrue();
        assertThat(divergence.failed(35)).isFalse();
        assertThat(new Divergence(divergence.recent()).median()).isEqualTo(4);
        for (int i = 0; i < 300; i++) {
            divergence.failed(1);
        }
        assertThat(divergence.recent()).hasSize(Divergence.WINDOW).containsOnly(1.0);
        assertThat(divergence.failed(10.5)).isTrue();
    }

    @Test
    void fallsInALine() {
        Schedule schedule = new Schedule(4, 1, 0, 5, false, 20, new Schedule.Line());
        assertThat(schedule.at(4)).isEqualTo(4);
        assertThat(schedule.at(5)).isEqualTo(4);
        assertThat(schedule.at(10)).isEqualTo(3);
        assertThat(schedule.at(20)).isEqualTo(1);
    }

    @Test
    void isHeldAndThenFallsExponentially() {
        Recipe recipe = Recipe.defaults()
                .with("sched=tri_stage")
                .with("epochs=10")
                .with("warmup_epochs=1")
                .with("warmup_lr=0.01")
                .with("decay_epochs=5")
                .with("decay_rate=0.05")
                .with("lr=1");
        Schedule schedule = Schedule.of(recipe, 10);
        assertThat(schedule.at(0)).isEqualTo(0.01);
        assertThat(schedule.at(9)).isEqualTo(1);
        assertThat(schedule.at(50)).isEqualTo(1);
        assertThat(schedule.at(75)).isCloseTo(Math.sqrt(0.05), within(1e-12));
        assertThat(schedule.at(100)).isCloseTo(0.05, within(1e-12));
    }
}
