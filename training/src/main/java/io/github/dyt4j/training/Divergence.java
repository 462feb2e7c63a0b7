package io.github.dyt4j.training;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Says when training has failed: a loss that is not finite, or is above ten times the median of the last {@value #WINDOW} losses. The
 * losses that it remembers are its whole state. Where a loss has a scale of its own, one within it is no failure, however small those before.
 */
public final class Divergence {
    static final int WINDOW = 101;
    static final double FACTOR = 10;

    private final ArrayDeque<Double> recent = new ArrayDeque<>();

    private final double harmless;

    public Divergence(Collection<Double> recent) {
        this(recent, 0);
    }

    /** @param harmless a finite loss up to here never ends a run ({@link Objective#harmlessLoss}) */
    public Divergence(Collection<Double> recent, double harmless) {
        this.recent.addAll(recent);
        this.harmless = harmless;
    }

    /** True if this loss ends the run; else it is remembered. */
    public boolean failed(double loss) {
        if (!Double.isFinite(loss) || (!recent.isEmpty() && loss > Math.max(harmless, FACTOR * median()))) {
            return true;
        }
        recent.addLast(loss);
        if (recent.size() > WINDOW) {
            recent.removeFirst();
        }
        return false;
    }

    double median() {
        double[] sorted =
                recent.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1
                ? sorted[middle]
                : Arrays.stream(sorted, middle - 1, middle + 1).sum() / 2;
    }

    /** What {@link #Divergence} takes to go on from here. */
    public List<Double> recent() {
        return List.copyOf(recent);
    }
}
