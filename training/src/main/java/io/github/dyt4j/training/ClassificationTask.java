package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.data.Mixup;
import io.github.dyt4j.training.data.Pipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Images and their classes. */
final class ClassificationTask implements Task {
    private final ImageSetup setup;
    private final Model model;
    private final Objective objective = new Classification();
    private final Pipeline training;
    private final Pipeline evaluation;
    private final @Nullable Mixup mixup;

    ClassificationTask(ImageSetup setup, Model model) {
        this.setup = setup;
        this.model = model;
        ImageTransforms transforms = setup.transforms();
        training = transforms.training();
        evaluation = transforms.evaluation();
        mixup = mixup(setup.recipe());
    }

    /** Mixing and smoothing of targets; null where labels stay what they are. */
    private @Nullable Mixup mixup(Recipe recipe) {
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
        return setup.training(List.of(training), mixup, fromBatch);
    }

    @Override
    public Batches unmixed() {
        return setup.training(List.of(training), null, 0);
    }

    @Override
    public Batches evaluation() {
        return setup.once(setup.data().test(), evaluation);
    }

    /** {@link TrainedRun#CLASSES}: what the outputs mean, a class a line. */
    @Override
    public void writeCompanions(Path run) throws IOException {
        Path file = run.resolve(TrainedRun.CLASSES);
        if (!setup.noise() && !Files.exists(file)) {
            Path partial = run.resolve(TrainedRun.CLASSES + ".tmp");
            Files.write(partial, setup.data().classes());
            Files.move(partial, file);
        }
    }

    @Override
    public List<String> skipped() {
        return setup.skipped();
    }
}
