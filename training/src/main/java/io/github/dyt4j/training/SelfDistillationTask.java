package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Dino;
import io.github.dyt4j.models.DinoLoss;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.data.MultiCrop;
import io.github.dyt4j.training.data.Pipeline;
import io.github.dyt4j.training.probe.FrozenFeatures;
import io.github.dyt4j.training.probe.LinearProbe;
import io.github.dyt4j.training.probe.NearestNeighbours;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Crops of images, whose labels are for the judges alone. */
final class SelfDistillationTask implements Task {
    private final ImageSetup setup;
    private final Recipe recipe;
    private final Dino model;
    private final SelfDistillation objective;
    private final List<Pipeline> crops;
    private final ImageTransforms transforms;

    /** Refuses what does not go together. */
    static void require(Recipe recipe, Dino.Config config) {
        TaskSetup.refuse(
                recipe,
                List.of("scale"),
                "training on one crop an image",
                "several, global_crops_scale and local_crops_scale");
        TaskSetup.refuse(recipe, List.of("num_classes"), "classifiers", "images without their labels");
        int size = recipe.integer("local_crops_size");
        if (recipe.integer("local_crops_number") == 0) {
            return;
        }
        if (size > config.imgSize()) {
            throw new UserError("local_crops_size " + size + " is larger than img_size " + config.imgSize()
                    + ", and local crops are the small ones.\nTake about half of img_size, a multiple of patch_size "
                    + config.patchSize() + "; or local_crops_number 0 for none.");
        }
        if (size % config.patchSize() != 0) {
            int below = size - size % config.patchSize();
            throw new UserError("local_crops_size " + size + " is not a multiple of patch_size " + config.patchSize()
                    + ": take " + (below > 0 ? below + " or " : "") + (below + config.patchSize()) + ".");
        }
    }

    SelfDistillationTask(ImageSetup setup, Dino model) {
        this.setup = setup;
        this.model = model;
        recipe = setup.recipe();
        objective = new SelfDistillation(recipe, model.config().outDim());
        transforms = setup.transforms();
        crops = new MultiCrop(
                        transforms,
                        recipe.numbers("global_crops_scale"),
                        recipe.integer("local_crops_number"),
                        recipe.numbers("local_crops_scale"),
                        recipe.integer("local_crops_size"))
                .views();
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
        return setup.training(crops, null, fromBatch);
    }

    @Override
    public Batches unmixed() {
        return training(0);
    }

    @Override
    public Batches evaluation() {
        return setup.once(setup.data().test(), transforms.evaluation());
    }

    @Override
    public List<String> skipped() {
        return setup.skipped();
    }

    /**
     * By a linear probe on the teacher's features of images as they are. Also k-NN, and two signs of collapse: the mean entropy of the teacher's
     * distributions, and by how much it is below the entropy of their mean, which is the mutual information of image and output, 0 where every image is
     * told the same.
     */
    @Override
    public Evaluation evaluate() {
        Evaluation pass = Evaluation.of(this, recipe.bf16());
        if (!Double.isFinite(pass.loss())) {
            return pass;
        }
        Features features = Features.of(setup, model, model::forward);
        FrozenFeatures train = features.train();
        FrozenFeatures test = features.test();
        SequencedMap<String, Double> extras = new LinkedHashMap<>();
        extras.put(SelfDistillation.NEIGHBOURS.name(), mean(NearestNeighbours.scores(train, test)));
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor sum = Tensors.full(0, 1, model.config().outDim());
            double entropy = 0;
            for (int from = 0; from < test.size(); from += recipe.batchSize()) {
                try (var _ = new Scope()) {
                    Tensor said = objective.teacher(model, model.teacherLogits(rows(test, from, recipe.batchSize())));
                    entropy += DinoLoss.entropy(said) * said.size(0);
                    sum.add_(said.sum(new long[] {0}, true, new org.bytedeco.pytorch.ScalarTypeOptional()));
                }
            }
            entropy /= test.size();
            extras.put(SelfDistillation.ENTROPY.name(), entropy);
            extras.put(
                    SelfDistillation.INFORMATION.name(),
                    Math.max(0, DinoLoss.entropy(sum.div(new Scalar(test.size()))) - entropy));
        }
        return pass.judgedBy(LinearProbe.scores(train, test), extras);
    }

    private static Tensor rows(FrozenFeatures features, int from, int count) {
        int to = Math.min(from + count, features.size());
        float[] values = Arrays.copyOfRange(features.values(), from * features.dim(), to * features.dim());
        return Tensors.of(values, to - from, features.dim());
    }

    private static double mean(float[] scores) {
        double sum = 0;
        for (float score : scores) {
            sum += score;
        }
        return sum / scores.length;
    }

    @Override
    public List<Picture> pictures() {
        DinoPictures pictures = new DinoPictures(transforms, setup.data().classes());
        FrozenFeatures.Collector features = new FrozenFeatures.Collector();
        boolean before = model.parameters().training();
        model.parameters().training(false);
        try (Batches batches = evaluation();
                var _ = Grad.off()) {
            while (batches.hasNext()) {
                try (var _ = new Scope();
                        var _ = Autocast.bf16(recipe.bf16())) {
                    Batch batch = batches.next();
                    features.add(model.forward(batch.input()), batch.labels());
                    pictures.look(batch.input(), batch.labels());
                }
            }
            return pictures.of(model, features.whole());
        } finally {
            model.parameters().training(before);
        }
    }
}
