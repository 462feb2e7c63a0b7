package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.training.data.ImageDataset;
import io.github.dyt4j.training.data.Pipeline;
import io.github.dyt4j.training.data.Subset;
import io.github.dyt4j.training.probe.FrozenFeatures;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** What a frozen network makes of the training images that {@code probe_images} asks for and of all test images, seen as in evaluation. */
record Features(FrozenFeatures train, FrozenFeatures test) {
    /** @param network images (B, C, H, W) to features (B, E), of the model in evaluation mode */
    static Features of(ImageSetup setup, Model model, UnaryOperator<Tensor> network) {
        boolean before = model.parameters().training();
        model.parameters().training(false);
        try {
            return new Features(
                    collect(
                            setup,
                            Subset.of(setup.data().train(), setup.recipe().integer("probe_images")),
                            network),
                    collect(setup, setup.data().test(), network));
        } finally {
            model.parameters().training(before);
        }
    }

    private static FrozenFeatures collect(ImageSetup setup, ImageDataset images, UnaryOperator<Tensor> network) {
        var collector = new FrozenFeatures.Collector();
        Pipeline view = setup.transforms().evaluation();
        try (Batches batches = setup.once(images, view);
                var _ = Grad.off()) {
            while (batches.hasNext()) {
                try (var _ = new Scope();
                        var _ = Autocast.bf16(setup.recipe().bf16())) {
                    Batch batch = batches.next();
                    collector.add(network.apply(batch.input()), batch.labels());
                }
            }
        }
        return collector.whole();
    }
}
