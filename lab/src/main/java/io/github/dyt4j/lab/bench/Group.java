package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.bench.Samples.Middle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Candidates of one shape that were timed in the same rounds, and the rows that this gives. */
record Group(String what, Shape shape, Dtype dtype, int threads, List<Candidate> candidates, List<double[]> nanos) {
    static Group measure(
            Interleaved harness, String what, Shape shape, Dtype dtype, int threads, List<Candidate> candidates) {
        List<Runnable> runs = candidates.stream().map(Candidate::run).toList();
        return new Group(what, shape, dtype, threads, candidates, harness.run(runs));
    }

    /** Nanoseconds a call in each round; null where it was not measured. */
    double @Nullable [] of(String norm, Direction direction) {
        return of(norm, direction.key());
    }

    double @Nullable [] of(String norm, String direction) {
        for (int i = 0; i < candidates.size(); i++) {
            Candidate c = candidates.get(i);
            if (c.norm().equals(norm) && c.direction().equals(direction)) {
                return nanos.get(i);
            }
        }
        return null;
    }

    /** @param bytesPerElement that must be moved, or null where no bandwidth is to be said */
    BenchRow row(
            Candidate c,
            double[] own,
            @Nullable String baseline,
            double @Nullable [] base,
            @Nullable Double bytesPerElement,
            @Nullable Double triad,
            @Nullable Double error) {
        double n = shape.size();
        double median = Samples.median(own) / n;
        Middle middle = base == null ? Middle.of(own) : Middle.of(Samples.ratios(own, base));
        Double speed = bytesPerElement == null ? null : bytesPerElement / median;
        return new BenchRow(
                what,
                c.norm(),
                base == null ? null : baseline,
                NormsPlan.name(dtype),
                shape.rows(),
                shape.width(),
                c.direction(),
                threads,
                median,
                Samples.quantile(0.1, own) / n,
                Samples.quantile(0.9, own) / n,
                base == null ? null : middle.median(),
                middle.spread(),
                speed,
                speed == null || triad == null ? null : speed / triad,
                error,
                null,
                null,
                null,
                null,
                null);
    }

    /** Bytes an element of x that a norm must move in this direction. */
    double bytes(Direction direction) {
        return direction.tensors() * dtype.bytes();
    }
}
