package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.models.Fold;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

final class NextTokenTest {
    /** Logits (2, 2, 3) and labels (2, 2). */
    private static final float[] LOGITS = {1, 2, 3, 0, 0, 0, -1, 4, 0.5f, 2, 2, -30};

    private static final long[] LABELS = {2, 0, 1, 2};

    /** Says the same whatever it is shown; its one parameter is what it says. */
    private record Constant(Parameters parameters, Tensor logits, boolean bf16) implements Model {
        static Constant of(boolean bf16) {
            Parameters p = Parameters.root();
            try (var _ = new Scope()) {
                return new Constant(p, p.parameter("logits", Tensors.of(LOGITS, 2, 2, 3)), bf16);
            }
        }

        @Override
        public Tensor forward(Tensor x) {
            return bf16 ? logits.to(ScalarType.BFloat16) : logits.mul(new org.bytedeco.pytorch.Scalar(1.0));
        }

        @Override
        public Norms norms() {
            return new Norms(NormSpec.parse("layernorm"));
        }

        @Override
        public List<Fold> folds() {
            return List.of();
        }

        @Override
        public long[] inputShape() {
            return new long[] {2};
        }
    }

    /** −log softmax of each row of logits at its label, in f64. */
    private static double[] byHand() {
        double[] nats = new double[LABELS.length];
        for (int i = 0; i < nats.length; i++) {
            double sum = 0;
            for (int k = 0; k < 3; k++) {
                sum += Math.exp(LOGITS[3 * i + k]);
            }
            nats[i] = Math.log(sum) - LOGITS[3 * i + (int) LABELS[i]];
        }
        return nats;
    }

    private static Batch batch() {
        return new Batch(Tensors.of(new long[4], 2, 2), Tensors.of(LABELS, 2, 2), null);
    }

    @Test
    void isTheMeanOverTheTokens() {
        double[] nats = byHand();
        try (Model model = Constant.of(false);
                var _ = new Scope()) {
            Tensor loss = new NextToken().loss(model, batch());
            assertThat(loss.item_double())
                    .isCloseTo((nats[0] + nats[1] + nats[2] + nats[3]) / 4, within(1e-6 * nats[3]));
            loss.backward();
            float[] gradient = Tensors.floats(
                    model.parameters().trainable().firstEntry().getValue().grad());
            for (int i = 0; i < 4; i++) {
                double sum = 0;
                for (int k = 0; k < 3; k++) {
                    sum += Math.exp(LOGITS[3 * i + k]);
                }
                for (int k = 0; k < 3; k++) {
                    double own = Math.exp(LOGITS[3 * i + k]) / sum - (k == LABELS[i] ? 1 : 0);
                    assertThat(gradient[3 * i + k]).isCloseTo((float) (own / 4), within(1e-6f));
                }
            }
        }
    }

    @Test
    void aSequencesScoreIsItsOwnMean() {
        double[] nats = byHand();
        try (Model model = Constant.of(false);
                var _ = new Scope()) {
            Objective.Scores scores = new NextToken().score(model, batch());
            assertThat(scores.examples()[0]).isCloseTo((float) ((nats[0] + nats[1]) / 2), within(1e-6f));
            assertThat(scores.examples()[1]).isCloseTo((float) ((nats[2] + nats[3]) / 2), within(1e-5f));
            assertThat(scores.lossSum()).isCloseTo((double) scores.examples()[0] + scores.examples()[1], within(1e-12));
        }
    }

    /** These logits have bf16's eight bits, and what is made of them has f32's. */
    @Test
    void ofBf16LogitsTheLossIsInF32() {
        double[] nats = byHand();
        try (Model model = Constant.of(true);
                var _ = new Scope()) {
            assertThat(new NextToken().loss(model, batch()).item_double())
                    .isCloseTo((nats[0] + nats[1] + nats[2] + nats[3]) / 4, within(1e-6 * nats[3]));
        }
    }

    @Test
    void isBetterWhereItIsLower() {
        Objective.Metric metric = new NextToken().metric();
        assertThat(metric.better(1.0, 2.0)).isTrue();
        assertThat(metric.perplexity()).isTrue();
    }
}
