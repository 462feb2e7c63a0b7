package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.data.Image;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.data.ImageDataset;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.data.Interpolation;
import io.github.dyt4j.training.data.Loader;
import io.github.dyt4j.training.data.Mixup;
import io.github.dyt4j.training.data.Pipeline;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Images and their classes. */
public final class ClassificationTask implements Task {
    private final Recipe recipe;
    private final ImageData data;
    private final Model model;
    private final int classes;
    private final Objective objective = new Classification();
    private final Pipeline training;
    private final Pipeline evaluation;
    private final @Nullable Mixup mixup;

    private ClassificationTask(Recipe recipe, ImageData data, Model model, int classes) {
        this.recipe = recipe;
        this.data = data;
        this.model = model;
        this.classes = classes;
        ImageTransforms transforms = transforms();
        training = transforms.training();
        evaluation = transforms.evaluation();
        mixup = mixup();
        if (data.train().size() < batchSize()) {
            throw new UserError(data.train().size() + " training images do not fill one batch of " + batchSize()
                    + ".\nTake a smaller batch_size.");
        }
    }

    /** Opens the recipe's data and builds its model, with initial weights that the recipe's seed alone decides. */
    public static ClassificationTask of(Recipe recipe) {
        return of(recipe, open(recipe));
    }

    /** The same with data that is already there. */
    public static ClassificationTask of(Recipe recipe, ImageData data) {
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        complete(arguments, data);
        Footprint.of(recipe, arguments).require(recipe);
        TorchRuntime.seed(recipe.seed());
        Model model = Models.create(recipe.model(), arguments, NormSpec.parse(recipe.norm()));
        return new ClassificationTask(recipe, data, model, Models.numClasses(recipe.model(), arguments));
    }

    static ImageData open(Recipe recipe) {
        ImageData data = recipe.data().equals("builtin")
                ? ImageData.builtIn()
                : ImageData.open(Path.of(recipe.data()), recipe.skipBad());
        if (data.classes().size() < 2) {
            throw new UserError("There is one class alone in " + recipe.data() + " ("
                    + data.classes().getFirst() + "): there is nothing to tell apart.\n"
                    + "A class is a folder of images; at least two are needed.");
        }
        return data;
    }

    /** Puts in what the recipe leaves to the data: in_chans and num_classes. */
    static void complete(Map<String, Object> arguments, ImageData data) {
        int classes = data.classes().size();
        arguments.putIfAbsent("in_chans", channels(data.train()));
        arguments.putIfAbsent("num_classes", classes);
        int outputs = (int) Objects.requireNonNull(arguments.get("num_classes"));
        if (outputs < classes) {
            throw new UserError("num_classes is " + outputs + ", but the data has " + classes + " classes.\n"
                    + "Leave num_classes away, and it is taken from the data.");
        }
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

    private ImageTransforms transforms() {
        long[] shape = model.inputShape();
        return new ImageTransforms(
                (int) shape[1],
                (int) shape[0],
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

    /** Mixing and smoothing of targets; null where labels stay what they are. */
    private @Nullable Mixup mixup() {
        double mixup = recipe.number("mixup");
        double cutmix = recipe.number("cutmix");
        double smoothing = recipe.number("smoothing");
        return mixup == 0 && cutmix == 0 && smoothing == 0
                ? null
                : new Mixup(
                        mixup,
                        cutmix,
                        recipe.number("mixup_prob"),
                        recipe.number("mixup_switch_prob"),
                        smoothing,
                        classes,
                        0);
    }

    private int batchSize() {
        return recipe.batchSize();
    }

    private int threads() {
        return recipe.workers() == 0 ? Loader.defaultThreads() : recipe.workers();
    }

    public ImageData data() {
        return data;
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
    public int batchesPerEpoch() {
        return data.train().size() / batchSize();
    }

    @Override
    public Batches training(long fromBatch) {
        return loader(fromBatch, mixup);
    }

    @Override
    public Batches unmixed() {
        return loader(0, null);
    }

    private Batches loader(long fromBatch, @Nullable Mixup mixing) {
        int epoch = Math.toIntExact(fromBatch / batchesPerEpoch());
        int number = (int) (fromBatch % batchesPerEpoch());
        return batches(
                Loader.training(data.train(), training, mixing, batchSize(), recipe.seed(), epoch, number, threads()));
    }

    @Override
    public Batches evaluation() {
        return batches(Loader.evaluation(data.test(), evaluation, batchSize(), threads()));
    }

    private static Batches batches(Loader loader) {
        return new Batches() {
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
        };
    }

    @Override
    public List<String> skipped() {
        return Stream.of(data.train(), data.test())
                .flatMap(d -> d.skipped().stream())
                .toList();
    }

    @Override
    public String describe() {
        return data.describe();
    }
}
