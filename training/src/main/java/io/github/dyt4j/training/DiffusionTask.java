package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.Inception;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.diffusion.FeatureClassifier;
import io.github.dyt4j.training.diffusion.FrechetDistance;
import io.github.dyt4j.training.diffusion.ImageNoise;
import io.github.dyt4j.training.diffusion.NoiseSchedule;
import io.github.dyt4j.training.diffusion.Sampler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A diffusion transformer on images or latents. It is judged by the Fréchet distance between {@code frechet_samples} images that it draws, of
 * classes as the test images have them, and all test images, in the features of a {@link FeatureClassifier} of the same data: a number to compare
 * runs on the same data by, and no FID. With {@code inception} the FID is measured of the same images too: its usual value is of 50,000 images
 * against the training set, and fewer give a higher one. Noise is the same in every judgement, so runs differ by their weights alone.
 */
final class DiffusionTask implements Task {
    private static final int DRAWN_AT_ONCE = 128;
    private static final int ROWS = 10;
    private static final int COLUMNS = 8;
    private static final long SHOWN = 0; // what `dyt4j sample` draws without --seed
    private static final long JUDGED = 1;
    private static final long NOISED = 2;
    private static final double GOLDEN_RATIO = 0.6180339887498949;

    private final TaskSetup setup;
    private final DiffusionTransformer model;
    private final DiffusionData data;
    private final Objective objective = new Denoising();
    private final Sampler sampler;
    private @Nullable FeatureClassifier classifier;
    private @Nullable Tensor real;
    private final @Nullable Inception inception;

    DiffusionTask(TaskSetup setup, DiffusionTransformer model, DiffusionData data) {
        this.setup = setup;
        this.model = model;
        this.data = data;
        Recipe recipe = setup.recipe();
        sampler = require(recipe, model.config(), data.pixels());
        inception = recipe.has("inception") ? Inception.open(Path.of(recipe.text("inception"))) : null;
    }

    /**
     * What is drawn with, of a recipe that can be judged.
     *
     * @throws UserError where sampler and model do not go together, or {@code inception} is no file or not for these data
     */
    static Sampler require(Recipe recipe, DiffusionTransformer.Config config, boolean pixels) {
        Sampler sampler = new Sampler(
                Sampler.Kind.of(recipe.text("sampler")),
                recipe.integer("sample_steps"),
                recipe.number("cfg_scale"),
                pixels);
        sampler.requireClassless(config);
        if (recipe.has("inception")) {
            if (!pixels) {
                throw new UserError("inception: Inception looks at pixels, and " + recipe.data()
                        + " holds latents, which are no pixels before they are decoded.\nLeave inception away.");
            }
            if (!Files.isRegularFile(Path.of(recipe.text("inception")))) {
                throw new UserError("inception: there is no file " + recipe.text("inception")
                        + ".\nIt is a safetensors file with the weights of the FID's Inception v3.");
            }
        }
        return sampler;
    }

    @Override
    public TaskSetup setup() {
        return setup;
    }

    @Override
    public Model model() {
        return model;
    }

    @Override
    public Objective objective() {
        return objective;
    }

    @Override
    public Batches training(long fromBatch) {
        return data.training(fromBatch);
    }

    @Override
    public Batches unmixed() {
        return new Noised(data.training(0));
    }

    @Override
    public Batches evaluation() {
        return new Noised(data.test());
    }

    /** Batches that bring their noise and timesteps, image i always the same: t goes through all of them in golden steps. */
    private static final class Noised implements Batches {
        private final Batches batches;
        private long seen;

        Noised(Batches batches) {
            this.batches = batches;
        }

        @Override
        public boolean hasNext() {
            return batches.hasNext();
        }

        @Override
        public Batch next() {
            Batch b = batches.next();
            long[] numbers = LongStream.range(seen, seen + b.size()).toArray();
            seen += b.size();
            long[] t = LongStream.of(numbers)
                    .map(i -> (long) (NoiseSchedule.TIMESTEPS * ((i + 0.5) * GOLDEN_RATIO % 1)))
                    .toArray();
            Tensor x = b.input();
            Tensor noise = new ImageNoise(NOISED, numbers, x.size(1), x.size(2), x.size(3)).next();
            return new Batch(List.of(x, noise, Tensors.of(t, t.length)), b.labels(), null);
        }

        @Override
        public void close() {
            batches.close();
        }
    }

    @Override
    public Evaluation evaluate() {
        Evaluation seen = Evaluation.of(this, setup.recipe().bf16());
        FeatureClassifier judge = classifier();
        int[] labels = data.testLabels();
        int count = setup.recipe().integer("frechet_samples");
        try (var _ = new Scope();
                var _ = Grad.off()) {
            List<Tensor> features = new ArrayList<>();
            List<Tensor> wide = new ArrayList<>();
            double recognised = 0;
            for (int from = 0; from < count; from += atOnce()) {
                long[] numbers =
                        LongStream.range(from, Math.min(from + atOnce(), count)).toArray();
                long[] classes = LongStream.of(numbers)
                        .map(i -> labels[(int) (i * labels.length / count)])
                        .toArray();
                Tensor own;
                try (var _ = new Scope()) {
                    Tensor drawn = draw(JUDGED, numbers, classes);
                    own = Scope.keep(judge.features(drawn));
                    if (inception != null) {
                        wide.add(Scope.keep(inceptionOf(inception, drawn)));
                    }
                    recognised += judge.agreeing(own, Tensors.of(classes, classes.length));
                }
                features.add(own);
            }
            double distance = FrechetDistance.between(joined(features), real());
            SequencedMap<String, Double> extras = new LinkedHashMap<>();
            Inception network = inception;
            if (network != null) {
                extras.put(
                        Denoising.FID.name(),
                        FrechetDistance.between(joined(wide), joined(ofTest(x -> inceptionOf(network, x)))));
            }
            extras.put(Denoising.LOSS.name(), seen.loss());
            extras.put(Denoising.RECOGNISED.name(), 100 * recognised / count);
            extras.put(Denoising.REAL.name(), judge.accuracy());
            return Double.isFinite(distance)
                    ? seen.judgedBy(distance, extras)
                    // A model that draws what is no number has diverged, whatever its loss.
                    : new Evaluation(Double.NaN, Double.NaN, new float[0], seen.sites(), extras);
        }
    }

    /** (N, E) of its parts, which it lets go. */
    private static Tensor joined(List<Tensor> parts) {
        Tensor whole = torch.cat(new TensorVector(parts.toArray(Tensor[]::new)), 0);
        parts.forEach(Scope::release);
        return whole;
    }

    /** A batch's features each, of all test images. */
    private List<Tensor> ofTest(UnaryOperator<Tensor> network) {
        List<Tensor> parts = new ArrayList<>();
        try (Batches test = data.test()) {
            while (test.hasNext()) {
                try (var _ = new Scope()) {
                    parts.add(Scope.keep(network.apply(test.next().input())));
                }
            }
        }
        return parts;
    }

    private static Tensor inceptionOf(Inception network, Tensor x) { // in [−1, 1]
        return network.features(x.add(new Scalar(1)).mul(new Scalar(0.5)));
    }

    private int atOnce() {
        return Math.min(DRAWN_AT_ONCE, setup.recipe().batchSize());
    }

    private Tensor draw(long seed, long[] numbers, long[] classes) {
        long[] shape = model.inputShape();
        boolean before = model.parameters().training();
        model.parameters().training(false);
        try (var _ = Autocast.bf16(setup.recipe().bf16())) {
            ImageNoise noise = new ImageNoise(seed, numbers, shape);
            return sampler.draw(model, Tensors.of(classes, classes.length), noise); // (B, C, H, W)
        } finally {
            model.parameters().training(before);
        }
    }

    private FeatureClassifier classifier() {
        FeatureClassifier c = classifier;
        if (c == null) {
            String file = data.fingerprint() + "-" + FeatureClassifier.VERSION + ".safetensors";
            c = FeatureClassifier.of(UserCache.folder("features").resolve(file), data.features());
            classifier = c;
        }
        return c;
    }

    /** Of all test images, computed once. */
    private Tensor real() {
        Tensor features = real;
        if (features == null) {
            features = Scope.keep(joined(ofTest(classifier()::features)));
            real = features;
        }
        return features;
    }

    /** What it draws of each class, of the first ten where there are more. Latents cannot be shown without the decoder. */
    @Override
    public List<Picture> pictures() {
        if (!data.pixels()) {
            return List.of();
        }
        int rows = Math.min(ROWS, data.classes().size());
        List<List<Tensor>> sheet = new ArrayList<>();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            for (int c = 0; c < rows; c++) {
                long label = c;
                long[] numbers = LongStream.range(0, COLUMNS)
                        .map(i -> ImageNoise.number(label, i))
                        .toArray();
                long[] classes = LongStream.range(0, COLUMNS).map(_ -> label).toArray();
                Tensor drawn = draw(SHOWN, numbers, classes).add(new Scalar(1)).mul(new Scalar(0.5));
                sheet.add(LongStream.range(0, COLUMNS)
                        .mapToObj(i -> drawn.select(0, i))
                        .toList());
            }
            int scale = Math.max(1, 56 / (int) model.inputShape()[1]);
            return List.of(new Picture("samples", "Images drawn", caption(rows), Sheet.of(sheet, scale)));
        }
    }

    private String caption(int rows) {
        return String.format(
                Locale.ROOT,
                "A class a row, from the same noise with every norm: %s. Drawn by %s in %d steps with guidance %s.",
                String.join(", ", data.classes().subList(0, rows)),
                sampler.kind(),
                sampler.steps(),
                sampler.scale());
    }

    @Override
    public List<String> skipped() {
        return data.skipped();
    }

    @Override
    public void close() {
        if (classifier != null) {
            classifier.close();
        }
        if (real != null) {
            Scope.release(real);
        }
        if (inception != null) {
            inception.close();
        }
        Task.super.close();
    }
}
