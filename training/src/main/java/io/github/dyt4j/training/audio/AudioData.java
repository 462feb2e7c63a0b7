package io.github.dyt4j.training.audio;

import java.util.List;
import java.util.stream.Stream;

/**
 * Clips to train on and clips to judge by.
 *
 * @param description what they are, a line or more for people
 */
public record AudioData(ClipSet train, ClipSet test, String description) {
    /**
     * What is asked of the clips of a folder.
     *
     * @param rate samples a second, to which all are brought
     * @param shortest samples at that rate, at least 1; shorter clips are left out
     * @param longest longer clips are left out; {@link Long#MAX_VALUE} for none
     * @param transcribed whether clips without a transcript are left out
     * @param skipBad whether files that cannot be read are
     * @param heldOut share of the clips to judge by, where the folder does not say which
     */
    public record Wanted(int rate, long shortest, long longest, boolean transcribed, boolean skipBad, double heldOut) {}

    /** What was left out of both while decoding. */
    public List<String> skipped() {
        return Stream.of(train, test)
                .flatMap(s -> s.skipped().stream())
                .distinct()
                .toList();
    }
}
