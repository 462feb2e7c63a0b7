package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Which frames of a clip wav2vec 2.0 hides, and which it takes for distractors (Baevski et al. 2020, sections 3.1 and 3.2), as
 * transformers draws both: ⌊p·F/l + u⌋ spans of l frames, u ~ U(0, 1), at different starts; spans may overlap, so a little less than p is hidden
 * (of 0.65 about 0.49).
 *
 * @param timeProb p for frames
 * @param timeLength l for frames
 * @param featureProb p for channels of the hidden states, in fine-tuning; 0: none
 * @param featureLength l for channels
 */
public record SpanMasks(double timeProb, int timeLength, double featureProb, int featureLength) {
    SpanMasks with(Overrides o) {
        SpanMasks m = new SpanMasks(
                o.number("mask_time_prob", timeProb),
                o.positive("mask_time_length", timeLength),
                o.number("mask_feature_prob", featureProb),
                o.positive("mask_feature_length", featureLength));
        requireShare("mask_time_prob", m.timeProb);
        requireShare("mask_feature_prob", m.featureProb);
        return m;
    }

    private static void requireShare(String key, double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new UserError(key + " " + share + " is not in [0, 1].");
        }
    }

    /** Hidden frames of a clip of so many, at least {@code minSpans} spans where they fit. */
    public boolean[] time(int frames, int minSpans, long seed) {
        return spans(frames, timeProb, timeLength, minSpans, seed);
    }

    /** Channels of the hidden states that are set to 0 in a whole clip. */
    public boolean[] features(int channels, long seed) {
        return spans(channels, featureProb, featureLength, 0, seed);
    }

    /**
     * Spans on n places: no more of them than lie side by side, and each of at most n − 1, so that a place is left where n is not more than
     * the length.
     */
    static boolean[] spans(int n, double prob, int length, int minSpans, long seed) {
        boolean[] hidden = new boolean[n];
        var random = new SplittableRandom(seed);
        int width = Math.min(length, n - 1);
        if (prob == 0 || width < 1) {
            return hidden;
        }
        int starts = n - width + 1;
        int wanted = Math.max((int) (prob * n / length + random.nextDouble()), minSpans);
        int count = Math.min(wanted, n / width);
        int[] order = IntStream.range(0, starts).toArray();
        for (int i = 0; i < count; i++) { // the head of a Fisher-Yates shuffle
            int j = i + random.nextInt(starts - i);
            int start = order[j];
            order[j] = order[i];
            order[i] = start;
            Arrays.fill(hidden, start, start + width, true);
        }
        return hidden;
    }

    /**
     * For every hidden frame {@code count} others of the hidden ones, uniformly and with repetition, never itself: (hidden, count), in the order
     * of the frames.
     *
     * @throws UserError where fewer than two frames are hidden, so that there is no other
     */
    static int[][] negatives(boolean[] hidden, int count, long seed) {
        int[] frames = IntStream.range(0, hidden.length).filter(i -> hidden[i]).toArray();
        if (frames.length < 2) {
            throw new UserError(
                    "A clip of " + hidden.length + (hidden.length == 1 ? " frame has " : " frames has ") + frames.length
                            + " of them hidden, and the contrastive loss needs two: leave shorter clips out, or raise mask_time_prob or mask_time_length.");
        }
        var random = new SplittableRandom(seed);
        int[][] negatives = new int[frames.length][count];
        for (int i = 0; i < frames.length; i++) {
            for (int k = 0; k < count; k++) {
                int j = random.nextInt(frames.length - 1);
                negatives[i][k] = frames[j < i ? j : j + 1];
            }
        }
        return negatives;
    }
}
