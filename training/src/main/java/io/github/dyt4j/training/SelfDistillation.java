package io.github.dyt4j.training;

import io.github.dyt4j.models.Dino;
import io.github.dyt4j.models.DinoLoss;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Self-distillation without labels (Caron et al. 2021, algorithm 1 and appendix C): {@link DinoLoss} over the crops of a batch; after a step the centre
 * moves to the teacher's mean logits and the teacher to the student, with a momentum that rises from {@code momentumTeacher} to 1 in a cosine. The teacher's
 * temperature rises linearly, epoch by epoch, over its warm-up. In the first {@code freezeLastLayer} epochs the student's last layer stays as it is.
 *
 * <p>Judged by a linear probe and k-NN on the teacher's features. The test loss is that of each image and its mirror image as the two full crops, at the last
 * temperature.
 */
final class SelfDistillation implements Objective {
    static final Metric NEIGHBOURS = new Metric("k-NN accuracy", "%", true);
    static final Metric ENTROPY = new Metric("teacher entropy", "nats", true);
    static final Metric INFORMATION = new Metric("teacher information", "nats", true);
    private static final Metric PROBE = new Metric("probe accuracy", "%", true);

    private final double studentTemp;
    private final double warmupTeacherTemp;
    private final double teacherTemp;
    private final double warmupEpochs;
    private final double momentum;
    private final double frozenEpochs;
    private final int outDim;
    private final DinoLoss last;
    private DinoLoss loss;
    private @Nullable Tensor means; // summed over the passes of a step
    private int passes;

    SelfDistillation(Recipe recipe, int outDim) {
        this.outDim = outDim;
        studentTemp = recipe.number("student_temp");
        warmupTeacherTemp = recipe.number("warmup_teacher_temp");
        teacherTemp = recipe.number("teacher_temp");
        warmupEpochs = recipe.number("warmup_teacher_temp_epochs");
        momentum = recipe.number("momentum_teacher");
        frozenEpochs = recipe.number("freeze_last_layer");
        last = new DinoLoss(studentTemp, teacherTemp);
        loss = last;
    }

    /** The teacher's temperature in an epoch: the end of the warm-up is reached in its last one, as the authors have it. */
    double teacherTemp(int epoch) {
        if (epoch >= warmupEpochs) {
            return teacherTemp;
        }
        double share = warmupEpochs <= 1 ? 0 : Math.min(1, epoch / (warmupEpochs - 1));
        return warmupTeacherTemp + share * (teacherTemp - warmupTeacherTemp);
    }

    @Override
    public void before(Model model, Moment moment) {
        forget();
        loss = new DinoLoss(studentTemp, teacherTemp(moment.epoch()));
    }

    @Override
    public Tensor loss(Model model, Batch batch) {
        DinoLoss.Result result = loss.of((Dino) model, batch.views());
        add(result.mean());
        return result.loss();
    }

    private void add(Tensor mean) {
        try (var _ = Grad.off()) {
            if (means == null) {
                means = Scope.keep(mean.clone());
            } else {
                means.add_(mean);
            }
        }
        passes++;
    }

    @Override
    public void afterBackward(Model model, Moment moment) {
        if (moment.step() < frozenEpochs * moment.stepsPerEpoch()) {
            try (var _ = new Scope()) {
                ((Dino) model).lastLayer().forEach(t -> t.mutable_grad().reset());
            }
        }
    }

    @Override
    public void after(Model model, Moment moment) {
        Dino dino = (Dino) model;
        if (means != null) {
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                dino.moveCenter(means.div(new Scalar(passes)));
            }
        }
        forget();
        dino.moveTeacher(moment.cosine(momentum, 1));
    }

    private void forget() {
        if (means != null) {
            Scope.release(means);
            means = null;
        }
        passes = 0;
    }

    /**
     * 2/τ_s + ln K, more than which a student whose logits are cosines cannot lose. At the start it can be near 0, where a teacher that tells every image the
     * same is sharpened and not yet centred; that it rises from there is how training begins.
     */
    @Override
    public double harmlessLoss() {
        return 2 / studentTemp + Math.log(outDim);
    }

    /** The student's pass, whose norms they are that are calibrated and watched. */
    @Override
    public Tensor forward(Model model, Batch batch) {
        return ((Dino) model).studentFeatures(batch.input());
    }

    @Override
    public Scores score(Model model, Batch batch) {
        Tensor x = batch.input(); // (B, C, S, S)
        DinoLoss.Result result = last.of((Dino) model, List.of(x, x.flip(3)));
        return new Scores(result.loss().item_double() * batch.size(), new float[batch.size()]);
    }

    /** What the teacher makes of logits at the end of its warm-up. */
    Tensor teacher(Dino model, Tensor logits) {
        return last.teacher(model, logits);
    }

    @Override
    public Metric metric() {
        return PROBE;
    }

    @Override
    public List<Metric> extraMetrics() {
        return List.of(NEIGHBOURS, ENTROPY, INFORMATION);
    }
}
