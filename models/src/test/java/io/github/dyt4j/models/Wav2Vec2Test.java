package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Wav2Vec2.Pretraining;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Wav2Vec2Test {
    private static final SpanMasks SPANS = new SpanMasks(0.65, 4, 0, 10);
    private static final long[] SEEDS = {1, 2, 3};
    private static final int[] FRAMES = {19, 19, 19};

    @ParameterizedTest
    @CsvSource({"wav2vec2_base, 26", "wav2vec2_large, 50"})
    void baseHas26NormSlotsAndLarge50(String name, int slots) {
        // Cut down in width: the number of slots depends on depth alone.
        Map<String, Object> narrow = new LinkedHashMap<>(Wav2Vec2GoldenTest.TINY);
        narrow.remove("num_hidden_layers");
        narrow.put("num_attention_heads", 2);
        for (String order : List.of("pre", "post")) {
            narrow.put("norm_order", order);
            try (Model model = Models.create(name, narrow, NormSpec.parse("dyt"));
                    var _ = new Scope()) {
                List<String> sites =
                        model.norms().sites().stream().map(Norm::name).toList();
                assertThat(sites).hasSize(slots).doesNotHaveDuplicates().contains("wav2vec2.encoder.layer_norm");
                assertThat(sites.getFirst()).isEqualTo("wav2vec2.feature_projection.layer_norm");
                model.parameters().training(false);
                List<String> seen = new ArrayList<>();
                model.norms().tap((norm, _) -> seen.add(norm.name()));
                Tensor _ = model.forward(Fill.input("input", 2, 400));
                assertThat(seen).isEqualTo(sites);
            }
        }
    }

    @Test
    void theNormsOfTheConvolutionsStay() {
        for (String extractor : List.of("group", "layer")) {
            Map<String, Object> arguments = with("feat_extract_norm", extractor);
            try (Model model = Models.create("wav2vec2_base", arguments, NormSpec.parse("dyt"))) {
                assertThat(model.parameters().state().keySet())
                        .contains("wav2vec2.feature_extractor.conv_layers.0.layer_norm.weight")
                        .noneMatch(n -> n.startsWith("wav2vec2.feature_extractor") && n.endsWith("alpha"))
                        .filteredOn(n -> n.startsWith("wav2vec2.feature_extractor") && n.endsWith("layer_norm.bias"))
                        .hasSize(extractor.equals("group") ? 1 : 3);
            }
        }
    }

    /** Zhu et al.'s Large is pre-norm, Base post-norm; the frame sees 25 ms and comes every 20. */
    @Test
    void publishedSizes() {
        AudioConfig base = (AudioConfig) Models.config("wav2vec2_base", Map.of());
        assertThat(base.receptiveField()).isEqualTo(400);
        assertThat(base.frames(399)).isZero();
        assertThat(base.frames(400)).isEqualTo(1);
        assertThat(base.frames(400 + 319)).isEqualTo(1);
        assertThat(base.frames(400 + 320)).isEqualTo(2);
        assertThat(base.frames(16_000)).isEqualTo(49);
        assertThat(base.vocabSize()).isZero();
        assertThat(((AudioConfig) Models.config("wav2vec2_base", Map.of("head", "ctc"))).vocabSize())
                .isEqualTo(32);
        assertThat(base.activationCount(32_000)).isBetween(base.activationCount(16_000), base.activationCount());
    }

    @ParameterizedTest
    @CsvSource({"0.1", "0.5"})
    void theConvolutionsGetTheirShareOfTheGradient(double share) {
        Map<String, float[]> whole = gradients(1, 10);
        Map<String, float[]> scaled = gradients(share, 10);
        int convolutions = 0;
        for (var entry : whole.entrySet()) {
            boolean below = entry.getKey().startsWith("wav2vec2.feature_extractor");
            float[] expected = entry.getValue().clone();
            for (int i = 0; below && i < expected.length; i++) {
                expected[i] *= (float) share;
            }
            GoldenChecks.assertClose(entry.getKey(), Objects.requireNonNull(scaled.get(entry.getKey())), expected, 1e3);
            convolutions += below ? 1 : 0;
        }
        assertThat(convolutions).isEqualTo(3 + 2);
    }

    /** loss·M = L_m + 0.3·L_d + w·M·mean(z²): the difference between two weights is the penalty's gradient alone. */
    @Test
    void thePenaltyIsTheMeanSquareOfTheFeatures() {
        try (var _ = new Scope();
                Wav2Vec2 model = model(1, 10)) {
            Pretraining p = pretrain(model);
            var features = new Wav2Vec2Features(
                    model.parameters().child("wav2vec2").frozen().child("again"), convolutions());
            double square = meanSquare(features, model);
            assertThat(p.penalty().item_double()).isCloseTo(p.masked() * square, within(1e-5 * p.masked() * square));
            double expected = p.contrastive().item_double()
                    + 0.3 * p.diversity().item_double()
                    + 10 * p.penalty().item_double();
            assertThat(p.loss().item_double() * p.masked()).isCloseTo(expected, within(1e-5 * expected));
            double entries = 2 * 8;
            assertThat(p.diversity().item_double())
                    .isCloseTo(p.masked() * (entries - p.perplexity().item_double()) / entries, within(1e-4));
            assertThat(p.perplexity().item_double()).isBetween(2.0, entries);
            assertThat(p.codePerplexity().item_double()).isBetween(2.0, entries);
            assertThat(p.correct()).isBetween(0L, p.masked());
        }
    }

    private static double meanSquare(Wav2Vec2Features features, Wav2Vec2 model) {
        var state = model.parameters().state();
        try (var _ = Grad.off()) {
            state.forEach((name, t) -> {
                if (name.startsWith("wav2vec2.again.")) {
                    t.copy_(Objects.requireNonNull(state.get(name.replace("again", "feature_extractor"))));
                }
            });
            double sum = 0;
            float[] values = Tensors.floats(features.forward(Fill.input("input", 3, 400)));
            for (float v : values) {
                sum += (double) v * v;
            }
            return sum / values.length;
        }
    }

    private static Wav2Vec2Features.Config convolutions() {
        return ((Wav2Vec2.Config) Models.config("wav2vec2_base", Wav2Vec2GoldenTest.TINY)).features();
    }

    @Test
    void fineTuningLeavesTheConvolutionsAsTheyAre() {
        Map<String, Object> arguments = with("head", "ctc");
        try (var _ = new Scope();
                Model model = Models.create("wav2vec2_base", arguments, NormSpec.parse("layernorm"))) {
            assertThat(model.parameters().trainable().keySet())
                    .noneMatch(n -> n.startsWith("wav2vec2.feature_extractor"))
                    .contains("lm_head.weight", "wav2vec2.masked_spec_embed");
            assertThat(model.parameters().state().keySet())
                    .contains("wav2vec2.feature_extractor.conv_layers.2.conv.weight");
        }
        try (Model pretrained = Models.create("wav2vec2_base", Wav2Vec2GoldenTest.TINY, NormSpec.parse("layernorm"))) {
            assertThat(pretrained.parameters().trainable().keySet())
                    .contains("wav2vec2.feature_extractor.conv_layers.2.conv.weight");
        }
    }

    /** With layer norms nothing mixes a clip with its padding; the group norm's statistics do. */
    @ParameterizedTest
    @CsvSource({"layer, pre", "layer, post", "group, pre"})
    void aPaddedClipSaysWhatItSaysAlone(String extractor, String order) {
        Map<String, Object> arguments = with("head", "ctc");
        arguments.put("feat_extract_norm", extractor);
        arguments.put("norm_order", order);
        try (var _ = new Scope();
                var _ = Grad.off();
                Wav2Vec2 model = Wav2Vec2GoldenTest.create(arguments, "dyt")) {
            model.parameters().training(false);
            long frames = model.config().frames(257);
            Tensor clip = Fill.input("clip", 1, 257);
            Tensor batch = Fill.input("batch", 2, 400);
            batch.select(0, 1).fill_(new Scalar(0));
            batch.select(0, 1).narrow(0, 0, 257).copy_(clip.select(0, 0));
            Tensor padded = model.logits(batch, new long[] {400, 257}, null, null);
            float[] together = Tensors.floats(padded.select(0, 1).narrow(0, 0, frames));
            float[] alone = Tensors.floats(model.forward(clip));
            if (extractor.equals("layer")) {
                GoldenChecks.assertClose("logits", together, alone, 0);
            } else {
                assertThat(GoldenChecks.distance(together, alone)).isGreaterThan(1e-2 * GoldenChecks.norm(alone));
            }
        }
    }

    @Test
    void hiddenFramesAndChannelsReachTheTransformer() {
        Map<String, Object> arguments = with("head", "ctc");
        try (var _ = new Scope();
                var _ = Grad.off();
                Wav2Vec2 model = Wav2Vec2GoldenTest.create(arguments, "layernorm")) {
            model.parameters().training(false);
            Tensor all = Masking.time(new SpanMasks(1, 1, 0, 1), new int[] {19, 19}, new long[] {1, 2});
            Tensor some = Masking.time(new SpanMasks(0.5, 3, 0, 1), new int[] {19, 19}, new long[] {1, 2});
            Tensor a = Fill.input("a", 2, 400);
            Tensor b = Fill.input("b", 2, 400);
            float[] one = Tensors.floats(model.logits(a, null, all, null));
            assertThat(Tensors.floats(model.logits(b, null, all, null))).isEqualTo(one);
            assertThat(Tensors.floats(model.logits(b, null, some, null))).isNotEqualTo(one);
            Tensor channels = Masking.features(new SpanMasks(0, 1, 0.5, 3), 24, new long[] {1, 2});
            assertThat(Tensors.floats(model.logits(a, null, null, channels)))
                    .isNotEqualTo(Tensors.floats(model.logits(a, null, null, null)));
        }
    }

    @Test
    void everyDrawIsOfLibtorchsGenerator() {
        Map<String, Object> arguments = with("dropout", 0.2);
        arguments.put("layerdrop", 0.5);
        arguments.put("attention_dropout", 0.1);
        arguments.put("activation_dropout", 0.1);
        List<Double> losses = new ArrayList<>();
        try (Wav2Vec2 model = Wav2Vec2GoldenTest.create(arguments, "dyt")) {
            for (long seed : new long[] {1, 1, 2}) {
                TorchRuntime.seed(seed);
                try (var _ = new Scope()) {
                    losses.add(pretrain(model).loss().item_double());
                }
            }
            model.parameters().training(false);
            for (long seed : new long[] {1, 2}) {
                TorchRuntime.seed(seed);
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    losses.add(pretrain(model).loss().item_double());
                }
            }
        }
        assertThat(losses.get(0)).isEqualTo(losses.get(1)).isNotEqualTo(losses.get(2));
        assertThat(losses.get(3)).isEqualTo(losses.get(4)).isNotEqualTo(losses.get(0));
    }

    @Test
    void layerdropLeavesBlocksOut() {
        Map<String, Object> arguments = with("layerdrop", 0.5);
        arguments.put("num_hidden_layers", 4);
        int skipped = 0;
        try (Wav2Vec2 model = Wav2Vec2GoldenTest.create(arguments, "dyt")) {
            TorchRuntime.seed(3);
            List<String> seen = new ArrayList<>();
            model.norms().tap((norm, _) -> seen.add(norm.name()));
            for (int i = 0; i < 50; i++) {
                seen.clear();
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    Tensor _ = model.forward(Fill.input("input", 1, 30)); // one frame
                }
                skipped += (10 - seen.size()) / 2;
            }
        }
        assertThat(skipped).isBetween(70, 130); // of 200, ±4σ
    }

    @ParameterizedTest
    @CsvSource({"pre, contrastive, 5", "pre, ctc, 6", "post, contrastive, 1", "post, ctc, 1"})
    void foldedNormsGiveTheSame(String order, String head, int folds) {
        Map<String, Object> arguments = with("head", head);
        arguments.put("norm_order", order);
        try (var _ = new Scope();
                var _ = Grad.off();
                Wav2Vec2 model = Wav2Vec2GoldenTest.create(arguments, "dyt")) {
            model.parameters().training(false);
            Tensor x = Fill.input("input", 3, 400);
            float[] before = Tensors.floats(model.forward(x));
            try (FoldedNorms folded = FoldedNorms.of(model)) {
                assertThat(folded.norms()).hasSize(folds);
                GoldenChecks.assertClose("output", Tensors.floats(model.forward(x)), before, 0);
            }
            assertThat(Tensors.floats(model.forward(x))).isEqualTo(before);
        }
    }

    @Test
    void calibrationReachesEverySite() {
        for (String order : List.of("pre", "post")) {
            try (Model model =
                    Models.create("wav2vec2_base", with("norm_order", order), NormSpec.parse("dyt(init=calibrated)"))) {
                model.parameters().training(false);
                var starts = model.norms().calibrate(() -> {
                    Tensor _ = model.forward(Fill.input("input", 3, 400));
                });
                assertThat(starts.keySet())
                        .containsExactlyElementsOf(
                                model.norms().sites().stream().map(Norm::name).toList());
                assertThat(starts.values()).allMatch(s -> s.alpha() > 0 && s.gamma() > 0);
            }
        }
    }

    @Test
    void weightsStartAsTheOriginals() {
        TorchRuntime.seed(1);
        try (Model model = Models.create(
                        "wav2vec2_base",
                        Map.of("num_hidden_layers", 1, "hidden_size", 96, "intermediate_size", 96),
                        NormSpec.parse("dyt"));
                var _ = new Scope()) {
            var p = model.parameters().trainable();
            assertThat(std(p, "wav2vec2.feature_extractor.conv_layers.1.conv.weight"))
                    .isCloseTo(Math.sqrt(2.0 / (512 * 3)), within(5e-4));
            assertThat(std(p, "wav2vec2.encoder.layers.0.attention.k_proj.weight"))
                    .isCloseTo(0.02, within(1e-3));
            assertThat(std(p, "quantizer.weight_proj.weight")).isCloseTo(1, within(0.01));
            assertThat(std(p, "quantizer.codevectors")).isCloseTo(1 / Math.sqrt(12), within(5e-3));
            assertThat(std(p, "wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original1"))
                    .isCloseTo(2 / Math.sqrt(128 * 96), within(5e-4));
            // ‖v‖ at one place of the kernel: of 96·6 values
            float[] g =
                    Tensors.floats(get(p, "wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original0"));
            assertThat(g).hasSize(128);
            assertThat((double) g[7]).isCloseTo(2 / Math.sqrt(128 * 96) * Math.sqrt(96 * 6), within(0.06));
        }
    }

    @Test
    void aClipShorterThanTheReceptiveFieldIsExplained() {
        try (var _ = new Scope();
                Model model = Models.create("wav2vec2_base", Wav2Vec2GoldenTest.TINY, NormSpec.parse("dyt"))) {
            assertThatThrownBy(() -> model.forward(Fill.input("input", 1, 29)))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("29 samples")
                    .hasMessageContaining("30");
            assertThatThrownBy(() -> ((Wav2Vec2) model)
                            .pretrain(Fill.input("input", 1, 29), Masking.draw(SPANS, FRAMES, 3, SEEDS), 1, null))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("29 samples");
            assertThat(model.forward(Fill.input("input", 1, 30)).size(1)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "codevector_dim | 13 | take 14",
                "num_codevectors_per_group | 1 | at least 2",
                "contrastive_logits_temperature | 0 | must be positive",
                "diversity_loss_weight | -0.1 | not be negative",
                "feature_grad_mult | 1.5 | [0, 1]",
                "mask_time_prob | 1.5 | [0, 1]",
                "mask_feature_prob | -0.5 | [0, 1]",
                "dropout | 1 | [0, 1)",
                "layerdrop | -0.1 | [0, 1)",
                "num_attention_heads | 5 | take hidden_size 25",
                "num_conv_pos_embedding_groups | 7 | num_conv_pos_embedding_groups 7",
                "norm_order | mid | pre, post",
                "feat_extract_norm | batch | group, layer",
                "head | classes | contrastive, ctc",
                "conv_kernels | 3 | conv_kernel"
            })
    void mistakesAreExplained(String key, String value, String hint) {
        Object typed = value.matches("-?[0-9]+")
                ? (Object) Integer.valueOf(value)
                : value.matches("-?[0-9.]+") ? (Object) Double.valueOf(value) : value;
        assertThatThrownBy(() -> Models.config("wav2vec2_base", with(key, typed)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint)
                .message()
                .satisfies(m -> assertThat(m.lines().count()).isLessThanOrEqualTo(3));
    }

    @Test
    void convolutionsOfUnequalNumberAreExplained() {
        assertThatThrownBy(() -> Models.config("wav2vec2_base", Map.of("conv_stride", List.of(5, 2))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("conv_stride 2");
    }

    private static Map<String, float[]> gradients(double share, double penalty) {
        Map<String, float[]> gradients = new LinkedHashMap<>();
        try (var _ = new Scope();
                Wav2Vec2 model = model(share, penalty)) {
            pretrain(model).loss().backward();
            model.parameters().trainable().forEach((name, t) -> gradients.put(name, Tensors.floats(t.grad())));
        }
        return gradients;
    }

    private static Wav2Vec2 model(double share, double penalty) {
        Map<String, Object> arguments = with("feature_grad_mult", share);
        arguments.put("feature_penalty_weight", penalty);
        arguments.put("diversity_loss_weight", 0.3);
        return Wav2Vec2GoldenTest.create(arguments, "dyt");
    }

    private static Pretraining pretrain(Wav2Vec2 model) {
        Tensor noise = model.parameters().training() ? Fill.input("noise", 3, 19, 2, 8) : null;
        return model.pretrain(Fill.input("input", 3, 400), Masking.draw(SPANS, FRAMES, 7, SEEDS), 2, noise);
    }

    private static Map<String, Object> with(String key, Object value) {
        Map<String, Object> arguments = new LinkedHashMap<>(Wav2Vec2GoldenTest.TINY);
        arguments.put(key, value);
        return arguments;
    }

    private static Tensor get(Map<String, Tensor> map, String name) {
        return Objects.requireNonNull(map.get(name), name);
    }

    private static double std(Map<String, Tensor> map, String name) {
        return Tensors.std(get(map, name));
    }
}
