package io.github.dyt4j.torch;

import java.util.Locale;

/** Where in a network a norm stands, as far as the paper tells such places apart (Zhu et al. 2025, section 7 and table 11). */
public enum Site {
    /** Before self-attention, or what mixes tokens in its place. */
    ATTENTION,
    /** Before the feed-forward block. */
    MLP,
    /** After the last block. */
    FINAL,
    /** After a convolutional stem. */
    STEM,
    /** After a convolution, as every batch norm of a ResNet or VGG but that of the stem. */
    CONV,
    /** Before a downsampling convolution. */
    DOWNSAMPLE,
    /** Around a whole encoder. */
    ENCODER;

    /** The name in options such as {@code attention.alpha}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
