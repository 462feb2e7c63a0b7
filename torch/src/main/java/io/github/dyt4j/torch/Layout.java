package io.github.dyt4j.torch;

/** Which axis holds the channels that γ and β belong to. */
public enum Layout {
    /** (…, C): tokens, or channels-last images. */
    LAST,
    /** (N, C, …): images as convolutions write them. */
    CHANNELS_FIRST
}
