package io.github.dyt4j.training.audio;

import java.util.Arrays;

/**
 * Waveforms side by side.
 *
 * @param values (n, T) row-major, 0 after the end of a shorter one
 * @param lengths samples of each
 * @param clips their numbers in the set
 */
@SuppressWarnings("ArrayRecordComponent")
public record ClipBatch(float[] values, int[] lengths, int[] clips) {
    public int n() {
        return lengths.length;
    }

    /** T: the longest. */
    public int samples() {
        return Arrays.stream(lengths).max().orElse(0);
    }
}
