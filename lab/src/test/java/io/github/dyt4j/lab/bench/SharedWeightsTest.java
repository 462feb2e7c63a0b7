package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Five models on one set of weights. */
final class SharedWeightsTest {
    private static final Llama.Config MINI = LlamaPlan.config("llama_mini", Map.of("num_hidden_layers", 2));

    @Test
    void allCandidatesHaveTheSameBigTensors() {
        try (SharedWeights weights = new SharedWeights(Dtype.BF16)) {
            List<Llama> models = new ArrayList<>();
            for (NormSpec norm : LlamaPlan.NORMS) {
                models.add(MINI.create(norm, weights.root()));
            }
            Map<String, Tensor> first = models.getFirst().parameters().state();
            assertThat(first).hasSize(2 * 7 + 2);
            for (Llama model : models) {
                first.forEach((name, tensor) ->
                        assertThat(model.parameters().state().get(name)).isSameAs(tensor));
            }
            // A change that one model sees, every other sees.
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                head(models.getFirst()).fill_(new Scalar(3));
                assertThat(Tensors.floats(head(models.getLast()))).containsOnly(3);
            }
            models.forEach(Llama::close);
            // What one closes, the weights still own.
            assertThat(weights.tensor("lm_head.weight", 256, 128).numel()).isEqualTo(256 * 128);
        }
    }

    private static Tensor head(Llama model) {
        return Objects.requireNonNull(model.parameters().state().get("lm_head.weight"));
    }

    @Test
    void gradientsOfAllCandidatesAddUpInOnePlace() {
        try (SharedWeights weights = new SharedWeights(Dtype.F32)) {
            Tensor head = weights.tensor("lm_head.weight", 256, 128);
            float[] once = null;
            for (int i = 0; i < 2; i++) {
                try (Llama model = MINI.create(LlamaPlan.IDENTITY, weights.root());
                        LlamaPass pass = new LlamaPass(model, 1, 16)) {
                    pass.training();
                    float[] gradient = Tensors.floats(head.grad());
                    if (once == null) {
                        once = gradient;
                        assertThat(once).isNotEqualTo(new float[once.length]);
                    } else {
                        float[] twice = new float[once.length];
                        for (int j = 0; j < twice.length; j++) {
                            twice[j] = once[j] + once[j];
                        }
                        assertThat(gradient).isEqualTo(twice);
                    }
                }
            }
            weights.zeroGrad();
            assertThat(head.grad().defined()).isFalse();
        }
    }

    @Test
    void aMatrixIsSmallAndRepeatsItselfAndAVectorIsOne() {
        try (SharedWeights weights = new SharedWeights(Dtype.BF16)) {
            Tensor matrix = weights.tensor("a", 300, 400);
            assertThat(matrix.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
            assertThat(matrix.requires_grad()).isTrue();
            float[] values = Tensors.floats(matrix);
            assertThat(Tensors.std(matrix)).isBetween(0.019, 0.021);
            assertThat(values[65537]).isEqualTo(values[0]);
            assertThat(Tensors.floats(weights.tensor("b", 7))).containsOnly(1).hasSize(7);
            assertThat(weights.tensor("a", 300, 400)).isSameAs(matrix);
            assertThat(weights.tensor("a", 400, 300)).isNotSameAs(matrix);
            try (Parameters root = weights.root()) {
                assertThat(root.training()).isFalse();
            }
        }
    }
}
