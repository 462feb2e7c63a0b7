package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.data.Interpolation;
import io.github.dyt4j.training.data.Loader;
import io.github.dyt4j.training.data.Mixup;
import io.github.dyt4j.training.data.Pipeline;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Images and their classes. */
final class ClassificationTask implements Task {
    private final ImageSetup setup;
    private final Recipe recipe;
    private final ImageData data;
    private final Model model;
    private final Objective objective = new Classification();
    private final Pipeline training;
    private final Pipeline evaluation;
    private final @Nullable Mixup mixup;

    ClassificationTask(ImageSetup setup, Model model) {
        this.setup = setup;
        this.recipe = setup.recipe();
        this.data = setup.data();
        this.model = model;
        ImageTransforms transforms = transforms();
        training = transforms.training();
        evaluation = transforms.evaluation();
        mixup = mixup();
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
                        setup.config().numClasses(),
                        0);
    }

    private int threads() {
        return recipe.workers() == 0 ? Loader.defaultThreads() : recipe.workers();
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
    public TaskSetup setup() {
        return setup;
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
        return batches(Loader.training(
                data.train(), training, mixing, recipe.batchSize(), recipe.seed(), epoch, number, threads()));
    }

    @Override
    public Batches evaluation() {
        return batches(Loader.evaluation(data.test(), evaluation, recipe.batchSize(), threads()));
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
}
