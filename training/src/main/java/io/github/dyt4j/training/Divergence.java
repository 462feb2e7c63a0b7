package io.github.dyt4j.training;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Says when training has failed: a loss that is not finite, or is above ten times the median of the last {@value #WINDOW} losses. The
 * losses that it remembers are its whole state.
 */
public final class Divergence {
    static final int WINDOW = 101;
    static final double FACTOR = 10;

    private final ArrayDeque<Double> recent = new ArrayDeque<>();

    public Divergence(Collection<Double> recent) {
        this.recent.addAll(recent);
    }

    /** True if this loss ends the run; else it is remembered. */
    public boolean failed(double loss) {
        if (!Double.isFinite(loss) || (!recent.isEmpty() && loss > FACTOR * median())) {
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
