package io.github.dyt4j.training.audio;

import io.github.dyt4j.training.data.Rng;
import java.util.Optional;

/** Noise as long as clips, where a recipe is tried without its data. */
public record SyntheticSpeech(int size, int samples) implements ClipSet {
    private static final String WORD = "NOISE";

    /** Clips of so many samples each. */
    public static AudioData data(int clips, int samples) {
        ClipSet noise = new SyntheticSpeech(clips, samples);
        return new AudioData(noise, noise, "noise");
    }

    @Override
    public int samples(int i) {
        return samples;
    }

    @Override
    public Optional<float[]> waveform(int i) {
        Rng rng = Rng.of(0, 0, i);
        float[] x = new float[samples];
        for (int k = 0; k < samples; k++) {
            x[k] = (float) rng.nextGaussian();
        }
        return Optional.of(x);
    }

    @Override
    public String text(int i) {
        return WORD;
    }
}
