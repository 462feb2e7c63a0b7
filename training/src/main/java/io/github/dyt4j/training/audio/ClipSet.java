package io.github.dyt4j.training.audio;

import java.util.List;
import java.util.Optional;

/** Clips by number, all at one rate. Safe to read from many threads. */
public interface ClipSet {
    int size();

    /** About how many samples clip i has, without decoding it. */
    int samples(int i);

    /** Clip i with mean 0 and variance 1; nothing where it was left out, for a reason that {@link #skipped} says. */
    Optional<float[]> waveform(int i);

    /** What is said in clip i, normal as {@code Transcripts} has it; empty where nobody knows. */
    String text(int i);

    /** What was left out so far, each with its reason. */
    default List<String> skipped() {
        return List.of();
    }

    /** Some of these clips. */
    default ClipSet only(int[] indices) {
        return new ClipSubset(this, indices.clone());
    }
}
