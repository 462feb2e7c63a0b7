package io.github.dyt4j.lab;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.MappedWeights;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.Weights;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Sheet;
import io.github.dyt4j.training.TrainedRun;
import io.github.dyt4j.training.data.Latents;
import io.github.dyt4j.training.diffusion.ImageNoise;
import io.github.dyt4j.training.diffusion.Sampler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A trained diffusion transformer, to draw with. Its data need not be there: how many classes and channels it has, its weights say.
 *
 * @param pixels whether it draws pixels in [−1, 1]; else latents, for whose images another program's decoder is needed
 */
public record DiffusionRun(Recipe recipe, DiffusionTransformer model, boolean pixels) implements AutoCloseable {
    private static final int AT_ONCE = 64;
    private static final int SHOWN = 56; // pixels a side, at least

    /**
     * The averaged weights where the recipe averages them, else the model's own.
     *
     * @throws UserError if it is neither a run nor a checkpoint, or of another kind of model
     */
    public static DiffusionRun open(Path runOrCheckpoint) throws IOException {
        TrainedRun run = TrainedRun.of(runOrCheckpoint);
        Recipe recipe = run.recipe();
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        if (!(Models.config(recipe.model(), arguments) instanceof DiffusionTransformer.Config c)) {
            throw new UserError(run.run() + " is a run of " + recipe.model()
                    + ", which draws no images: a run of a diffusion transformer is wanted, as dit-mini's.");
        }
        try (Safetensors file = Safetensors.open(run.weights())) {
            int rows = (int) file.entry("y_embedder.embedding_table.weight").shape()[0];
            arguments.put("num_classes", rows - (c.hasNullClass() ? 1 : 0));
            arguments.put("in_chans", (int) file.entry("x_embedder.proj.weight").shape()[1]);
            if (Latents.named(recipe.data()) && !recipe.has("img_size")) {
                int tokens = (int) file.entry("pos_embed").shape()[1];
                arguments.put("img_size", c.patchSize() * (int) Math.round(Math.sqrt(tokens)));
            }
        }
        var config = (DiffusionTransformer.Config) Models.config(recipe.model(), arguments);
        NormSpec norm = NormSpec.parse(recipe.norm());
        MappedWeights weights = MappedWeights.open(List.of(run.weights()), Dtype.F32);
        try {
            weights.check(config.shapes(norm), Set.of());
            var model = (DiffusionTransformer) config.create(norm, Parameters.root(weights));
            return new DiffusionRun(recipe, model, !Latents.named(recipe.data()));
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    /** The sampler that the recipe judges by. */
    public Sampler sampler() {
        return new Sampler(
                Sampler.Kind.of(recipe.text("sampler")),
                recipe.integer("sample_steps"),
                recipe.number("cfg_scale"),
                pixels);
    }

    /** What is drawn when nothing is said: the first ten classes. */
    public List<Integer> firstClasses() {
        return LongStream.range(0, Math.min(10, model.config().numClasses()))
                .mapToObj(i -> (int) i)
                .toList();
    }

    /**
     * Draws images and writes them: pixels as one PNG, a class a row; latents as safetensors, {@code latents} (N, C, S, S) F32 and {@code labels}
     * (N) I64. An image is a function of weights, sampler, seed, class and its place among those of its class.
     *
     * @throws UserError for a class that the model does not know, or guidance that it cannot have
     */
    public void draw(Sampler sampler, List<Integer> classes, int perClass, long seed, Path out) throws IOException {
        for (int label : classes) {
            if (label < 0 || label >= model.config().numClasses()) {
                throw new UserError("Class " + label + ": the model knows the classes 0 to "
                        + (model.config().numClasses() - 1) + ".");
            }
        }
        sampler.requireClassless(model.config());
        try (var _ = new Scope();
                var _ = Grad.off();
                var _ = Autocast.bf16(recipe.bf16())) { // as the run's own pictures were drawn
            List<List<Tensor>> rows = new ArrayList<>();
            for (int label : classes) {
                rows.add(ofClass(sampler, label, perClass, seed));
            }
            if (pixels) {
                ImageIO.write(Sheet.of(rows, Math.max(1, SHOWN / model.config().imgSize())), "png", out.toFile());
            } else {
                write(rows, classes, out);
            }
        }
    }

    private List<Tensor> ofClass(Sampler sampler, int label, int count, long seed) {
        List<Tensor> images = new ArrayList<>();
        for (int from = 0; from < count; from += AT_ONCE) {
            long[] numbers = LongStream.range(from, Math.min(from + AT_ONCE, count))
                    .map(j -> ImageNoise.number(label, j))
                    .toArray();
            long[] labels = LongStream.of(numbers).map(_ -> label).toArray();
            Tensor drawn = sampler.draw(
                    model, Tensors.of(labels, labels.length), new ImageNoise(seed, numbers, model.inputShape()));
            Tensor shown = pixels ? drawn.add(new Scalar(1)).mul(new Scalar(0.5)) : drawn;
            for (int i = 0; i < numbers.length; i++) {
                images.add(shown.select(0, i)); // (C, H, W)
            }
        }
        return images;
    }

    private static void write(List<List<Tensor>> rows, List<Integer> classes, Path out) throws IOException {
        List<Tensor> all = rows.stream().flatMap(List::stream).toList();
        List<Integer> labels = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            labels.addAll(Collections.nCopies(rows.get(i).size(), classes.get(i)));
        }
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("latents", torch.stack(new TensorVector(all.toArray(Tensor[]::new)), 0));
        tensors.put("labels", Tensors.of(labels.stream().mapToLong(l -> l).toArray(), labels.size()));
        Weights.save(out, Map.of(), tensors);
    }

    @Override
    public void close() {
        model.close();
    }
}
