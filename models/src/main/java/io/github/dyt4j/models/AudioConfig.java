package io.github.dyt4j.models;

/** A model of speech before it is built: its input is a waveform (B, T), mean 0 and variance 1, at the rate that it was made for. */
public sealed interface AudioConfig extends ModelConfig permits Wav2Vec2.Config {
    /** Samples of the clip that is meant where nobody names a length: ten seconds at 16 kHz. */
    long CLIP = 160_000;

    /** Symbols of its transcripts, the blank among them; 0 while it is pretrained without any. */
    int vocabSize();

    /** Frames that its convolutions make of so many samples; 0 where they are fewer than the receptive field. */
    long frames(long samples);

    /** Samples that one frame sees: the shortest clip. */
    int receptiveField();

    /** About how many values a forward pass in training keeps for the backward pass, of a clip of so many samples. */
    long activationCount(long samples);

    @Override
    default long activationCount() {
        return activationCount(CLIP);
    }

    @Override
    default long[] inputShape() {
        return new long[] {CLIP};
    }
}
