package io.github.dyt4j.torch;

import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/** Views of a tensor with its channels elsewhere. Images that lie in memory as (N, H, W, C) become rows of channels so, without a copy. */
final class Axes {
    private Axes() {}

    static Tensor channelsLast(Tensor x) { // (N, C, …) → (N, …, C)
        long n = x.dim();
        return x.permute(LongStream.range(0, n)
                .map(i -> i == 0 ? 0 : i == n - 1 ? 1 : i + 1)
                .toArray());
    }

    static Tensor channelsFirst(Tensor x) { // (N, …, C) → (N, C, …)
        long n = x.dim();
        return x.permute(LongStream.range(0, n)
                .map(i -> i == 0 ? 0 : i == 1 ? n - 1 : i - 1)
                .toArray());
    }

    /** Whether (N, C, …) lies in memory as (N, …, C), and not as it says. */
    static boolean lieLast(Tensor x) {
        return x.dim() > 2 && !x.is_contiguous() && channelsLast(x).is_contiguous();
    }
}
