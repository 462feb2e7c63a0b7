package io.github.dyt4j.training;

import io.github.dyt4j.training.data.Image;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.data.ImageDataset;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.data.Interpolation;
import io.github.dyt4j.training.data.Loader;
import io.github.dyt4j.training.data.Pipeline;
import io.github.dyt4j.training.diffusion.FeatureClassifier;
import java.util.List;
import java.util.stream.IntStream;

/** Images as pixels in [−1, 1], flipped and cropped as the recipe says. */
final class PixelData implements DiffusionData {
    private static final int SAMPLED = 64;

    private final ImageSetup setup;
    private final ImageData data;
    private final Pipeline training;
    private final Pipeline evaluation;

    PixelData(ImageSetup setup) {
        this.setup = setup;
        data = setup.data();
        Recipe recipe = setup.recipe();
        ImageTransforms transforms = new ImageTransforms(
                setup.config().imgSize(),
                setup.config().inChans(),
                List.of(0.5), // the sampler keeps what it draws in [−1, 1]
                List.of(0.5),
                Interpolation.of(recipe.text("interpolation")),
                recipe.numbers("scale"),
                recipe.numbers("ratio"),
                recipe.number("hflip"),
                null,
                0,
                recipe.number("crop_pct"));
        training = transforms.training();
        evaluation = transforms.evaluation();
    }

    @Override
    public Batches training(long fromBatch) {
        return setup.training(List.of(training), null, fromBatch);
    }

    @Override
    public Batches test() {
        return setup.once(data.test(), evaluation);
    }

    @Override
    public int[] testLabels() {
        return labels(data.test()).toArray();
    }

    private static IntStream labels(ImageDataset images) {
        return IntStream.range(0, images.size()).map(images::label);
    }

    @Override
    public FeatureClassifier.Source features() {
        int batch = Math.min(FeatureClassifier.BATCH, data.train().size());
        return new FeatureClassifier.Source() {
            @Override
            public Batches training() {
                return setup.loaded(Loader.training(data.train(), List.of(evaluation), null, batch, 0, 0, 0, 0));
            }

            @Override
            public Batches test() {
                return PixelData.this.test();
            }

            @Override
            public int channels() {
                return setup.config().inChans();
            }

            @Override
            public int classes() {
                return setup.config().numClasses();
            }
        };
    }

    @Override
    public String fingerprint() {
        Recipe recipe = setup.recipe();
        Fingerprint f = new Fingerprint()
                .add(setup.config().imgSize() + " " + setup.config().inChans() + " "
                        + setup.config().numClasses())
                .add(recipe.text("interpolation") + " " + recipe.number("crop_pct"))
                .add(labels(data.train()))
                .add(labels(data.test()));
        for (int i : Fingerprint.spread(data.train().size(), SAMPLED)) {
            f.add(data.train().tryImage(i).map(Image::pixels).orElse(new byte[0]));
        }
        return f.hex();
    }

    @Override
    public boolean pixels() {
        return true;
    }

    @Override
    public List<String> classes() {
        return data.classes();
    }

    @Override
    public List<String> skipped() {
        return setup.skipped();
    }
}
