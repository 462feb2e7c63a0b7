package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Objects;

/** When a fixture's values and this project's agree: ‖Δ‖ ≤ 1e-4·‖expected‖, for gradients 1e-4·max(‖g‖, 1e-6·‖all gradients‖). */
final class GoldenChecks {
    static final double TOLERANCE = 1e-4;

    private GoldenChecks() {}

    /** Every tensor of a fixture against this project's of the same name; those named {@code grad.…} are gradients. */
    static void assertAgree(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
        double all = Math.sqrt(expected.entrySet().stream()
                .filter(e -> e.getKey().startsWith("grad."))
                .mapToDouble(e -> Math.pow(norm(e.getValue()), 2))
                .sum());
        expected.forEach((name, e) ->
                assertClose(name, Objects.requireNonNull(actual.get(name)), e, name.startsWith("grad.") ? all : 0));
    }

    static void assertClose(String name, float[] actual, float[] expected, double all) {
        assertThat(actual).as(name).hasSameSizeAs(expected);
        assertThat(distance(actual, expected))
                .as(name + ": ‖Δ‖, with ‖expected‖ " + norm(expected))
                .isLessThanOrEqualTo(TOLERANCE * Math.max(norm(expected), 1e-6 * all));
    }

    static double norm(float[] v) {
        return distance(v, new float[v.length]);
    }

    static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double d = (double) a[i] - b[i];
            sum += d * d;
        }
        return Math.sqrt(sum);
    }
}
