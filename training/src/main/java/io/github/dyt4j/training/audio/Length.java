package io.github.dyt4j.training.audio;

/**
 * How long a clip is, as its file's header says.
 *
 * @param samples of each channel
 * @param rate samples a second
 */
record Length(long samples, int rate) {}
