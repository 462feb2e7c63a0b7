package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.MaskedAutoencoder.Reconstruction;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MaskedAutoencoderTest {
    private static final Map<String, Object> TINY = MaskedAutoencoderGoldenTest.TINY;
    private static final int PATCHES = 25;
    private static final int SEEN = 6; // ⌊25·0.25⌋
    private static final int BATCH = 3;

    @ParameterizedTest
    @CsvSource({"mae_vit_base_patch16, 42, 25", "mae_vit_large_patch16, 66, 49"})
    void baseHas42NormSlotsAndLarge66(String name, int slots, int ofEncoder) {
        Map<String, Object> narrow =
                Map.of("embed_dim", 16, "num_heads", 2, "decoder_embed_dim", 8, "decoder_num_heads", 2, "img_size", 32);
        try (Model model = Models.create(name, narrow, NormSpec.parse("dyt"))) {
            var sites = model.norms().sites();
            assertThat(sites).hasSize(slots);
            assertThat(sites).filteredOn(s -> s.site() == Site.FINAL).hasSize(2);
            assertThat(sites.get(ofEncoder - 1).name()).isEqualTo("norm");
            assertThat(sites.getLast().name()).isEqualTo("decoder_norm");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void aViTOfTheSameSizeFindsAllButItsHead(String norm) {
        try (Model mae = create(norm);
                Model vit = vit(norm)) {
            vit.parameters().state().forEach((name, t) -> {
                if (!name.startsWith("head.")) {
                    Tensor own = mae.parameters().state().get(name);
                    assertThat(own).as(name).isNotNull();
                    assertThat(Tensors.shape(Objects.requireNonNull(own)))
                            .as(name)
                            .isEqualTo(Tensors.shape(t));
                }
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void theEncoderIsTheViTWithTheseWeights(String norm) {
        try (Model mae = create(norm);
                Model vit = vit(norm);
                var _ = new Scope();
                var _ = Grad.off()) {
            vit.parameters().state().forEach((name, t) -> {
                Tensor own = mae.parameters().state().get(name);
                if (own != null) {
                    t.copy_(own);
                }
            });
            // A head that hands on what it gets: its logits are the normed class token.
            Objects.requireNonNull(vit.parameters().state().get("head.weight")).copy_(torch.eye(24));
            Objects.requireNonNull(vit.parameters().state().get("head.bias")).zero_();
            Tensor x = images();
            Tensor features = mae.forward(x);
            assertThat(Tensors.shape(features)).containsExactly(BATCH, 1 + PATCHES, 24);
            assertThat(Tensors.floats(features.select(1, 0))).isEqualTo(Tensors.floats(vit.forward(x)));
        }
    }

    @Test
    void everyImageKeepsExactlyItsShareAndEveryPatchIsHiddenAsOften() {
        long seed = 20240611;
        TorchRuntime.seed(seed);
        int images = 400;
        try (MaskedAutoencoder model = create("dyt");
                var _ = new Scope();
                var _ = Grad.off()) {
            float[] mask = Tensors.floats(
                    model.reconstruct(torch.rand(images, 3, 20, 20)).mask());
            int[] hidden = new int[PATCHES];
            for (int i = 0; i < images; i++) {
                int zeros = 0;
                int ones = 0;
                for (int j = 0; j < PATCHES; j++) {
                    zeros += mask[i * PATCHES + j] == 0 ? 1 : 0;
                    ones += mask[i * PATCHES + j] == 1 ? 1 : 0;
                    hidden[j] += (int) mask[i * PATCHES + j];
                }
                assertThat(zeros).isEqualTo(SEEN);
                assertThat(ones).isEqualTo(PATCHES - SEEN);
            }
            double share = (double) (PATCHES - SEEN) / PATCHES;
            double deviation = Math.sqrt(images * share * (1 - share));
            for (int j = 0; j < PATCHES; j++) {
                assertThat((hidden[j] - images * share) / deviation)
                        .as("seed %d, patch %d", seed, j)
                        .isBetween(-5.0, 5.0);
            }
        }
    }

    @Test
    void theGreatestNoiseIsHiddenAndTheGeneratorDrawsIt() {
        try (MaskedAutoencoder model = create("dyt");
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor rising = torch.arange(new Scalar(PATCHES)).expand(BATCH, PATCHES);
            float[] mask = Tensors.floats(model.reconstruct(images(), rising).mask());
            for (int i = 0; i < mask.length; i++) {
                assertThat(mask[i]).isEqualTo(i % PATCHES < SEEN ? 0 : 1);
            }
            TorchRuntime.seed(5);
            float[] first = Tensors.floats(model.reconstruct(images()).mask());
            float[] second = Tensors.floats(model.reconstruct(images()).mask());
            TorchRuntime.seed(5);
            assertThat(Tensors.floats(model.reconstruct(images()).mask()))
                    .isEqualTo(first)
                    .isNotEqualTo(second);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingIsLearnedFromTheTargetsOfVisiblePatches(boolean normalised) {
        try (MaskedAutoencoder model = create("layernorm", "norm_pix_loss", normalised);
                var _ = new Scope()) {
            Reconstruction r = model.reconstruct(images(), noise());
            Tensor prediction = r.prediction().detach().requires_grad_(true);
            Tensor target = r.target().detach().requires_grad_(true);
            new Reconstruction(prediction, target, r.mask()).loss().backward();
            float[] mask = Tensors.floats(r.mask());
            for (Tensor t : List.of(prediction, target)) {
                float[] patch = Tensors.floats(t.grad().abs().sum(-1)); // (B·N)
                for (int i = 0; i < mask.length; i++) {
                    if (mask[i] == 0) {
                        assertThat(patch[i]).isZero();
                    } else {
                        assertThat(patch[i]).isPositive();
                    }
                }
            }
        }
    }

    @Test
    void noPixelOfAHiddenPatchReachesThePrediction() {
        try (MaskedAutoencoder model = create("layernorm");
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = images();
            Reconstruction r = model.reconstruct(x, noise());
            Tensor blanked = model.masked(x, r);
            assertThat(Tensors.floats(blanked)).isNotEqualTo(Tensors.floats(x));
            assertThat(Tensors.floats(model.reconstruct(blanked, noise()).prediction()))
                    .isEqualTo(Tensors.floats(r.prediction()));
            Tensor darker = x.mul(new Scalar(0.5));
            assertThat(Tensors.floats(model.reconstruct(darker, noise()).prediction()))
                    .isNotEqualTo(Tensors.floats(r.prediction()));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPerfectGuessIsTheImageAndWhatWasSeenIsPastedIn(boolean normalised) {
        try (MaskedAutoencoder model = create("layernorm", "norm_pix_loss", normalised);
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = images();
            Reconstruction r = model.reconstruct(x, noise());
            Tensor perfect = model.picture(x, new Reconstruction(r.target(), r.target(), r.mask()));
            assertThat(Tensors.floats(perfect.sub(x).abs().max())[0]).isLessThan(1e-5f);
            // Where the masked image is not 0 it was seen, and there the picture is the image to the bit.
            float[] masked = Tensors.floats(model.masked(x, r));
            float[] picture = Tensors.floats(model.picture(x, r));
            float[] image = Tensors.floats(x);
            int seen = 0;
            int guessed = 0;
            for (int i = 0; i < image.length; i++) {
                if (masked[i] != 0) {
                    assertThat(masked[i]).isEqualTo(image[i]);
                    assertThat(picture[i]).isEqualTo(image[i]);
                    seen++;
                } else if (picture[i] != image[i]) {
                    guessed++;
                }
            }
            assertThat(seen).isEqualTo(BATCH * SEEN * 48);
            assertThat(guessed).isGreaterThan(BATCH * (PATCHES - SEEN) * 40);
        }
    }

    @Test
    void weightsStartAsTheAuthorsWhateverTheNorm() {
        Map<String, float[]> start = startOf("layernorm");
        Map<String, float[]> dyt = startOf("dyt");
        start.forEach((name, values) -> {
            if (!name.contains("norm")) {
                assertThat(dyt.get(name)).as(name).isEqualTo(values);
            }
        });
        assertUniform(start, "blocks.0.attn.qkv.weight", Math.sqrt(6.0 / (24 + 72)));
        assertUniform(start, "decoder_blocks.1.mlp.fc2.weight", Math.sqrt(6.0 / (64 + 16)));
        assertUniform(start, "decoder_pred.weight", Math.sqrt(6.0 / (16 + 48)));
        assertUniform(start, "patch_embed.proj.weight", Math.sqrt(6.0 / (48 + 24)));
        assertThat(get(start, "decoder_embed.bias")).containsOnly(0);
        assertThat(std(get(start, "cls_token"))).isBetween(0.01, 0.03); // 24 draws
        assertThat(std(get(start, "mask_token"))).isBetween(0.01, 0.03);
        assertThat(get(start, "norm.weight")).containsOnly(1);
        assertThat(start).doesNotContainKeys("pos_embed", "decoder_pos_embed");
    }

    @Test
    void calibrationReachesEverySite() {
        try (MaskedAutoencoder model = create("dyt(init=calibrated)")) {
            var starts = model.norms().calibrate(() -> {
                Reconstruction _ = model.reconstruct(images());
            });
            assertThat(starts.keySet())
                    .containsExactlyElementsOf(
                            model.norms().sites().stream().map(n -> n.name()).toList());
            assertThat(starts.values()).extracting(Norms.Start::alpha).allMatch(a -> a > 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void foldedNormsGiveTheSame(String norm) {
        try (MaskedAutoencoder model = create(norm);
                var _ = new Scope();
                var _ = Grad.off()) {
            Fill.parameters(model.parameters());
            model.parameters().training(false);
            Tensor features = model.forward(images());
            Tensor prediction = model.reconstruct(images(), noise()).prediction();
            try (var folded = FoldedNorms.of(model)) {
                assertThat(folded.norms()).hasSize(model.norms().sites().size() - 1);
                assertThat(difference(model.forward(images()), features)).isLessThan(1e-5);
                assertThat(difference(model.reconstruct(images(), noise()).prediction(), prediction))
                        .isLessThan(1e-5);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "img_size | 8 | take 16",
                "img_size | 40 | 32 or 48",
                "embed_dim | 770 | take embed_dim 780",
                "decoder_embed_dim | 520 | take decoder_embed_dim 528",
                "num_heads | 5 | num_heads 5",
                "decoder_num_heads | 7 | decoder_num_heads 7",
                "mlp_ratio | 0 | mlp_ratio",
                "mask_ratio | 0 | hides none of the 196 patches",
                "mask_ratio | 1 | every one of",
                "mask_ratio | 0.999 | every one of the 196 patches",
                "mask_ratio | 1.5 | mask_ratio 1.5",
                "mask_ratio | -0.5 | mask_ratio -0.5",
                "norm_pix_loss | perhaps | true or false",
                "num_classes | 10 | has no 'num_classes'"
            })
    void mistakesAreExplained(String key, String value, String hint) {
        Object typed = value.matches("-?[0-9]+")
                ? (Object) Integer.valueOf(value)
                : value.matches("-?[0-9.]+") ? (Object) Double.valueOf(value) : value;
        assertThatThrownBy(() -> Models.config("mae_vit_base_patch16", Map.of(key, typed)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint)
                .message()
                .satisfies(m -> assertThat(m.lines().count()).isLessThanOrEqualTo(3));
    }

    @Test
    void widthsThatPositionsDoNotFillAreRefused() {
        assertThatThrownBy(() -> Models.config("mae_vit_base_patch16", Map.of("embed_dim", 30, "num_heads", 3)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("take 32");
    }

    private static MaskedAutoencoder create(String norm) {
        return create(norm, "norm_pix_loss", true);
    }

    private static MaskedAutoencoder create(String norm, String key, Object value) {
        Map<String, Object> overrides = new LinkedHashMap<>(TINY);
        overrides.put(key, value);
        return (MaskedAutoencoder) Models.create("mae_vit_base_patch16", overrides, NormSpec.parse(norm));
    }

    private static Model vit(String norm) {
        return Models.create(
                "vit_base_patch16_224",
                Map.of("img_size", 20, "patch_size", 4, "embed_dim", 24, "depth", 2, "num_heads", 3, "num_classes", 24),
                NormSpec.parse(norm));
    }

    private static Tensor images() {
        return Fill.input("input", BATCH, 3, 20, 20);
    }

    private static Tensor noise() {
        return Fill.input("noise", BATCH, PATCHES);
    }

    private static Map<String, float[]> startOf(String norm) {
        TorchRuntime.seed(7);
        Map<String, float[]> start = new LinkedHashMap<>();
        try (Model model = create(norm)) {
            model.parameters().trainable().forEach((name, t) -> start.put(name, Tensors.floats(t)));
        }
        return start;
    }

    private static void assertUniform(Map<String, float[]> start, String name, double bound) {
        float[] values = get(start, name);
        for (float v : values) {
            assertThat((double) v).as(name).isBetween(-bound, bound);
        }
        assertThat(std(values)).as(name).isBetween(0.9 * bound / Math.sqrt(3), 1.1 * bound / Math.sqrt(3));
    }

    private static float[] get(Map<String, float[]> map, String name) {
        return Objects.requireNonNull(map.get(name), name);
    }

    private static double std(float[] values) {
        double sum = 0;
        for (float v : values) {
            sum += (double) v * v;
        }
        return Math.sqrt(sum / values.length);
    }

    private static double difference(Tensor a, Tensor b) {
        return Tensors.floats(a.sub(b).abs().max())[0];
    }
}
