package io.github.dyt4j.training.audio;

/**
 * Sound of one channel.
 *
 * @param rate samples a second
 * @param samples in [−1, 1] as the file has them
 */
@SuppressWarnings("ArrayRecordComponent")
record Clip(int rate, float[] samples) {}
