package io.github.dyt4j.torch;

import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The named parameters and buffers of a model: a tree whose dotted names are those of the state dict, in the order in which the layers
 * were built. A node is handed to each layer, which puts its tensors in: {@code p.child("blocks").child("0").parameter("weight", …)}.
 * Every tensor lives until the root is closed, whatever scope it was made in.
 */
public final class Parameters implements AutoCloseable {
    private static final class Tree {
        final SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        final SequencedMap<String, Tensor> trainable = new LinkedHashMap<>();
        final @Nullable TensorSource source;
        boolean training = true;

        Tree(@Nullable TensorSource source) {
            this.source = source;
        }
    }

    private final Tree tree;
    private final String prefix;
    private final boolean frozen;

    private Parameters(Tree tree, String prefix, boolean frozen) {
        this.tree = tree;
        this.prefix = prefix;
        this.frozen = frozen;
    }

    /** Of a model with new weights, to be trained. */
    public static Parameters root() {
        return new Parameters(new Tree(null), "", false);
    }

    /** Of a model whose tensors are the source's own, without a copy: it is for evaluation alone. The source is closed with it. */
    public static Parameters root(TensorSource source) {
        Parameters root = new Parameters(new Tree(source), "", false);
        root.training(false);
        return root;
    }

    public Parameters child(String name) {
        return new Parameters(tree, dotted(name), frozen);
    }

    public Parameters child(int index) {
        return child(Integer.toString(index));
    }

    /** This node for layers whose parameters are kept and saved but never trained, as a teacher's: all that they add are buffers. */
    public Parameters frozen() {
        return new Parameters(tree, prefix, true);
    }

    /** The dotted name of this node; empty at the root. */
    public String name() {
        return prefix;
    }

    /** Adds a tensor that training moves, drawn as {@code init} says unless there is a source. */
    public Tensor parameter(String name, Initial init) {
        if (tree.source != null) {
            return taken(name, init.shape(), true);
        }
        try (var _ = new Scope();
                var _ = Grad.off()) {
            return parameter(name, init.draw().get());
        }
    }

    /** Adds a tensor that training moves: a copy of {@code init} that requires a gradient, or the source's in its place. */
    public Tensor parameter(String name, Tensor init) {
        if (tree.source != null) {
            return taken(name, Tensors.shape(init), true);
        }
        Tensor t = add(name, init);
        if (frozen) {
            return t;
        }
        t.set_requires_grad(true);
        tree.trainable.put(dotted(name), t);
        return t;
    }

    /** Adds a tensor that is saved and loaded but not trained, computed as {@code init} says unless there is a source. */
    public Tensor buffer(String name, Initial init) {
        if (tree.source != null) {
            return taken(name, init.shape(), false);
        }
        try (var _ = new Scope();
                var _ = Grad.off()) {
            return add(name, init.draw().get());
        }
    }

    /** Adds a tensor that is saved and loaded but not trained. */
    public Tensor buffer(String name, Tensor init) {
        return tree.source != null ? taken(name, Tensors.shape(init), false) : add(name, init);
    }

    /** All parameters of the whole tree by full name, in order. The map is live; the tensors are the model's own. */
    public SequencedMap<String, Tensor> trainable() {
        return tree.trainable;
    }

    /** All parameters and buffers of the whole tree by full name, in order. */
    public SequencedMap<String, Tensor> state() {
        return tree.state;
    }

    /** Whether layers that differ in training (stochastic depth, dropout) behave so; one flag for the whole tree. */
    public boolean training() {
        return tree.training;
    }

    public void training(boolean on) {
        tree.training = on;
    }

    /** Drops every gradient, so that the next backward writes instead of adding. */
    public void zeroGrad() {
        for (Tensor t : tree.trainable.values()) {
            try (var _ = new Scope()) {
                t.mutable_grad().reset();
            }
        }
    }

    private Tensor taken(String name, long[] shape, boolean parameter) {
        Tensor t;
        try (var _ = new Scope()) {
            t = Scope.keep(Objects.requireNonNull(tree.source).tensor(dotted(name), shape));
        }
        put(name, t);
        if (parameter && !frozen) {
            tree.trainable.put(dotted(name), t);
        }
        return t;
    }

    private Tensor add(String name, Tensor init) {
        Tensor t;
        try (var _ = Grad.off()) {
            t = Scope.keep(init.detach().clone());
        }
        put(name, t);
        return t;
    }

    private void put(String name, Tensor t) {
        if (tree.state.putIfAbsent(dotted(name), t) != null) {
            throw new IllegalArgumentException("two tensors are named " + dotted(name));
        }
    }

    private String dotted(String name) {
        return prefix.isEmpty() ? name : prefix + "." + name;
    }

    @Override
    public void close() {
        tree.state.values().forEach(Scope::release);
        tree.state.clear();
        tree.trainable.clear();
        if (tree.source != null) {
            tree.source.close();
        }
    }
}
