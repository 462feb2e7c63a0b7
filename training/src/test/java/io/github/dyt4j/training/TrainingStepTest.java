package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clipping and decay as recipes have them. */
final class TrainingStepTest {
    private static final Moment HALF = new Moment(50, 100, 10);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private interface Look {
        void at(TrainingStep step, Task task);
    }

    private void afterBackward(String[] settings, Look look) throws IOException {
        Recipe recipe = TinyRun.plain(TinyRun.data(folder.resolve("data")));
        for (String setting : settings) {
            recipe = recipe.with(setting);
        }
        try (Task task = Task.of(recipe);
                Batches batches = task.training(0)) {
            TrainingStep step = TrainingStep.of(recipe, task);
            try (var _ = new Scope();
                    var _ = step.optimizer()) {
                step.backward(batches.next());
                look.at(step, task);
            }
        }
    }

    private static Map<String, Double> norms(Task task) {
        Map<String, Double> norms = new LinkedHashMap<>();
        task.model().parameters().trainable().forEach((name, p) -> {
            Tensor g = p.grad();
            norms.put(name, g.defined() ? g.norm().item_double() : 0);
        });
        return norms;
    }

    @Test
    void eachParameterIsClippedByItsOwnNorm() throws IOException {
        double most = 0.02;
        afterBackward(new String[] {"clip_mode=parameter", "clip_grad=" + most}, (step, task) -> {
            Map<String, Double> before = norms(task);
            double all =
                    Math.sqrt(before.values().stream().mapToDouble(n -> n * n).sum());
            assertThat(before.values()).anyMatch(n -> n > most).anyMatch(n -> n > 0 && n < most);
            assertThat(step.clip(HALF)).isCloseTo(all, within(1e-5 * all));
            norms(task).forEach((name, after) -> {
                double was = before.getOrDefault(name, 0.0);
                assertThat(after).as(name).isCloseTo(Math.min(was, most), within(1e-4 * most));
            });
        });
    }

    @Test
    void decayGoesToItsEndInACosine() throws IOException {
        assertThat(new Moment(0, 100, 10).cosine(0.04, 0.4)).isCloseTo(0.04, within(1e-12));
        assertThat(HALF.cosine(0.04, 0.4)).isCloseTo(0.22, within(1e-12));
        assertThat(new Moment(100, 100, 10).cosine(0.04, 0.4)).isCloseTo(0.4, within(1e-12));
        assertThat(new Moment(29, 100, 10).epoch()).isEqualTo(2);
        // With gradients of zero, AdamW does nothing but p·(1 − η·λ).
        afterBackward(new String[] {"weight_decay=0.04", "weight_decay_end=0.4"}, (step, task) -> {
            task.model().parameters().zeroGrad();
            Tensor p = task.model().parameters().trainable().get("head.weight");
            float[] before = Tensors.floats(java.util.Objects.requireNonNull(p));
            p.mutable_grad().put(p.detach().mul(new org.bytedeco.pytorch.Scalar(0)));
            step.update(HALF, 0.5);
            float[] after = Tensors.floats(p);
            for (int i = 0; i < after.length; i++) {
                assertThat((double) after[i])
                        .isCloseTo(before[i] * (1 - 0.5 * 0.22), within(1e-6 * Math.abs(before[i])));
            }
        });
    }
}
