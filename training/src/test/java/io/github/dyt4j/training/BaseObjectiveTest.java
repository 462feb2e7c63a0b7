package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.models.Bases;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

final class BaseObjectiveTest {
    private static Model model() {
        return new TinyDna.Config(4, true).create(NormSpec.parse("layernorm"));
    }

    /** A table (16, 16) whose row for A gives C the logit 2, and whose other logits are 0. */
    private static Model cAfterA() {
        Model model = model();
        try (var _ = new Scope();
                var _ = io.github.dyt4j.torch.Grad.off()) {
            float[] table = new float[Bases.PADDED_VOCABULARY * Bases.PADDED_VOCABULARY];
            table[Bases.A * Bases.PADDED_VOCABULARY + Bases.C] = 2;
            model.parameters()
                    .trainable()
                    .firstEntry()
                    .getValue()
                    .copy_(Tensors.of(table, Bases.PADDED_VOCABULARY, Bases.PADDED_VOCABULARY));
        }
        return model;
    }

    /** Two of the first sequence's labels count, one of the second's. */
    private static Batch batch() {
        long[] tokens = {Bases.A, Bases.C, Bases.N, Bases.A, Bases.A, Bases.PAD, Bases.PAD, Bases.PAD};
        long[] labels = {Bases.C, Bases.N, Bases.A, Bases.PAD, Bases.C, Bases.PAD, Bases.PAD, Bases.PAD};
        return new Batch(Tensors.of(tokens, 2, 4), Tensors.of(labels, 2, 4), null);
    }

    @Test
    void theMeanIsOverLabelsThatAreBases() {
        double c = Math.log(Math.exp(2) + 15) - 2;
        double even = Math.log(16);
        BaseObjective objective = new BaseObjective(0);
        try (Model model = cAfterA();
                var _ = new Scope()) {
            Tensor loss = objective.loss(model, batch());
            assertThat(loss.item_double()).isCloseTo((c + even + c) / 3, within(1e-6));
            loss.backward();
            float[] gradient = Tensors.floats(
                    model.parameters().trainable().firstEntry().getValue().grad());
            // Twice C after A, each a third; nothing comes of what stands before padding or N.
            assertThat(gradient[Bases.A * 16 + Bases.C]).isCloseTo((float) (2 * (Math.exp(-c) - 1) / 3), within(1e-6f));
            assertThat(Arrays.copyOfRange(gradient, Bases.C * 16, Bases.C * 16 + 16))
                    .containsOnly(0);
            assertThat(Arrays.copyOfRange(gradient, Bases.PAD * 16, Bases.PAD * 16 + 16))
                    .containsOnly(0);
            Objective.Scores scores = objective.score(model, batch());
            assertThat(scores.examples()[0]).isCloseTo((float) ((c + even) / 2), within(1e-6f));
            assertThat(scores.examples()[1]).isCloseTo((float) c, within(1e-6f));
            assertThat(scores.lossSum()).isCloseTo((double) scores.examples()[0] + scores.examples()[1], within(1e-9));
            assertThat(objective.extras().get("accuracy")).isCloseTo(200.0 / 3, within(1e-9));
        }
    }

    @Test
    void aBatchOfNothingIsNoNumberLessLoss() {
        try (Model model = model();
                var _ = new Scope()) {
            long[] unknown = {Bases.N, Bases.N, Bases.PAD, Bases.PAD};
            Batch batch = new Batch(Tensors.of(unknown, 1, 4), Tensors.of(unknown, 1, 4), null);
            assertThat(new BaseObjective(0).loss(model, batch).item_double()).isZero();
            assertThat(new BaseObjective(0.15).loss(model, batch).item_double()).isZero();
        }
    }

    /** Of 160,000 bases: 15% asked for, of these 80% MASK, 10% drawn from four, 10% as they were. */
    @Test
    void maskingHasItsShares() {
        int rows = 400;
        int length = 500;
        long[] tokens = new long[rows * length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = i % 5 == 4 ? (i % 2 == 0 ? Bases.N : Bases.PAD) : Bases.A + i % 5;
        }
        try (var _ = new Scope()) {
            TorchRuntime.seed(7);
            MaskedBases.Masked drawn = MaskedBases.drawn(Tensors.of(tokens, rows, length), 0.15);
            shares(tokens, Tensors.longs(drawn.input()), Tensors.longs(drawn.labels()));
            TorchRuntime.seed(7);
            MaskedBases.Masked again = MaskedBases.drawn(Tensors.of(tokens, rows, length), 0.15);
            assertThat(Tensors.longs(again.input())).isEqualTo(Tensors.longs(drawn.input()));
            MaskedBases.Masked fixed = MaskedBases.fixed(tokens.clone(), rows, length, 0.15, 0);
            shares(tokens, Tensors.longs(fixed.input()), Tensors.longs(fixed.labels()));
            // A sequence's masks are those of its number, wherever its batch begins.
            MaskedBases.Masked later =
                    MaskedBases.fixed(Arrays.copyOfRange(tokens, 3 * length, 5 * length), 2, length, 0.15, 3);
            assertThat(Tensors.longs(later.labels()))
                    .isEqualTo(Arrays.copyOfRange(Tensors.longs(fixed.labels()), 3 * length, 5 * length));
        }
    }

    private static void shares(long[] tokens, long[] shown, long[] labels) {
        double asked = 0;
        double masked = 0;
        double changed = 0;
        long[] into = new long[Bases.VOCABULARY];
        double bases = 0;
        for (int i = 0; i < tokens.length; i++) {
            boolean base = tokens[i] >= Bases.A && tokens[i] <= Bases.T;
            bases += base ? 1 : 0;
            if (labels[i] == Bases.PAD) {
                assertThat(shown[i]).isEqualTo(tokens[i]);
            } else {
                assertThat(base).isTrue();
                assertThat(labels[i]).isEqualTo(tokens[i]);
                asked++;
                masked += shown[i] == Bases.MASK ? 1 : 0;
                changed += shown[i] != Bases.MASK && shown[i] != tokens[i] ? 1 : 0;
                into[(int) shown[i]]++;
            }
        }
        // Five standard deviations of a share of n draws.
        assertThat(asked / bases).isCloseTo(0.15, within(5 * Math.sqrt(0.15 * 0.85 / bases)));
        assertThat(masked / asked).isCloseTo(0.8, within(5 * Math.sqrt(0.16 / asked)));
        assertThat(changed / asked).isCloseTo(0.075, within(5 * Math.sqrt(0.07 / asked))); // of four, one is the same
        assertThat(into[Bases.MASK] + into[Bases.A] + into[Bases.C] + into[Bases.G] + into[Bases.T])
                .isEqualTo((long) asked);
    }

    /** Otherwise a short sequence would be judged by nothing. */
    @Test
    void oneBaseIsAskedForAtLeastWhereItIsJudged() {
        for (int number = 0; number < 50; number++) {
            long[] tokens = {Bases.N, Bases.G, Bases.A, Bases.PAD};
            long[] labels = new long[4];
            MaskedBases.fixed(tokens, labels, 0, 4, 0.001, number);
            assertThat(labels).contains(Bases.PAD);
            assertThat(labels[1] == Bases.G || labels[2] == Bases.A).isTrue();
        }
    }
}
