package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.run.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What {@code bench norms} is to measure.
 *
 * @param norms the baseline of all ratios first
 * @param shapes of the kernel and of the layer level
 * @param goalShapes on which the goals of each shape are looked at
 * @param levels what is measured
 * @param seconds of measurement for each shape; warming up comes on top
 * @param forks processes a norm at the layer level, in rounds over the norms
 * @param limitElements of each array of the triad; also the size of the tensors that no cache holds
 * @param command as it was typed
 */
public record NormsPlan(
        List<NormSpec> norms,
        List<Shape> shapes,
        List<Shape> goalShapes,
        Dtype dtype,
        List<Direction> directions,
        int threads,
        Levels levels,
        double seconds,
        int forks,
        long limitElements,
        String command) {
    /** Every norm of this project and libtorch's forms, libtorch's LayerNorm first: the one that a model would otherwise have. */
    public static final List<NormSpec> NORMS = Stream.of(
                    "layernorm(kernel=libtorch)",
                    "layernorm(kernel=fused)",
                    "rmsnorm(kernel=libtorch)",
                    "rmsnorm(kernel=fused)",
                    "dyt",
                    "dyt(kernel=eager)",
                    "derf",
                    "dyisru",
                    "hardtanh",
                    "sigmoid",
                    "linear",
                    "identity")
            .map(NormSpec::parse)
            .toList();

    /** Widths from ViT-Ti to a language model, then ViT-mini's two: 64 images of 17 tokens, and their pooled features. */
    public static final List<Shape> GOAL_SHAPES = List.of(
            new Shape(4096, 192),
            new Shape(8192, 384),
            new Shape(8192, 768),
            new Shape(2048, 4096),
            new Shape(1088, 64),
            new Shape(64, 64));

    /** Of all norms. */
    public static final List<Shape> SHAPES = List.of(new Shape(8192, 384));

    /** Elements of a tensor below which a second thread is not worth waking. */
    private static final long SMALL = 100_000;

    /** Elements that make 128 MiB of f32. */
    public static final long LIMIT_ELEMENTS = 1 << 25;

    /** Tensors of a shape that are in memory at once: ours, libtorch's, and what libtorch's compositions make on their way. */
    private static final int TENSORS = Buffers.TENSORS + 8;

    /**
     * What is measured.
     *
     * @param kernel the norms' kernels on each shape, without autograd
     * @param layer the norms inside autograd, each a process of its own
     * @param shapeGoals the goals of each shape
     * @param fixedGoals the goals that have a shape of their own
     */
    public record Levels(boolean kernel, boolean layer, boolean shapeGoals, boolean fixedGoals) {}

    public NormsPlan {
        if (norms.isEmpty() || shapes.isEmpty() || directions.isEmpty()) {
            throw new IllegalArgumentException("a bench needs norms, shapes and directions");
        }
        norms = List.copyOf(norms);
        shapes = List.copyOf(shapes);
        goalShapes = List.copyOf(goalShapes);
        directions = List.copyOf(directions);
        for (NormSpec norm : norms) {
            if (norm.function().acrossPlaces()) {
                throw new UserError("norm '" + norm
                        + "' has no meaning here: its statistics go over the places of images, and bench norms times norms of single tokens."
                        + "\nTime it in a model: bench model resnet-mini --norm "
                        + norm.function().key() + ".");
            }
        }
        for (Shape shape : shapes) {
            requireMemory(shape, norms, dtype);
        }
    }

    /**
     * The norms that the goals of each shape are about, forward and backward. A small shape is measured on one thread, as recipes with such
     * shapes have it: libtorch's second thread costs it more than the norm.
     */
    NormsPlan ofGoals(Shape shape) {
        List<NormSpec> about = Stream.of(ShapeGoals.LIBTORCH_LAYERNORM, ShapeGoals.OWN_LAYERNORM, ShapeGoals.DYT)
                .map(NormSpec::parse)
                .toList();
        return new NormsPlan(
                about,
                List.of(shape),
                List.of(shape),
                dtype,
                List.of(Direction.BOTH),
                shape.size() < SMALL ? 1 : threads,
                levels,
                seconds,
                forks,
                limitElements,
                command);
    }

    private static void requireMemory(Shape shape, List<NormSpec> norms, Dtype dtype) {
        // Some norms keep an x and a dy of their own.
        long own = norms.stream().filter(n -> !"fused".equals(n.kernel())).count();
        double bytes = (double) shape.rows() * shape.width() * dtype.bytes() * (TENSORS + 2 * own);
        long machine = Environment.machineBytes();
        if (machine > 0 && bytes > 0.9 * machine) {
            throw new UserError(String.format(
                    Locale.ROOT,
                    "--shape %s: about %.1f GB would be needed, and this machine has %.1f GB. Give fewer rows.",
                    shape,
                    bytes / 1e9,
                    machine / 1e9));
        }
    }

    /** As the rows have it: with the kernel where a norm has two of equal rank. */
    static String label(NormSpec spec) {
        String text = spec.toString();
        boolean rowNorm = spec.function() == NormFunction.LAYERNORM || spec.function() == NormFunction.RMSNORM;
        if (!rowNorm || text.contains("kernel=")) {
            return text;
        }
        String kernel = "kernel=" + spec.kernel();
        return text.endsWith(")")
                ? text.substring(0, text.length() - 1) + ", " + kernel + ")"
                : text + "(" + kernel + ")";
    }

    /** {@code f32} or {@code bf16}. */
    public static Dtype dtype(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "f32" -> Dtype.F32;
            case "bf16" -> Dtype.BF16;
            default -> throw new UserError("--dtype '" + text + "': kernels have f32 and bf16.");
        };
    }

    static String name(Dtype dtype) {
        return dtype.name().toLowerCase(Locale.ROOT);
    }

    /** What must be said before anything is measured, one sentence each; nothing where all is well. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        int cores = Runtime.getRuntime().availableProcessors();
        if (threads > cores) {
            warnings.add("--threads " + threads + " is more than the " + cores
                    + " cores here: threads will wait for each other, and the figures say little of the norms.");
        }
        return warnings;
    }
}
