package io.github.dyt4j.models;

import io.github.dyt4j.torch.Initial;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.SelectiveScan;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What is between Mamba's two projections (Gu and Dao 2023, figure 3 and algorithm 2), of x (B, L, I): u = silu(conv(x)), a causal
 * depthwise convolution; (δ, B, C) = W·u; Δ = softplus(W_Δ·δ + b_Δ); h_t = exp(Δ_t·A)·h_{t−1} + Δ_t·B_t·u_t; y_t = C_t·h_t + D·u_t, with
 * A = −exp(A_log).
 *
 * <p>It starts as its authors' code does: A = −1, …, −N in each channel, D = 1, and b_Δ so that Δ is spread evenly in its logarithm
 * between 0.001 and 0.1.
 */
final class MambaDirection {
    private static final double DT_MIN = 1e-3;
    private static final double DT_MAX = 0.1;
    private static final double DT_FLOOR = 1e-4;

    private final int inner;
    private final int rank;
    private final int state;
    private final int kernel;
    private final Tensor aLog;
    private final Tensor d;
    private final Tensor convWeight;
    private final Tensor convBias;
    private final Linear xProj;
    private final Linear dtProj;

    /**
     * @param inner I, the channels
     * @param rank of δ
     * @param state N, of each channel
     * @param kernel of the convolution
     */
    MambaDirection(Parameters p, int inner, int rank, int state, int kernel) {
        this.inner = inner;
        this.rank = rank;
        this.state = state;
        this.kernel = kernel;
        aLog = p.parameter("A_log", logOfStates());
        d = p.parameter("D", Init.full(1, inner));
        Parameters conv = p.child("conv1d");
        double bound = 1 / Math.sqrt(kernel);
        convWeight = conv.parameter("weight", Init.uniform(bound, inner, 1, kernel));
        convBias = conv.parameter("bias", Init.uniform(bound, inner));
        int width = rank + 2 * state;
        xProj = new Linear(
                p.child("x_proj").parameter("weight", Init.uniform(1 / Math.sqrt(inner), width, inner)), null);
        Parameters dt = p.child("dt_proj");
        dtProj = new Linear(
                dt.parameter("weight", Init.uniform(1 / Math.sqrt(rank), inner, rank)),
                dt.parameter("bias", inverseSoftplusOfSteps()));
    }

    private Initial logOfStates() {
        return new Initial(new long[] {inner, state}, () -> {
            float[] values = new float[inner * state];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) Math.log(1 + i % state);
            }
            return Tensors.of(values, inner, state);
        });
    }

    /** b with softplus(b) = Δ is Δ + log(1 − exp(−Δ)). */
    private Initial inverseSoftplusOfSteps() {
        return new Initial(new long[] {inner}, () -> {
            float[] dt = Tensors.floats(
                    Tensors.empty(inner).uniform_(Math.log(DT_MIN), Math.log(DT_MAX), new GeneratorOptional()));
            for (int i = 0; i < inner; i++) {
                double step = Math.max(DT_FLOOR, Math.exp(dt[i]));
                dt[i] = (float) (step + Math.log(-Math.expm1(-step)));
            }
            return Tensors.of(dt, inner);
        });
    }

    Tensor forward(Tensor x) { // (B, L, I)
        Tensor u = torch.silu(conv(x)); // (B, L, I)
        TensorVector parts = torch.split(xProj.forward(u), new long[] {rank, state, state}, -1);
        Tensor delta = torch.softplus(f32(dtProj.forward(parts.get(0)))); // (B, L, I)
        Tensor a = f32(aLog).exp().neg(); // (I, N)
        return SelectiveScan.apply(f32(u), delta, a, f32(parts.get(1)), f32(parts.get(2)), f32(d)); // (B, L, I)
    }

    /** As an image of height 1 whose channels lie last in memory, which is how x lies and where a depthwise kernel is the fastest. */
    private Tensor conv(Tensor x) { // (B, L, I)
        Tensor image = x.transpose(1, 2).unsqueeze(2); // (B, I, 1, L)
        Tensor y = torch.conv2d(
                image,
                convWeight.unsqueeze(2),
                new TensorOptional(convBias),
                new long[] {1, 1},
                new long[] {0, kernel - 1},
                new long[] {1, 1},
                inner); // (B, I, 1, L + K − 1), padded on both sides: the first L see nothing that comes later
        return y.narrow(3, 0, x.size(1)).squeeze(2).transpose(1, 2); // (B, L, I)
    }

    /** Scans are of f32 whatever products are of: their states are sums over the whole sequence. */
    private static Tensor f32(Tensor x) {
        return x.to(ScalarType.Float).contiguous();
    }
}
