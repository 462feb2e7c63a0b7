package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * wav2vec 2.0's feature encoder: convolutions over the waveform, each followed by GELU, without padding (Baevski et al. 2020, section 2 and
 * 4.2: 7 of 512 channels, strides (5, 2, 2, 2, 2, 2, 2), kernels (10, 3, 3, 3, 3, 2, 2), so a frame of 400 samples every 320). Its norms stay
 * whatever norm the model is given, as in the authors' patch for Dynamic Tanh: they look at raw audio, whose scale is anything.
 *
 * <p>Starts at W ~ N(0, 2/(in·kernel)) (He et al. 2015), b ~ U(±1/√(in·kernel)).
 */
final class Wav2Vec2Features {
    private static final double EPS = 1e-5;

    /** Where the feature encoder normalises. */
    enum FeatNorm {
        /** After the first convolution, each channel over all frames of a clip: a group norm of as many groups as channels. */
        GROUP,
        /** After every convolution, each frame over its channels. */
        LAYER
    }

    /** Sizes, by layer. */
    record Config(
            List<Integer> convDim,
            List<Integer> convKernel,
            List<Integer> convStride,
            boolean convBias,
            FeatNorm featExtractNorm) {
        Config with(Overrides o) {
            Config c = new Config(
                    o.somePositives("conv_dim", convDim),
                    o.somePositives("conv_kernel", convKernel),
                    o.somePositives("conv_stride", convStride),
                    o.flag("conv_bias", convBias),
                    o.choice("feat_extract_norm", featExtractNorm, FeatNorm.class));
            int layers = c.convDim.size();
            if (c.convKernel.size() != layers || c.convStride.size() != layers) {
                throw new UserError("conv_dim has " + layers + " layers, conv_kernel " + c.convKernel.size()
                        + " and conv_stride " + c.convStride.size() + ": give as many numbers in each.");
            }
            return c;
        }

        /** Frames of so many samples after the first {@code layers} layers. */
        private long frames(long samples, int layers) {
            long n = samples;
            for (int i = 0; i < layers; i++) {
                n = n < convKernel.get(i) ? 0 : (n - convKernel.get(i)) / convStride.get(i) + 1;
            }
            return n;
        }

        long frames(long samples) {
            return frames(samples, convDim.size());
        }

        int receptiveField() {
            int n = 1;
            for (int i = convDim.size() - 1; i >= 0; i--) {
                n = Math.addExact(Math.multiplyExact(n - 1, convStride.get(i)), convKernel.get(i));
            }
            return n;
        }

        int width() {
            return convDim.getLast();
        }

        /** By layer its input, what comes before GELU and its gradient; where there is a norm, as much again. */
        long activationCount(long samples) {
            long count = samples;
            for (int i = 0; i < convDim.size(); i++) {
                int vectors = featExtractNorm == FeatNorm.LAYER || i == 0 ? 5 : 3;
                count += vectors * frames(samples, i + 1) * convDim.get(i);
            }
            return count;
        }
    }

    /** One convolution with its norm, if any, and GELU. */
    private static final class Layer {
        private final Tensor weight;
        private final @Nullable Tensor bias;
        private final int stride;
        private final @Nullable FeatNorm norm;
        private final @Nullable Tensor gamma;
        private final @Nullable Tensor beta;

        Layer(Parameters p, int in, Config c, int index) {
            int out = c.convDim.get(index);
            int kernel = c.convKernel.get(index);
            stride = c.convStride.get(index);
            double fan = (double) in * kernel;
            Parameters conv = p.child("conv");
            weight = conv.parameter("weight", Init.normal(Math.sqrt(2 / fan), out, in, kernel));
            bias = c.convBias ? conv.parameter("bias", Init.uniform(1 / Math.sqrt(fan), out)) : null;
            norm = c.featExtractNorm == FeatNorm.LAYER || index == 0 ? c.featExtractNorm : null;
            gamma = norm == null ? null : p.child("layer_norm").parameter("weight", Tensors.full(1, out));
            beta = norm == null ? null : p.child("layer_norm").parameter("bias", Tensors.full(0, out));
        }

        Tensor forward(Tensor x) { // (B, in, T)
            Tensor y = torch.conv1d(
                    x, weight, optional(bias), new long[] {stride}, new long[] {0}, new long[] {1}, 1); // (B, out, T')
            return torch.gelu(
                    switch (norm) {
                        case null -> y;
                        case GROUP -> torch.group_norm(y, y.size(1), optional(gamma), optional(beta), EPS, false);
                        case LAYER ->
                            torch.layer_norm(
                                            y.transpose(1, 2),
                                            new long[] {y.size(1)},
                                            optional(gamma),
                                            optional(beta),
                                            EPS,
                                            false)
                                    .transpose(1, 2);
                    });
        }
    }

    private final List<Layer> layers = new ArrayList<>();

    Wav2Vec2Features(Parameters p, Config c) {
        int in = 1;
        for (int i = 0; i < c.convDim.size(); i++) {
            layers.add(new Layer(p.child("conv_layers").child(i), in, c, i));
            in = c.convDim.get(i);
        }
    }

    Tensor forward(Tensor waveform) { // (B, T)
        Tensor x = waveform.unsqueeze(1); // (B, 1, T)
        for (Layer layer : layers) {
            x = layer.forward(x);
        }
        return x.transpose(1, 2); // (B, F, C)
    }

    private static TensorOptional optional(@Nullable Tensor t) {
        return t == null ? new TensorOptional() : new TensorOptional(t);
    }
}
