package io.github.dyt4j.torch;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/**
 * A new parameter's shape and how its values are drawn, so that a model can be built on weights from elsewhere without drawing any.
 *
 * @param draw f32 of this shape
 */
@SuppressWarnings("ArrayRecordComponent")
public record Initial(long[] shape, Supplier<Tensor> draw) {}
