package io.github.dyt4j.training.audio;

import java.util.List;
import java.util.Optional;

/** Some clips of a set. */
@SuppressWarnings("ArrayRecordComponent")
record ClipSubset(ClipSet all, int[] indices) implements ClipSet {
    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public int samples(int i) {
        return all.samples(indices[i]);
    }

    @Override
    public Optional<float[]> waveform(int i) {
        return all.waveform(indices[i]);
    }

    @Override
    public String text(int i) {
        return all.text(indices[i]);
    }

    @Override
    public List<String> skipped() {
        return all.skipped();
    }
}
