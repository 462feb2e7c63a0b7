package io.github.dyt4j.training;

import io.github.dyt4j.models.MaskedAutoencoder;
import io.github.dyt4j.models.MaskedAutoencoder.Reconstruction;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.training.data.ImageDataset;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.data.Pipeline;
import io.github.dyt4j.training.data.Subset;
import io.github.dyt4j.training.probe.LinearProbe;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Images without their classes, of which patches are hidden. Judged by a linear probe on the mean of the frozen encoder's patch tokens after its
 * last norm, nothing hidden: what a ViT with {@code global_pool: avg} begins with when it is fine-tuned.
 */
final class MaskedReconstructionTask implements Task {
    private static final int SHOWN = 10;
    private static final int SHOWN_SIDE = 112;

    private final ImageSetup setup;
    private final MaskedAutoencoder model;
    private final Objective objective = new MaskedReconstruction();
    private final ImageTransforms transforms;
    private final Pipeline training;
    private final Pipeline evaluation;

    MaskedReconstructionTask(ImageSetup setup, MaskedAutoencoder model) {
        this.setup = setup;
        this.model = model;
        transforms = setup.transforms();
        training = transforms.training();
        evaluation = transforms.evaluation();
    }

    @Override
    public Evaluation evaluate() {
        Evaluation reconstructed = Evaluation.of(this, setup.recipe().bf16());
        Features features = Features.of(setup, model, this::encode);
        SequencedMap<String, Double> extras = new LinkedHashMap<>();
        extras.put(MaskedReconstruction.LOSS.name(), reconstructed.loss());
        return reconstructed.judgedBy(LinearProbe.scores(features.train(), features.test()), extras);
    }

    private Tensor encode(Tensor images) { // (B, C, H, W)
        Tensor tokens = model.forward(images); // (B, 1 + N, E)
        return tokens.narrow(1, 1, tokens.size(1) - 1).mean(1); // (B, E)
    }

    @Override
    public List<Picture> pictures() {
        boolean before = model.parameters().training();
        model.parameters().training(false);
        try (Batches batches = setup.once(oneOfEachClass(setup.data().test()), evaluation);
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = batches.next().input(); // (B, C, H, W)
            Reconstruction r = MaskedReconstruction.fixed(model, x);
            List<List<Tensor>> rows = List.of(images(x), images(model.masked(x, r)), images(model.picture(x, r)));
            boolean normalised = model.config().normPixLoss();
            return List.of(new Picture(
                    "reconstructions",
                    "Reconstructions",
                    "Test images, one of each class; the same with the patches left that the encoder saw; the decoder's guess of all others."
                            + (normalised
                                    ? " The model guesses each patch less its mean and over its standard deviation:"
                                            + " both are given back from the true patch, so brightness and contrast of a patch are not its own."
                                    : ""),
                    Sheet.of(rows, Math.max(1, SHOWN_SIDE / model.config().imgSize()))));
        } finally {
            model.parameters().training(before);
        }
    }

    /** The first image of each class, of the first few. */
    private ImageDataset oneOfEachClass(ImageDataset images) {
        int most = Math.min(SHOWN, setup.recipe().batchSize());
        int[] first = IntStream.range(0, images.classes().size())
                .map(c -> IntStream.range(0, images.size())
                        .filter(i -> images.label(i) == c)
                        .findFirst()
                        .orElse(-1))
                .filter(i -> i >= 0)
                .limit(most)
                .toArray();
        return new Subset(images, first);
    }

    /** Each image as it was before it was normalised, in [0, 1]. */
    private List<Tensor> images(Tensor x) { // (B, C, H, W)
        Tensor plain = ImageSetup.plain(x, transforms);
        return IntStream.range(0, (int) x.size(0))
                .mapToObj(i -> plain.select(0, i))
                .toList();
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
        return setup.training(List.of(training), null, fromBatch);
    }

    @Override
    public Batches unmixed() {
        return training(0);
    }

    @Override
    public Batches evaluation() {
        return setup.once(setup.data().test(), evaluation);
    }

    @Override
    public List<String> skipped() {
        return setup.skipped();
    }
}
