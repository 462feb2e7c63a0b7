package io.github.dyt4j.models;

/** A model of images before it is built: its input is (B, C, S, S), S = {@link #imgSize}, C = {@link #inChans}. */
public sealed interface ImageConfig extends ModelConfig
        permits VisionTransformer.Config,
                MaskedAutoencoder.Config,
                Dino.Config,
                DiffusionTransformer.Config,
                ConvNeXt.Config,
                ResNet.Config,
                Vgg.Config {
    /** Height and width of the input in pixels. */
    int imgSize();

    /** Channels of the input. */
    int inChans();

    /** Classes that it tells apart, or makes images of; 0 where it knows nothing of classes. */
    int numClasses();

    @Override
    default long[] inputShape() {
        return new long[] {inChans(), imgSize(), imgSize()};
    }
}
