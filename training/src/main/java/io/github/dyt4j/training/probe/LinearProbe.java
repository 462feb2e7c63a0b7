package io.github.dyt4j.training.probe;

import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Rng;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A linear probe: softmax(W·z + b), z the features standardised by the training features' mean and standard deviation (as MAE's BatchNorm
 * without affine before its probe; He et al. 2021, appendix A.1). Trained from W = 0, b = 0 by AdamW without decay, 500 steps of up to 8,192
 * features, learning rate 0.03 falling to 0 in a cosine: with few features that is all of them a step and the problem is convex, so it ends near its optimum whatever the order.
 */
public final class LinearProbe {
    private static final int STEPS = 500;
    private static final int AT_ONCE = 8192;
    private static final double LR = 0.03;

    private LinearProbe() {}

    /** 100 for each test image that is told right, else 0. */
    public static float[] scores(FrozenFeatures train, FrozenFeatures test) {
        int classes = Math.max(train.classes(), test.classes());
        try (Parameters p = Parameters.root()) {
            try (var _ = new Scope();
                    var _ = Grad.on()) {
                Tensor x = train.tensor(); // (N, E)
                Tensor mean = x.mean(0);
                Tensor scale = x.std(0).add(new Scalar(1e-6)).reciprocal();
                Tensor z = x.sub(mean).mul(scale);
                Tensor weight = p.parameter("weight", Tensors.full(0, classes, train.dim()));
                Tensor bias = p.parameter("bias", Tensors.full(0, classes));
                fit(p, z, train.labelTensor());
                try (var _ = Grad.off()) {
                    Tensor own = test.tensor().sub(mean).mul(scale); // (M, E)
                    long[] said = Tensors.longs(torch.linear(own, weight, bias).argmax(new LongOptional(1), false));
                    float[] scores = new float[said.length];
                    for (int i = 0; i < scores.length; i++) {
                        scores[i] = said[i] == test.labels()[i] ? 100 : 0;
                    }
                    return scores;
                }
            }
        }
    }

    private static void fit(Parameters p, Tensor z, Tensor labels) {
        Tensor weight = p.trainable().firstEntry().getValue();
        Tensor bias = p.trainable().lastEntry().getValue();
        int n = Math.toIntExact(z.size(0));
        try (AdamW optimizer = new AdamW(List.of(new AdamW.Group(p.trainable(), 0)), 0.9, 0.999, 1e-8)) {
            for (int step = 0; step < STEPS; step++) {
                try (var _ = new Scope()) {
                    Tensor x = z;
                    Tensor y = labels;
                    if (n > AT_ONCE) {
                        Tensor some = some(n, step);
                        x = z.index_select(0, some);
                        y = labels.index_select(0, some);
                    }
                    torch.nll_loss(torch.linear(x, weight, bias).log_softmax(1), y)
                            .backward();
                    optimizer.step(LR * 0.5 * (1 + Math.cos(Math.PI * step / STEPS)));
                    p.zeroGrad();
                }
            }
        }
    }

    /** Places of a step's features: the step alone decides. */
    private static Tensor some(int n, int step) {
        Rng rng = Rng.of(0, step, n);
        long[] places = new long[AT_ONCE];
        Arrays.setAll(places, _ -> rng.nextInt(n));
        return Tensors.of(places, AT_ONCE);
    }
}
