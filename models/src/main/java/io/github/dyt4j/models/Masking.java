package io.github.dyt4j.models;

import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What a step of wav2vec 2.0's pretraining draws: the hidden frames of a batch and the distractors of each.
 *
 * @param mask (B, F) bool, true where a frame is hidden
 * @param negatives (B, F, K) i64, frames of the same clip as indices into B·F; where nothing is hidden they are not read
 */
public record Masking(Tensor mask, Tensor negatives) {
    /**
     * Of clips of {@code frames} frames each; those behind a shorter clip's end are neither hidden nor distractors. A clip's draws come of its
     * own seed alone, whatever else is in the batch.
     *
     * @param count K, distractors of a frame
     * @throws io.github.dyt4j.formats.UserError where a clip is too short to have two hidden frames
     */
    public static Masking draw(SpanMasks spans, int[] frames, int count, long[] seeds) {
        int width = widest(frames);
        long[] mask = new long[frames.length * width];
        long[] negatives = new long[Math.multiplyExact(mask.length, count)];
        for (int b = 0; b < frames.length; b++) {
            boolean[] hidden = spans.time(frames[b], 2, seeds[b]);
            int[][] others = SpanMasks.negatives(hidden, count, ~seeds[b]);
            int first = b * width;
            int row = 0;
            for (int f = 0; f < hidden.length; f++) {
                if (hidden[f]) {
                    mask[first + f] = 1;
                    for (int k = 0; k < count; k++) {
                        negatives[(first + f) * count + k] = first + others[row][k];
                    }
                    row++;
                }
            }
        }
        return new Masking(
                Tensors.of(mask, frames.length, width).to(ScalarType.Bool),
                Tensors.of(negatives, frames.length, width, count));
    }

    /** Hidden frames alone, (B, F) bool, as fine-tuning takes them: no span where the share asks for none. */
    public static Tensor time(SpanMasks spans, int[] frames, long[] seeds) {
        boolean[][] rows = new boolean[frames.length][];
        for (int b = 0; b < frames.length; b++) {
            rows[b] = spans.time(frames[b], 0, seeds[b]);
        }
        return bools(rows, widest(frames));
    }

    /** Channels that fine-tuning sets to 0, (B, E) bool, of hidden states of width E. */
    public static Tensor features(SpanMasks spans, int channels, long[] seeds) {
        boolean[][] rows = new boolean[seeds.length][];
        for (int b = 0; b < seeds.length; b++) {
            rows[b] = spans.features(channels, seeds[b]);
        }
        return bools(rows, channels);
    }

    private static Tensor bools(boolean[][] rows, int width) {
        long[] values = new long[rows.length * width];
        for (int b = 0; b < rows.length; b++) {
            for (int i = 0; i < rows[b].length; i++) {
                values[b * width + i] = rows[b][i] ? 1 : 0;
            }
        }
        return Tensors.of(values, rows.length, width).to(ScalarType.Bool);
    }

    private static int widest(int[] frames) {
        int width = 0;
        for (int f : frames) {
            width = Math.max(width, f);
        }
        return width;
    }
}
