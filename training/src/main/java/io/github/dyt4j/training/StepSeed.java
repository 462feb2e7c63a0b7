package io.github.dyt4j.training;

/** The seed of libtorch's generator in one forward pass: SplitMix64's mixing (Steele et al. 2014) of a run's seed and the pass's number. */
final class StepSeed {
    private StepSeed() {}

    static long of(long seed, long pass) {
        long z = seed * 0x9E3779B97F4A7C15L + pass + 1;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return (z ^ (z >>> 31)) >>> 1;
    }
}
