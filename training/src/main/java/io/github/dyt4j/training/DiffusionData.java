package io.github.dyt4j.training;

import io.github.dyt4j.training.diffusion.FeatureClassifier;
import java.util.List;

/** What a diffusion model learns from and is judged by: pixels or latents. */
interface DiffusionData {
    /** Training batches of the recipe's size without end, from this one on. */
    Batches training(long fromBatch);

    /** The test data once, in order. */
    Batches test();

    /** The class of every test image, in order. */
    int[] testLabels();

    /** What the classifier of features is trained on. */
    FeatureClassifier.Source features();

    /** A hash of what {@link #features} gives, from all labels and a sample of the content. */
    String fingerprint();

    /** Whether values are pixels in [−1, 1], which can be shown. */
    boolean pixels();

    /** What the classes are called. */
    List<String> classes();

    /** What could not be read and was left out so far. */
    List<String> skipped();
}
