package io.github.dyt4j.torch;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;

/**
 * The named parameters and buffers of a model: a tree whose dotted names are those of the state dict, in the order in which the layers
 * were built. A node is handed to each layer, which puts its tensors in: {@code p.child("blocks").child("0").parameter("weight", …)}.
 * Every tensor lives until the root is closed, whatever scope it was made in.
 */
public final class Parameters implements AutoCloseable {
    private static final class Tree {
        final SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        final SequencedMap<String, Tensor> trainable = new LinkedHashMap<>();
        boolean training = true;
    }

    private final Tree tree;
    private final String prefix;

    private Parameters(Tree tree, String prefix) {
        this.tree = tree;
        this.prefix = prefix;
    }

    public static Parameters root() {
        return new Parameters(new Tree(), "");
    }

    public Parameters child(String name) {
        return new Parameters(tree, dotted(name));
    }

    public Parameters child(int index) {
        return child(Integer.toString(index));
    }

    /** The dotted name of this node; empty at the root. */
    public String name() {
        return prefix;
    }

    /** Adds a tensor that training moves: a copy of {@code init} that requires a gradient. */
    public Tensor parameter(String name, Tensor init) {
        Tensor t = add(name, init);
        t.set_requires_grad(true);
        tree.trainable.put(dotted(name), t);
        return t;
    }

    /** Adds a tensor that is saved and loaded but not trained. */
    public Tensor buffer(String name, Tensor init) {
        return add(name, init);
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

    private Tensor add(String name, Tensor init) {
        Tensor t;
        try (var _ = Grad.off()) {
            t = Scope.keep(init.detach().clone());
        }
        if (tree.state.putIfAbsent(dotted(name), t) != null) {
            throw new IllegalArgumentException("two tensors are named " + dotted(name));
        }
        return t;
    }

    private String dotted(String name) {
        return prefix.isEmpty() ? name : prefix + "." + name;
    }

    @Override
    public void close() {
        tree.state.values().forEach(Scope::release);
        tree.state.clear();
        tree.trainable.clear();
    }
}
