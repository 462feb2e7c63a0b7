package io.github.dyt4j.training.audio;

import java.util.Optional;

/** (x − mean)/√(variance + ε) over the whole clip, ε = 1e-7 as in Hugging Face's Wav2Vec2FeatureExtractor. */
final class Waveform {
    private static final double EPS = 1e-7;

    /** A variance that is no sound: of samples that differ in the last of 24 bits. */
    private static final double SILENT = 1e-14;

    private Waveform() {}

    /** The clip with mean 0 and variance 1; nothing where it is silent. */
    static Optional<float[]> normal(float[] x) {
        double mean = 0;
        for (float v : x) {
            mean += v;
        }
        mean /= x.length;
        double variance = 0;
        for (float v : x) {
            variance += (v - mean) * (v - mean);
        }
        variance /= x.length;
        if (!(variance > SILENT)) {
            return Optional.empty();
        }
        double scale = 1 / Math.sqrt(variance + EPS);
        float[] out = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = (float) ((x[i] - mean) * scale);
        }
        return Optional.of(out);
    }
}
