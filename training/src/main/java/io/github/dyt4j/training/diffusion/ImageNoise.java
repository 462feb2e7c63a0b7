package io.github.dyt4j.training.diffusion;

import io.github.dyt4j.training.data.Rng;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Standard normal noise, each image's from a generator of its own, so that an image is a function of (seed, number, class, sampler) whatever is
 * drawn beside it. To be used within the scope that it was made in.
 */
public final class ImageNoise implements Sampler.Noise {
    private final List<Generator> generators = new ArrayList<>();
    private final long[] shape;

    /**
     * For a batch.
     *
     * @param numbers one an image
     * @param image (C, H, W)
     */
    public ImageNoise(long seed, long[] numbers, long... image) {
        for (long number : numbers) {
            generators.add(torch.make_generator_cpu(Rng.of(seed, 0, number).nextLong()));
        }
        shape = new long[] {numbers.length, image[0], image[1], image[2]};
    }

    /** The number of the j-th image of a class. */
    public static long number(long label, long j) {
        return label << 32 | j;
    }

    @Override
    public Tensor next() {
        Tensor noise = torch.empty(shape); // (B, C, H, W)
        for (int i = 0; i < generators.size(); i++) {
            noise.select(0, i).normal_(0, 1, new GeneratorOptional(generators.get(i)));
        }
        return noise;
    }
}
