package io.github.dyt4j.torch;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A function with a backward of our own inside libtorch's autograd, without a C++ extension and without an extra pass over memory.
 *
 * <p>{@code alias(x)} is an autograd node whose backward is the identity. Its values are swapped for the function's output with
 * {@code set_data}, which leaves the node as it is; a hook on it receives dy, computes dx, and the identity hands dx on to x.
 * Gradients of the function's parameters are added by the hook itself, outside the graph.
 *
 * <p>Limits: no double backward; the output must not be written in place; forward and backward happen inside one {@link Scope}.
 */
final class Splice {
    /** The gradient of the input from that of the output; dy is contiguous. */
    interface Backward {
        Tensor apply(Tensor dy);
    }

    private Splice() {}

    /**
     * {@code out}, computed from {@code x} without a graph, as a node of x's graph with this backward.
     *
     * @param saved what backward reads of x; kept until the scope closes
     */
    static Tensor node(Tensor x, Tensor out, Tensor saved, Backward backward) {
        Scope scope = Scope.current();
        if (scope == null) {
            throw new IllegalStateException(
                    "a fused norm that is to be differentiated needs a Scope: open one around forward and backward");
        }
        // An input outside the graph (raw data) has no node to hook: its own detached leaf takes the gradient and drops
        // it.
        Tensor source = x.requires_grad() ? x : leaf(x);
        Tensor y = torch.alias(source);
        y.set_data(out);
        scope.hold(saved);
        y.register_hook(scope.hold(new Hook(backward)));
        return y;
    }

    /**
     * The same where {@code out} (…, n) is narrower than {@code x} (…, m), and maybe of another dtype: the graph sees a slice of x, and
     * whatever gradient the slice's backward makes is replaced by this one's, of x's shape and dtype.
     */
    static Tensor narrowed(Tensor x, Tensor out, List<Tensor> saved, Backward backward) {
        Scope scope = Scope.current();
        if (scope == null) {
            throw new IllegalStateException("a fused function that is to be differentiated needs a Scope");
        }
        Tensor source = torch.alias(x);
        Tensor y = torch.alias(source.narrow(-1, 0, out.size(-1)).to(out.scalar_type()));
        y.set_data(out);
        saved.forEach(scope::hold);
        @Nullable Tensor[] dx = new Tensor[1];
        y.register_hook(scope.hold(new Hook(dy -> {
            dx[0] = backward.apply(dy);
            return dy;
        })));
        source.register_hook(scope.hold(new Handed(dx, 0)));
        return y;
    }

    /**
     * {@code out}, computed from several inputs without a graph: the graph sees a number made of those that need a gradient, spread over
     * out's shape, and what the backward of that would make is replaced by this one's.
     *
     * @param backward gives the gradients in the order of the inputs, of their shapes and dtypes; of those that need none it is not read
     */
    static Tensor joined(
            List<Tensor> inputs, Tensor out, List<Tensor> saved, Function<Tensor, @Nullable Tensor[]> backward) {
        Scope scope = Scope.current();
        if (scope == null) {
            throw new IllegalStateException("a fused function that is to be differentiated needs a Scope");
        }
        saved.forEach(scope::hold);
        @Nullable Tensor[] gradients = new Tensor[inputs.size()];
        Tensor number = Tensors.full(0).to(out.scalar_type());
        for (int i = 0; i < gradients.length; i++) {
            if (inputs.get(i).requires_grad()) {
                Tensor source = torch.alias(inputs.get(i));
                source.register_hook(scope.hold(new Handed(gradients, i)));
                number = number.add(source.sum().to(out.scalar_type())); // whose backward takes no memory
            }
        }
        Tensor y = torch.alias(number.expand(Tensors.shape(out)));
        y.set_data(out);
        y.register_hook(scope.hold(new Hook(dy -> {
            @Nullable Tensor[] made = backward.apply(dy);
            System.arraycopy(made, 0, gradients, 0, gradients.length);
            return dy;
        })));
        return y;
    }

    private static Tensor leaf(Tensor x) {
        Tensor leaf = x.detach();
        leaf.set_requires_grad(true);
        return leaf;
    }

    /** Puts a gradient that another hook made in the place of what came, once. */
    private static final class Handed extends TensorTensorHook {
        private final @Nullable Tensor[] from;
        private final int index;

        Handed(@Nullable Tensor[] from, int index) {
            this.from = from;
            this.index = index;
        }

        @Override
        public TensorBase call(TensorBase replaced) {
            Tensor gradient = Objects.requireNonNull(from[index]);
            from[index] = null;
            return gradient;
        }
    }

    private static final class Hook extends TensorTensorHook {
        private final Backward backward;

        Hook(Backward backward) {
            this.backward = backward;
        }

        @Override
        public TensorBase call(TensorBase dy) {
            if (Grad.enabled()) {
                throw new IllegalStateException(
                        "a fused function has no second derivative; of norms kernel=eager has one");
            }
            return backward.apply(new Tensor(dy).contiguous());
        }
    }
}
