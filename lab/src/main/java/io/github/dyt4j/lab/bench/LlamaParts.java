package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.Linear;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Rope;
import io.github.dyt4j.torch.CausalAttention;
import io.github.dyt4j.torch.CrossEntropy;
import io.github.dyt4j.torch.FusedAttention;
import io.github.dyt4j.torch.GatedSilu;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.OneQuery;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The kinds of work in a LLaMA's pass, each alone, on the shapes that it has there and as often: what a pass's time is laid out into, since
 * libtorch's profiler cannot be had from Java. Alone, a kind finds its inputs in a warmer cache than inside the model, so what is left of a
 * pass beside the kinds is not all idle.
 */
final class LlamaParts implements AutoCloseable {
    static final String PRODUCTS = "matrix products";

    /** A kind, and all of its work in one pass. */
    record Part(String name, Runnable run) {}

    /**
     * A pass.
     *
     * @param past tokens that a cache holds before it
     * @param headTokens how many tokens the head reads
     * @param inner dtype of products and attention
     * @param stream dtype of what flows from block to block, which under autocast stays f32
     * @param backward whether gradients are computed too
     */
    record Pass(
            Llama.Config config,
            int batch,
            int tokens,
            int past,
            int headTokens,
            Dtype inner,
            Dtype stream,
            boolean backward) {}

    private final Pass pass;
    private final Llama.Config c;
    private final List<Tensor> kept = new ArrayList<>();
    private final List<Runnable> closing = new ArrayList<>();
    private final Tensor tokenIds;

    LlamaParts(Pass pass) {
        this.pass = pass;
        c = pass.config();
        tokenIds = keep(LlamaPass.tokens(pass.batch(), pass.tokens(), c.vocabSize(), 2));
    }

    /** What every pass has. */
    List<Part> common(SharedWeights weights, NormSpec norm) {
        return pass.backward()
                ? new ArrayList<>(List.of(products(weights), trainedAttention(), norms(norm), elementwise()))
                : new ArrayList<>(List.of(products(weights), attention(), norms(norm), rope(), elementwise()));
    }

    /** What training has besides, but for the optimizer. */
    List<Part> training(SharedWeights weights) {
        List<Part> parts = new ArrayList<>(List.of(embedding(), loss()));
        if (pass.inner() != pass.stream()) {
            parts.add(casts(weights));
        }
        return parts;
    }

    /** Values of the matrices that tokens are multiplied with. */
    static long weights(Llama.Config config) {
        return matrices(config).values().stream().mapToLong(s -> s[0] * s[1]).sum();
    }

    /** (out, in) of each by name; the head last, which may be the embedding. */
    private static Map<String, long[]> matrices(Llama.Config config) {
        Map<String, long[]> matrices = config.shapes(LlamaPlan.IDENTITY);
        long[] embedding = matrices.remove("model.embed_tokens.weight");
        if (config.tieWordEmbeddings()) {
            matrices.put("model.embed_tokens.weight", embedding);
        }
        matrices.values().removeIf(shape -> shape.length < 2);
        return matrices;
    }

    /** With q, k and v of a layer as one, and gate and up, as a training step multiplies by them: a slower baseline would flatter the step. */
    private static Map<String, long[]> joined(Map<String, long[]> matrices) {
        Map<String, long[]> joined = new LinkedHashMap<>();
        matrices.forEach((name, shape) -> joined.merge(
                name.replaceFirst("[qkv]_proj", "qkv_proj").replaceFirst("(gate|up)_proj", "gate_up_proj"),
                shape,
                (a, b) -> new long[] {a[0] + b[0], a[1]}));
        return joined;
    }

    /**
     * y = x·Wᵀ of every linear layer; with backward dx = dy·W and dW = dyᵀ·x. Of several tokens they are libtorch's, which is what a pass is
     * held against; of one token, where a plain read of the weights is, they are what the model itself does.
     */
    private Part products(SharedWeights weights) {
        record Product(Linear layer, Tensor weight, Tensor x, Tensor dy) {}
        Parameters root = weights.root();
        closing.add(root::close);
        List<Product> products = new ArrayList<>();
        Map<Long, Tensor> inputs = new HashMap<>();
        var left =
                (pass.backward() ? joined(matrices(c)) : matrices(c)).entrySet().iterator();
        while (left.hasNext()) {
            var e = left.next();
            int rows = pass.batch() * (left.hasNext() ? pass.tokens() : pass.headTokens());
            int out = (int) e.getValue()[0];
            int in = (int) e.getValue()[1];
            // One input for all layers of that width, as the model's come out of a cache too.
            Tensor x = inputs.computeIfAbsent((long) in << 32 | rows, _ -> random(pass.inner(), rows, in));
            Tensor dy = !pass.backward()
                    ? x
                    : inputs.computeIfAbsent((long) out << 32 | rows, _ -> random(pass.inner(), rows, out));
            String layer = e.getKey().substring(0, e.getKey().lastIndexOf('.'));
            products.add(new Product(
                    new Linear(root.child(layer), in, out, false), weights.tensor(e.getKey(), out, in), x, dy));
        }
        return new Part(PRODUCTS, () -> {
            for (Product p : products) {
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    if (pass.tokens() == 1) {
                        p.layer.forward(p.x);
                    } else {
                        torch.linear(p.x, p.weight); // (rows, out)
                    }
                    if (pass.backward()) {
                        torch.matmul(p.dy, p.weight); // (rows, in)
                        torch.matmul(p.dy.t(), p.x); // (out, in)
                    }
                }
            }
        });
    }

    private Part attention() {
        boolean one = pass.tokens() == 1; // then the heads of a group are rows of one query, as in the model
        int heads = one ? c.numKeyValueHeads() : c.numAttentionHeads();
        int queries = one ? c.numAttentionHeads() / heads : pass.tokens();
        int seen = pass.past() + pass.tokens();
        Tensor q = leaf(pass.inner(), pass.batch(), heads, queries, c.headDim());
        Tensor k = leaf(pass.inner(), pass.batch(), heads, seen, c.headDim());
        Tensor v = leaf(pass.inner(), pass.batch(), heads, seen, c.headDim());
        Tensor dy = random(pass.inner(), pass.batch(), heads, queries, c.headDim());
        return repeated("attention", c.numHiddenLayers(), () -> {
            Tensor rows = one ? q.view(pass.batch(), c.numAttentionHeads(), 1, c.headDim()) : q;
            if (OneQuery.takes(rows, k, v)) {
                OneQuery.attention(rows, k, v);
                return;
            }
            Tensor y = FusedAttention.of(q, k, v, new TensorOptional(), 0, !one);
            backward(y, dy, q, k, v);
        });
    }

    /** In training the turning by position is part of it. */
    private Part trainedAttention() {
        Rope rope = new Rope(c.headDim(), c.ropeTheta(), c.ropeScaling());
        closing.add(rope::close);
        int width = c.numAttentionHeads() * c.headDim();
        Tensor qkv = leaf(pass.inner(), pass.batch(), pass.tokens(), width + 2L * c.numKeyValueHeads() * c.headDim());
        Tensor dy = random(pass.inner(), pass.batch(), pass.tokens(), width);
        CausalAttention attention = new CausalAttention(c.numAttentionHeads(), c.numKeyValueHeads(), c.headDim());
        return repeated(
                "attention with rope",
                c.numHiddenLayers(),
                () -> backward(
                        attention.forward(qkv, rope.cos(0, pass.tokens()), rope.sin(0, pass.tokens())), dy, qkv));
    }

    private Part norms(NormSpec norm) {
        Shape shape = new Shape((long) pass.batch() * pass.tokens(), c.hiddenSize());
        LayerCase layer = new LayerCase(norm, shape, pass.stream());
        closing.add(layer::close);
        int n = 2 * c.numHiddenLayers() + 1;
        return new Part("norms", () -> {
            for (int i = 0; i < n; i++) {
                if (pass.backward()) {
                    layer.both();
                } else {
                    layer.infer();
                }
            }
        });
    }

    private Part rope() {
        Rope rope = new Rope(c.headDim(), c.ropeTheta(), c.ropeScaling());
        closing.add(rope::close);
        Tensor q = random(pass.inner(), pass.batch(), pass.tokens(), c.numAttentionHeads(), c.headDim());
        Tensor k = random(pass.inner(), pass.batch(), pass.tokens(), c.numKeyValueHeads(), c.headDim());
        return repeated("rope", c.numHiddenLayers(), () -> {
            Tensor cos = rope.cos(pass.past(), pass.tokens());
            Tensor sin = rope.sin(pass.past(), pass.tokens());
            CausalAttention.turn(q.transpose(1, 2), cos, sin); // (B, H, T, d)
            CausalAttention.turn(k.transpose(1, 2), cos, sin);
        });
    }

    /** silu(gate)·up and the two residual sums; in backward the sums of what flows into one tensor from both its readers, too. */
    private Part elementwise() {
        long rows = (long) pass.batch() * pass.tokens();
        long parts = pass.backward() ? 1 : 2; // of one tensor, or apart
        Tensor gateUp = leaf(pass.inner(), parts, rows, 2L * c.intermediateSize() / parts);
        Tensor dy = random(pass.inner(), parts, rows, c.intermediateSize());
        Tensor x = random(pass.stream(), rows, c.hiddenSize());
        Tensor y = random(pass.inner(), rows, c.hiddenSize());
        int backwardSums = 2; // one at each residual
        return repeated("elementwise", c.numHiddenLayers(), () -> {
            if (pass.backward()) {
                backward(GatedSilu.of(gateUp), dy, gateUp);
            } else {
                GatedSilu.of(gateUp.select(0, 0), gateUp.select(0, 1));
            }
            x.add(y);
            x.add(y);
            for (int i = 0; pass.backward() && i < backwardSums; i++) {
                x.add(x);
            }
        });
    }

    private Part embedding() {
        Tensor weight = leaf(pass.stream(), c.vocabSize(), c.hiddenSize());
        Tensor dy = random(pass.stream(), pass.batch(), pass.tokens(), c.hiddenSize());
        return repeated("embedding", 1, () -> backward(torch.embedding(weight, tokenIds), dy, weight));
    }

    private Part loss() {
        Tensor logits = leaf(pass.inner(), (long) pass.batch() * pass.tokens(), c.vocabSize());
        Tensor one = keep(Tensors.full(1));
        return repeated("loss", 1, () -> backward(CrossEntropy.mean(logits, tokenIds.flatten()), one, logits));
    }

    /** Under autocast each reader casts its weight and its input, and backward casts both gradients back. */
    private Part casts(SharedWeights weights) {
        long rows = (long) pass.batch() * pass.tokens();
        ScalarType inner = SharedWeights.type(pass.inner());
        ScalarType stream = SharedWeights.type(pass.stream());
        Tensor x = random(pass.stream(), rows, c.hiddenSize());
        Tensor dx = random(pass.inner(), rows, c.hiddenSize());
        int inputs = 2 * c.numHiddenLayers() + 1; // q, k and v at once, gate and up, and the head
        Map<String, long[]> matrices = matrices(c);
        Tensor some = random(
                pass.stream(),
                matrices.values().stream().mapToLong(s -> s[0] * s[1]).max().orElse(1));
        return new Part("casts of autocast", () -> {
            matrices.forEach((name, shape) -> {
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    some.narrow(0, 0, shape[0] * shape[1]).to(inner);
                    weights.tensor(name, shape).to(stream);
                }
            });
            for (int i = 0; i < inputs; i++) {
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    x.to(inner);
                    dx.to(stream);
                }
            }
        });
    }

    private Part repeated(String name, int times, Runnable once) {
        return new Part(name, () -> {
            for (int i = 0; i < times; i++) {
                try (var _ = new Scope();
                        var _ = pass.backward() ? Grad.on() : Grad.off()) {
                    once.run();
                }
            }
        });
    }

    private void backward(Tensor y, Tensor dy, Tensor... inputs) {
        if (pass.backward()) {
            gradients(y, dy, inputs);
        }
    }

    /** Computes the gradients without adding them up, as those of activations inside a model. */
    static void gradients(Tensor y, Tensor dy, Tensor... inputs) {
        torch.grad(
                new TensorVector(y),
                new TensorVector(inputs),
                new TensorVector(dy),
                new BoolOptional(false),
                false,
                true);
    }

    private Tensor leaf(Dtype dtype, long... shape) {
        Tensor t = random(dtype, shape);
        t.set_requires_grad(pass.backward());
        return t;
    }

    private Tensor random(Dtype dtype, long... shape) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            return keep(torch.randn(shape).mul(new Scalar(0.1)).to(SharedWeights.type(dtype)));
        }
    }

    private Tensor keep(Tensor t) {
        kept.add(Scope.keep(t));
        return t;
    }

    @Override
    public void close() {
        kept.forEach(Scope::release);
        kept.clear();
        closing.forEach(Runnable::run);
        closing.clear();
    }
}
