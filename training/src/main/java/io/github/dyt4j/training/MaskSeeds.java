package io.github.dyt4j.training;

import io.github.dyt4j.torch.Scope;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.global.torch;

/** A seed for each clip of a batch, of which its masks and distractors are drawn. */
final class MaskSeeds {
    private static final long FIXED = 0x6D61736B73L;

    private MaskSeeds() {}

    /** From libtorch's generator, as every chance in training is. */
    static long[] drawn(int clips) {
        try (var _ = new Scope()) {
            long own = torch.randint(Long.MAX_VALUE, new long[] {1}).item_long();
            return LongStream.range(0, clips).map(row -> StepSeed.of(own, row)).toArray();
        }
    }

    /** Of the clips' numbers alone, so that every model and every epoch is judged by the same masks. */
    static long[] fixed(long[] clips) {
        return LongStream.of(clips).map(clip -> StepSeed.of(FIXED, clip)).toArray();
    }
}
