package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.Dino;
import io.github.dyt4j.models.ImageConfig;
import io.github.dyt4j.models.MaskedAutoencoder;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Image;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.data.ImageDataset;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.data.Interpolation;
import io.github.dyt4j.training.data.Loader;
import io.github.dyt4j.training.data.Mixup;
import io.github.dyt4j.training.data.Pipeline;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Images and their classes, and a model with as many channels and classes as they have. */
record ImageSetup(Recipe recipe, ImageData data, ImageConfig config, boolean noise) implements TaskSetup {
    ImageSetup {
        if (config instanceof Dino.Config c) {
            SelfDistillationTask.require(recipe, c);
        }
        if (config instanceof DiffusionTransformer.Config c) {
            DiffusionTask.require(recipe, c, true);
            if (data.test().size() < 2) {
                throw new UserError("There are " + data.test().size() + " images to judge by in " + recipe.data()
                        + ": a Fréchet distance is of two at least.");
            }
        }
        if (config.inChans() != 1 && config.inChans() != 3) {
            throw new UserError(
                    "in_chans " + config.inChans()
                            + ": images are read as 1 channel, grey, or as 3, red, green and blue.\nLeave in_chans away, and the data decide.");
        }
    }

    static ImageSetup open(Recipe recipe) {
        TaskSetup.refuse(recipe, RecipeKeys.ofText(), "text", "images");
        TaskSetup.refuseForeign(recipe, uses(recipe));
        if (recipe.data().equals("jdk")) {
            throw new UserError("The data jdk are text, and " + recipe.model() + " learns from images.\n"
                    + "Set data to a folder of images, or leave it away for those that come with dyt4j.");
        }
        ImageData data = recipe.data().equals("builtin")
                ? ImageData.builtIn()
                : ImageData.open(Path.of(recipe.data()), recipe.skipBad());
        if (data.classes().size() < 2) {
            throw new UserError("There is one class alone in " + recipe.data() + " ("
                    + data.classes().getFirst() + "): there is nothing to tell apart.\n"
                    + "A class is a folder of images; at least two are needed.");
        }
        return of(recipe, data);
    }

    /** Keys that mean something to the objective of this model. */
    private static KeyUse[] uses(Recipe recipe) {
        return switch ((ImageConfig) Models.config(recipe.model(), recipe.modelArguments())) {
            case DiffusionTransformer.Config _ -> {
                // What the sampler draws is kept in [−1, 1], so that is where pixels must lie.
                TaskSetup.refuse(recipe, List.of("mean", "std"), "other models", "pixels in [-1, 1]");
                yield new KeyUse[] {KeyUse.SAMPLES};
            }
            case Dino.Config _ -> new KeyUse[] {KeyUse.CROPS, KeyUse.PROBE};
            case MaskedAutoencoder.Config _ -> new KeyUse[] {KeyUse.PROBE};
            default -> new KeyUse[] {KeyUse.CLASSES};
        };
    }

    static ImageSetup trial(Recipe recipe, ImageConfig config, int images) {
        if (recipe.data().equals("builtin") || Files.exists(Path.of(recipe.data()))) {
            return open(recipe);
        }
        ImageData noise =
                SyntheticImages.data(images, config.imgSize(), config.inChans(), Math.max(2, config.numClasses()));
        return new ImageSetup(recipe, noise, config, true);
    }

    static ImageSetup of(Recipe recipe, ImageData data) {
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        arguments.putIfAbsent("in_chans", channels(data.train()));
        if (((ImageConfig) Models.config(recipe.model(), recipe.modelArguments())).numClasses() == 0) {
            return new ImageSetup(recipe, data, (ImageConfig) Models.config(recipe.model(), arguments), false);
        }
        int classes = data.classes().size();
        int outputs = (int) arguments.computeIfAbsent("num_classes", _ -> classes);
        if (outputs < classes) {
            throw new UserError("num_classes is " + outputs + ", but the data has " + classes + " classes.\n"
                    + "Leave num_classes away, and it is taken from the data.");
        }
        return new ImageSetup(recipe, data, (ImageConfig) Models.config(recipe.model(), arguments), false);
    }

    /** Of the first few images: a coloured set may begin with a grey one. */
    private static int channels(ImageDataset images) {
        return IntStream.range(0, Math.min(16, images.size()))
                .mapToObj(images::tryImage)
                .flatMap(Optional::stream)
                .mapToInt(Image::channels)
                .max()
                .orElse(3);
    }

    @Override
    public String describe() {
        return noise ? data.train().describe() : data.describe();
    }

    @Override
    public Examples examples() {
        return Examples.IMAGES;
    }

    @Override
    public long trainingExamples() {
        return data.train().size();
    }

    @Override
    public long activationCount() {
        return config instanceof Dino.Config c
                ? c.activationCount(recipe.integer("local_crops_number"), recipe.integer("local_crops_size"))
                : config.activationCount();
    }

    @Override
    public ImageSetup with(Recipe changed) {
        return new ImageSetup(changed, data, config, noise);
    }

    @Override
    public Task task(Model model) {
        return switch (model) {
            case DiffusionTransformer dit -> new DiffusionTask(this, dit, new PixelData(this));
            case Dino dino -> new SelfDistillationTask(this, dino);
            case MaskedAutoencoder mae -> new MaskedReconstructionTask(this, mae);
            default -> new ClassificationTask(this, model);
        };
    }

    /** What the recipe says of transforms, for the model's input. */
    ImageTransforms transforms() {
        return new ImageTransforms(
                config.imgSize(),
                config.inChans(),
                recipe.has("mean") ? recipe.numbers("mean") : null,
                recipe.has("std") ? recipe.numbers("std") : null,
                Interpolation.of(recipe.text("interpolation")),
                recipe.numbers("scale"),
                recipe.numbers("ratio"),
                recipe.number("hflip"),
                recipe.has("aa") ? recipe.text("aa") : null,
                recipe.number("reprob"),
                recipe.number("crop_pct"));
    }

    /** The images (B, C, H, W) as they were before they were normalised, in [0, 1]. */
    static Tensor plain(Tensor x, ImageTransforms transforms) {
        return x.mul(perChannel(transforms.std())).add(perChannel(transforms.mean()));
    }

    private static Tensor perChannel(@Nullable List<Double> values) {
        List<Double> v = Objects.requireNonNull(values);
        float[] floats = new float[v.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = v.get(i).floatValue();
        }
        return Tensors.of(floats, floats.length, 1, 1); // (C, 1, 1)
    }

    /** Training batches without end, from this one on. */
    Batches training(List<Pipeline> views, @Nullable Mixup mixing, long fromBatch) {
        int epoch = Math.toIntExact(fromBatch / batchesPerEpoch());
        int number = (int) (fromBatch % batchesPerEpoch());
        return new Loaded(Loader.training(
                data.train(), views, mixing, recipe.batchSize(), recipe.seed(), epoch, number, threads()));
    }

    /** Images once, in order. */
    Batches once(ImageDataset images, Pipeline view) {
        return new Loaded(Loader.evaluation(images, view, recipe.batchSize(), threads()));
    }

    /** What could not be read and was left out so far. */
    List<String> skipped() {
        return Stream.of(data.train(), data.test())
                .flatMap(d -> d.skipped().stream())
                .toList();
    }

    /** What a loader reads, as tensors. */
    Batches loaded(Loader loader) {
        return new Loaded(loader);
    }

    private int threads() {
        return recipe.workers() == 0 ? Loader.defaultThreads() : recipe.workers();
    }

    private record Loaded(Loader loader) implements Batches {
        @Override
        public boolean hasNext() {
            return loader.hasNext();
        }

        @Override
        public Batch next() {
            return Batch.of(loader.next());
        }

        @Override
        public void close() {
            loader.close();
        }
    }

    @Override
    public void close() {
        // images are read file by file, and nothing stays open
    }
}
