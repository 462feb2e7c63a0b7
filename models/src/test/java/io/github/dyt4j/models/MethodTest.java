package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Fixup, SkipInit and σReparam make of a Vision Transformer. */
class MethodTest {
    private static final NormSpec IDENTITY = NormSpec.parse("identity");
    private static final int DIM = 24;
    private static final int BRANCHES = 4; // TINY has two blocks

    @Test
    void skipInitStartsAsTheIdentityOnTheStream() {
        TorchRuntime.seed(3);
        try (Model model = create("skipinit");
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = Fill.input("input", 2, 3, 16, 16);
            assertThat(Tensors.floats(model.forward(x))).isEqualTo(withoutBlocks(model, x));
        }
    }

    @Test
    void fixupStartsAsTheIdentityOnTheStreamAndAtZeroLogits() {
        TorchRuntime.seed(3);
        try (Model model = create("fixup");
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = Fill.input("input", 2, 3, 16, 16);
            assertThat(Tensors.floats(model.forward(x))).containsOnly(0);
            Tensor head = tensor(model, "head.weight");
            head.copy_(Fill.tensor("head.weight", Tensors.shape(head)));
            float[] logits = Tensors.floats(model.forward(x));
            assertThat(logits).isEqualTo(withoutBlocks(model, x)).doesNotContain(0);
        }
    }

    /** What head and pooling alone make of the stream where the blocks begin, which they must leave as it is. */
    private static float[] withoutBlocks(Model model, Tensor x) {
        List<Tensor> stream = new ArrayList<>();
        model.norms().tap((norm, input) -> stream.add(input));
        Tensor _ = model.forward(x);
        model.norms().tap(null);
        float[] first = Tensors.floats(stream.getFirst());
        for (Tensor later : stream.subList(1, BRANCHES)) {
            assertThat(Tensors.floats(later)).isEqualTo(first);
        }
        Tensor tokens = stream.getFirst(); // (B, 1 + N, E)
        Tensor pooled = tokens.narrow(1, 1, tokens.size(1) - 1).mean(1);
        return Tensors.floats(torch.linear(pooled, tensor(model, "head.weight"), tensor(model, "head.bias")));
    }

    @Test
    void fixupScalesValueAndFc1AndStartsLastLayersAtZero() {
        TorchRuntime.seed(5);
        Map<String, float[]> fixup = start("fixup", "identity");
        TorchRuntime.seed(5);
        Map<String, float[]> norms = start(null, "layernorm");
        double xavier = Math.sqrt(2.0 / (DIM + DIM)) / 0.02;
        for (int block = 0; block < BRANCHES / 2; block++) {
            String at = "blocks." + block;
            float[] qkv = get(fixup, at + ".attn.qkv.weight");
            float[] drawn = get(norms, at + ".attn.qkv.weight");
            for (int i = 0; i < qkv.length; i++) {
                double scale = i < 2 * DIM * DIM ? xavier : xavier / 2; // L^(-1/2) of 4 branches
                assertThat((double) qkv[i]).isCloseTo(drawn[i] * scale, within(1e-6));
            }
            float[] fc1 = get(fixup, at + ".mlp.fc1.weight");
            float[] drawn1 = get(norms, at + ".mlp.fc1.weight");
            for (int i = 0; i < fc1.length; i++) {
                assertThat((double) fc1[i])
                        .isCloseTo(drawn1[i] * Math.sqrt(2.0 / (DIM + 4 * DIM)) / 0.02 / 2, within(1e-6));
            }
            for (String zero : List.of(
                    "attn.proj.weight",
                    "mlp.fc2.weight",
                    "attn.qkv.bias1a",
                    "attn.proj.bias2a",
                    "mlp.fc1.bias1a",
                    "mlp.fc1.bias1b",
                    "mlp.fc2.bias2a")) {
                assertThat(get(fixup, at + "." + zero)).as(zero).containsOnly(0);
            }
            assertThat(get(fixup, at + ".attn.scale")).containsExactly(1);
            assertThat(get(fixup, at + ".mlp.scale")).containsExactly(1);
        }
        assertThat(get(fixup, "head.weight")).containsOnly(0);
        assertThat(get(fixup, "head.bias1a")).containsExactly(0);
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void whatIsNotTheMethodsStartsAsBesideNorms(Method method) {
        TorchRuntime.seed(7);
        Map<String, float[]> norms = start(null, "layernorm");
        TorchRuntime.seed(7);
        Map<String, float[]> own = start(method.key(), "identity");
        List<String> same = new ArrayList<>();
        norms.forEach((name, values) -> {
            if (java.util.Arrays.equals(values, own.get(name))) {
                same.add(name);
            }
        });
        // Biases are 0 everywhere; of the weights Fixup leaves the embeddings alone.
        int biases = 1 + 4 * BRANCHES / 2 + 1;
        int weights = method == Method.FIXUP ? 0 : 4 * BRANCHES / 2 + 1;
        assertThat(same).hasSize(3 + biases + weights).contains("patch_embed.proj.weight", "pos_embed", "cls_token");
    }

    /** (x + s)·Wᵀ + b + t and x + c·f, in numbers. */
    @Test
    void fixupsLayersByHand() {
        try (Parameters p = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            Linear layer = new Fixup(9).hidden(p, 2, 2);
            Residual residual = new Fixup(9).residual(p);
            set(p, "weight", 1, 2, 3, 4);
            set(p, "bias", 10, 20);
            set(p, "bias1a", 0.5f);
            set(p, "bias1b", -1);
            set(p, "scale", 3);
            Tensor y = layer.forward(Tensors.of(new float[] {1, 2}, 1, 2));
            // (1.5, 2.5): 1.5 + 5 + 10 - 1 and 4.5 + 10 + 20 - 1
            assertThat(Tensors.floats(y)).containsExactly(15.5f, 33.5f);
            assertThat(Tensors.floats(residual.join(Tensors.of(new float[] {1, 1}, 1, 2), y)))
                    .containsExactly(47.5f, 101.5f);
        }
    }

    @Test
    void sitesAreThereAndEmpty() {
        for (Method method : Method.values()) {
            try (Model model = create(method.key())) {
                assertThat(model.norms().sites()).hasSize(BRANCHES + 1).allMatch(n -> n.weight() == null);
                model.parameters().training(false);
                try (var folded = FoldedNorms.of(model)) {
                    assertThat(folded.norms()).isEmpty();
                }
                assertThat(model.ruleNotes()).first().isEqualTo("no norm");
            }
        }
        try (Model model =
                Models.create("vit_tiny_patch16_224", VisionTransformerGoldenTest.TINY, NormSpec.parse("layernorm"))) {
            assertThat(model.ruleNotes()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"fixup, 0.500 of L = 4", "skipinit, starts at 0", "sigmareparam, spectral norm"})
    void notesSayWhatIsChanged(String method, String note) {
        try (Model model = create(method)) {
            assertThat(String.join("; ", model.ruleNotes())).contains(note);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // Two scalars a block, one of them at each branch.
        "skipinit, 24",
        // Two multipliers and five biases a block, and one before the head.
        "fixup, 85",
        // Four linear layers a block, the patch embedding and the head.
        "sigmareparam, 50"
    })
    void baseHasTheNormlessParametersAndTheMethodsScalars(String method, long scalars) {
        Map<String, Object> base = Map.of("global_pool", "avg");
        long none = Models.parameterCount("vit_base_patch16_224", base, IDENTITY);
        assertThat(Models.parameterCount("vit_base_patch16_224", with(base, method), IDENTITY))
                .isEqualTo(none + scalars);
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt(alpha=0.8)"})
    void aNormBesideAMethodIsRefused(String norm) {
        assertThatThrownBy(() -> Models.create(
                        "vit_tiny_patch16_224", with(VisionTransformerGoldenTest.TINY, "fixup"), NormSpec.parse(norm)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("norm must be identity")
                .hasMessageContaining(norm)
                .hasMessageContaining("--method fixup");
    }

    /** Its weights are drawn anew by Xavier at the end, which must leave what Fixup set to 0, and σReparam's u and v at W. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void maeHasThemToo(Method method) {
        Map<String, Object> sizes = new LinkedHashMap<>(Map.of(
                "img_size", 16, "patch_size", 4, "embed_dim", 24, "depth", 2, "num_heads", 3, "decoder_embed_dim", 16));
        sizes.putAll(Map.of("decoder_depth", 1, "decoder_num_heads", 2, "method", method.key()));
        TorchRuntime.seed(9);
        try (var model = (MaskedAutoencoder) Models.create("mae_vit_base_patch16", sizes, IDENTITY);
                var _ = new Scope()) {
            model.parameters().training(false);
            List<Tensor> stream = new ArrayList<>();
            model.norms().tap((norm, input) -> stream.add(input));
            var r = model.reconstruct(Fill.input("input", 2, 3, 16, 16), Fill.tensor("noise", 2, 16));
            model.norms().tap(null);
            float[] before = Tensors.floats(stream.getFirst());
            float[] after = Tensors.floats(stream.get(BRANCHES)); // the encoder's last norm
            if (method == Method.SIGMAREPARAM) {
                Tensor w = tensor(model, "decoder_blocks.0.mlp.fc1.weight");
                double exact = torch.linalg_svdvals(w).select(0, 0).item_double();
                Tensor u = tensor(model, "decoder_blocks.0.mlp.fc1.u");
                Tensor v = tensor(model, "decoder_blocks.0.mlp.fc1.v");
                assertThat(u.dot(w.mv(v)).item_double())
                        .isBetween(0.8 * exact, 1.00001 * exact); // of vectors that belong to another W near 0
                assertThat(after).isNotEqualTo(before);
            } else {
                assertThat(after).isEqualTo(before);
                float[] prediction = Tensors.floats(r.prediction());
                if (method == Method.FIXUP) {
                    assertThat(prediction).containsOnly(0);
                } else {
                    assertThat(prediction).doesNotContain(0);
                }
            }
            r.loss().backward();
            assertThat(tensor(model, "decoder_pred.weight").grad().norm().item_double())
                    .isPositive()
                    .isFinite();
            String notes = String.join("; ", model.ruleNotes());
            assertThat(notes).startsWith("no norm");
            if (method == Method.FIXUP) {
                assertThat(notes).contains("L = 4 branches", "L = 2 branches");
            }
        }
    }

    @Test
    void anUnknownMethodIsRefused() {
        assertThatThrownBy(() -> create("fixpu"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("fixup, skipinit, sigmareparam");
    }

    @Test
    void aModelWithoutMethodsRefusesOne() {
        assertThatThrownBy(() -> Models.create("llama_7b", Map.of("method", "fixup"), IDENTITY))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("llama_7b has no 'method'");
    }

    private static org.assertj.core.data.Offset<Double> within(double offset) {
        return org.assertj.core.data.Offset.offset(offset);
    }

    private static Model create(String method) {
        return Models.create("vit_tiny_patch16_224", with(VisionTransformerGoldenTest.TINY, method), IDENTITY);
    }

    private static Map<String, Object> with(Map<String, Object> sizes, String method) {
        Map<String, Object> more = new LinkedHashMap<>(sizes);
        more.put("global_pool", "avg");
        more.put("method", method);
        return more;
    }

    private static Map<String, float[]> start(@org.jspecify.annotations.Nullable String method, String norm) {
        Map<String, Object> sizes =
                method == null ? VisionTransformerGoldenTest.TINY : with(VisionTransformerGoldenTest.TINY, method);
        Map<String, float[]> start = new LinkedHashMap<>();
        try (Model model = Models.create("vit_tiny_patch16_224", sizes, NormSpec.parse(norm))) {
            model.parameters().trainable().forEach((name, t) -> start.put(name, Tensors.floats(t)));
        }
        return start;
    }

    private static void set(Parameters p, String name, float... values) {
        Tensor t = Objects.requireNonNull(p.state().get(name), name);
        t.copy_(Tensors.of(values, Tensors.shape(t)));
    }

    private static Tensor tensor(Model model, String name) {
        return Objects.requireNonNull(model.parameters().state().get(name), name);
    }

    private static float[] get(Map<String, float[]> map, String name) {
        return Objects.requireNonNull(map.get(name), name);
    }
}
