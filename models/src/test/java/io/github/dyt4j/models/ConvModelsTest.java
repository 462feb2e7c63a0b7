package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What ConvNeXt, ResNet and VGG are beyond their goldens. */
class ConvModelsTest {
    private static final NormSpec DYT = NormSpec.parse("dyt");

    @Test
    void parameterCountsAreThoseOfTimmAndTorchvision() {
        int counts = 0;
        for (var entry : Goldens.json("conv-parameters.json").get("counts").properties()) {
            String[] key = entry.getKey().split(" "); // model norm
            assertThat(Models.parameterCount(key[0], Map.of(), NormSpec.parse(key[1])))
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue().longValue());
            counts++;
        }
        int sizes =
                ConvNeXt.sizes().size() + ResNet.sizes().size() + Vgg.sizes().size();
        assertThat(counts).isEqualTo(2 * sizes);
    }

    @ParameterizedTest
    @CsvSource({"convnext_tiny, 23", "convnext_small, 41", "convnext_base, 41", "convnext_large, 41"})
    void convNeXtHasASlotInStemBlocksDownsamplingsAndHead(String name, int slots) {
        Map<String, Object> narrow = Map.of("dims", List.of(8, 8, 8, 8), "img_size", 32);
        try (Model model = Models.create(name, narrow, DYT)) {
            List<Norm> sites = model.norms().sites();
            assertThat(sites).hasSize(slots);
            assertThat(sites).filteredOn(s -> s.site() == Site.MLP).hasSize(slots - 5);
            assertThat(sites).filteredOn(s -> s.site() == Site.DOWNSAMPLE).hasSize(3);
            assertThat(sites.getFirst().name()).isEqualTo("stem.1");
            assertThat(sites.getLast().name()).isEqualTo("head.norm");
            assertThat(seen(model)).isEqualTo(sites.stream().map(Norm::name).toList());
            assertThat(model.folds()).hasSize(slots - 4);
        }
    }

    @ParameterizedTest
    @CsvSource({"resnet50, 53, layers, 3;4;6;3", "vgg19_bn, 16, layers, 2;2;4;4;4"})
    void everyConvolutionHasASlot(String name, int slots, String key, String layers) {
        Map<String, Object> narrow = Map.of(
                "width",
                2,
                "img_size",
                32,
                key,
                Arrays.stream(layers.split(";")).map(Integer::valueOf).toList());
        try (Model model = Models.create(name, narrow, DYT)) {
            assertThat(model.norms().sites()).hasSize(slots);
            assertThat(seen(model)).hasSize(slots).doesNotHaveDuplicates();
        }
    }

    private static List<String> seen(Model model) {
        List<String> seen = new ArrayList<>();
        model.norms().tap((norm, _) -> seen.add(norm.name()));
        run(model, 2);
        model.norms().tap(null);
        return seen;
    }

    private static float[] run(Model model, int batch) {
        long[] shape = model.inputShape();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            return Tensors.floats(model.forward(Fill.input("input", batch, shape[0], shape[1], shape[2])));
        }
    }

    /** Between stem and head every norm's input lies in memory with its channels last, and nothing is copied to have it so. */
    @ParameterizedTest
    @CsvSource({
        "convnext-dyt, layernorm",
        "convnext-dyt, dyt",
        "resnet-dyt, batchnorm",
        "resnet-dyt, dyt",
        "vgg-dyt, dyt"
    })
    void imagesLieWithTheirChannelsLast(String model, String norm) {
        try (Model m = ConvGoldenTest.create(model, norm)) {
            List<String> other = new ArrayList<>();
            m.norms().tap((site, x) -> {
                boolean last = x.dim() == 2
                        || (x.size(3) == Objects.requireNonNull(site.weight()).numel() && x.is_contiguous())
                        || x.is_contiguous(MemoryFormat.ChannelsLast);
                if (!last) {
                    other.add(site.name());
                }
            });
            run(m, 2);
            assertThat(other).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(NormFunction.class)
    void takesEveryNorm(NormFunction function) {
        NormSpec spec = NormSpec.parse(function == NormFunction.GROUPNORM ? "groupnorm(groups=4)" : function.key());
        for (String golden : List.of("convnext-dyt", "cifar-dyt", "vgg-dyt")) {
            try (Model model = ConvGoldenTest.create(golden, spec.toString());
                    var _ = new Scope()) {
                long[] shape = model.inputShape();
                Tensor logits = model.forward(Fill.input("input", 2, shape[0], shape[1], shape[2]));
                logits.sum().backward();
                for (float v : Tensors.floats(logits)) {
                    assertThat(v).isFinite();
                }
                assertThat(model.parameters().trainable().values())
                        .allMatch(p -> p.grad().defined());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "vit_tiny_patch16_224, batchnorm, other examples",
        "vit_tiny_patch16_224, groupnorm(groups=8), after it",
        "llama_7b, batchnorm, other examples",
        "llama_7b, groupnorm, after it"
    })
    void modelsOfTokensSayWhyTheyTakeNoNormOverPlaces(String model, String norm, String why) {
        assertThatThrownBy(() -> Models.create(model, Map.of(), NormSpec.parse(norm)))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("norm '" + norm + "': ")
                .hasMessageContaining(why)
                .hasMessageContaining("convnext");
    }

    @Test
    void groupsMustDivideTheChannels() {
        assertThatThrownBy(() -> ConvGoldenTest.create("convnext-dyt", "groupnorm"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("8 channels at stem.1")
                .hasMessageContaining("Take groups=8");
    }

    @Test
    void batchNormNeedsMoreThanOneValueAChannel() {
        try (Model model = ConvGoldenTest.create("convnext-dyt", "batchnorm")) {
            assertThatThrownBy(() -> run(model, 1))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("one value a channel")
                    .hasMessageContaining("batch_size");
            model.parameters().training(false);
            assertThat(run(model, 1)).hasSize(10);
        }
    }

    @Test
    void stochasticDepthRisesOverAllBlocksAndEndsWithTraining() {
        Map<String, Object> arguments = Map.of(
                "img_size", 32, "depths", List.of(1, 1, 1, 1), "dims", List.of(8, 8, 8, 8), "drop_path_rate", 0.9);
        try (Model model = Models.create("convnext_tiny", arguments, DYT)) {
            Fill.parameters(model.parameters());
            TorchRuntime.seed(1);
            float[] first = run(model, 8);
            assertThat(run(model, 8)).isNotEqualTo(first);
            TorchRuntime.seed(1);
            assertThat(run(model, 8)).isEqualTo(first);
            model.parameters().training(false);
            assertThat(run(model, 8)).isEqualTo(run(model, 8));
        }
    }

    @Test
    void dropoutIsOfTrainingAlone() {
        Map<String, Object> arguments = Map.of("img_size", 32, "width", 4, "head_hidden_size", 64);
        try (Model model = Models.create("vgg19_bn", arguments, DYT)) {
            Fill.parameters(model.parameters());
            TorchRuntime.seed(1);
            float[] first = run(model, 2);
            assertThat(run(model, 2)).isNotEqualTo(first);
            TorchRuntime.seed(1);
            assertThat(run(model, 2)).isEqualTo(first);
            model.parameters().training(false);
            assertThat(run(model, 2)).isEqualTo(run(model, 2));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"convnext-dyt", "resnet-dyt", "cifar-dyt", "vgg-dyt"})
    void calibrationReachesEverySite(String golden) {
        String spec = "dyt(init=calibrated)";
        TorchRuntime.seed(1);
        Model like = ConvGoldenTest.create(golden, "dyt");
        try (Model model = ((ImageConfig) config(like)).create(NormSpec.parse(spec))) {
            model.parameters().training(false);
            var starts = model.norms().calibrate(() -> run(model, 4));
            assertThat(starts.keySet())
                    .containsExactlyInAnyOrderElementsOf(
                            model.norms().sites().stream().map(Norm::name).toList());
            assertThat(starts.values()).extracting(Norms.Start::alpha).allMatch(a -> a > 0);
            Map<String, Double> stds = new LinkedHashMap<>();
            model.norms().tap((norm, x) -> {
                double gamma = Tensors.floats(Objects.requireNonNull(norm.weight()))[0];
                stds.put(norm.name(), gamma * Tensors.std(norm.squashed(x)));
            });
            run(model, 4);
            stds.forEach((name, std) -> assertThat(std).as(name).isCloseTo(1, within(1e-3)));
        } finally {
            like.close();
        }
    }

    private static ModelConfig config(Model model) {
        return switch (model) {
            case ConvNeXt m -> m.config();
            case ResNet m -> m.config();
            case Vgg m -> m.config();
            default -> throw new IllegalArgumentException();
        };
    }

    @Test
    void weightsStartAsTheReferences() {
        TorchRuntime.seed(3);
        try (Model model = Models.create("convnext_tiny", Map.of("depths", List.of(1, 1, 1, 1)), DYT)) {
            assertThat(std(model, "stages.3.blocks.0.conv_dw.weight")).isCloseTo(0.02, within(2e-4));
            assertThat(std(model, "stages.3.downsample.1.weight")).isCloseTo(0.02, within(2e-4));
            assertThat(std(model, "head.fc.weight")).isCloseTo(0.02, within(2e-4));
            assertThat(values(model, "stages.0.blocks.0.gamma")).containsOnly(1e-6f);
            assertThat(values(model, "stem.0.bias")).containsOnly(0);
        }
        try (Model model = Models.create("resnet50", Map.of("layers", List.of(1, 1)), DYT)) {
            assertThat(std(model, "layer2.0.conv2.weight")).isCloseTo(Math.sqrt(2.0 / (128 * 9)), within(3e-4));
            assertThat(std(model, "fc.weight")).isCloseTo(1 / Math.sqrt(3 * 512), within(2e-4));
        }
        try (Model model = Models.create("vgg19_bn", Map.of("layers", List.of(1, 1), "head_hidden_size", 32), DYT)) {
            assertThat(std(model, "features.4.weight")).isCloseTo(Math.sqrt(2.0 / (128 * 9)), within(3e-4));
            assertThat(std(model, "classifier.0.weight")).isCloseTo(0.01, within(1e-4));
            assertThat(values(model, "classifier.0.bias")).containsOnly(0);
        }
    }

    private static float[] values(Model model, String name) {
        return Tensors.floats(
                Objects.requireNonNull(model.parameters().trainable().get(name), name));
    }

    private static double std(Model model, String name) {
        return Tensors.std(Objects.requireNonNull(model.parameters().trainable().get(name), name));
    }

    @Test
    void weightsStartTheSameWhateverTheNorm() {
        Map<String, float[]> batchnorm = start("batchnorm");
        Map<String, float[]> dyt = start("dyt");
        int compared = 0;
        for (String name : dyt.keySet()) {
            if (name.contains("conv") || name.startsWith("fc") || name.endsWith("downsample.0.weight")) {
                assertThat(batchnorm.get(name)).as(name).isEqualTo(dyt.get(name));
                compared++;
            }
        }
        assertThat(compared).isEqualTo(1 + 4 * 4 + 2);
    }

    private static Map<String, float[]> start(String norm) {
        TorchRuntime.seed(5);
        Map<String, float[]> start = new LinkedHashMap<>();
        Map<String, Object> arguments = Map.of("layers", List.of(1, 1, 1, 1), "width", 4);
        try (Model model = Models.create("resnet50", arguments, NormSpec.parse(norm))) {
            model.parameters().trainable().forEach((name, t) -> start.put(name, Tensors.floats(t)));
        }
        return start;
    }

    @ParameterizedTest
    @CsvSource({
        "convnext-dyt, layernorm",
        "convnext-dyt, dyt",
        "resnet-dyt, batchnorm",
        "resnet-dyt, groupnorm(groups=4)",
        "vgg-dyt, dyt"
    })
    void bf16FollowsF32(String golden, String norm) {
        try (Model model = ConvGoldenTest.create(golden, norm)) {
            float[] exact = run(model, 3);
            float[] narrow;
            try (var _ = Autocast.bf16(true)) {
                narrow = run(model, 3);
                long[] shape = model.inputShape();
                try (var _ = new Scope()) {
                    Tensor logits = model.forward(Fill.input("input", 3, shape[0], shape[1], shape[2]));
                    torch.cross_entropy_loss(logits.to(torch.ScalarType.Float), Fill.labels("labels", 3, 10))
                            .backward();
                }
            }
            assertThat(GoldenChecks.distance(narrow, exact)).isLessThan(0.1 * GoldenChecks.norm(exact));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "convnext_tiny | img_size | 31 | Take 32 or more",
                "convnext_tiny | patch_size | 32 | Take 256 or more",
                "convnext_tiny | depths | 3,3,9 | 4 whole numbers of at least 1, as [3, 3, 9, 3]",
                "convnext_tiny | dims | 96,0,9,3 | 4 whole numbers of at least 1",
                "convnext_tiny | drop_path_rate | 1 | [0, 1)",
                "convnext_tiny | embed_dim | 64 | has no 'embed_dim'",
                "resnet50 | layers | 3,0 | whole numbers of at least 1",
                "resnet50 | stem | cfar | imagenet, cifar",
                "resnet50 | depths | 3,4,6,3 | has no 'depths'",
                "vgg19_bn | img_size | 31 | Take 32 or more, or fewer stages",
                "vgg19_bn | drop_rate | 1 | [0, 1)",
                "vgg91_bn | img_size | 32 | vgg19_bn"
            })
    void mistakesAreExplained(String model, String key, String value, String hint) {
        Object typed = value.contains(",")
                ? Arrays.stream(value.split(",")).map(Double::valueOf).toList()
                : value.matches("[0-9]+") ? (Object) Integer.valueOf(value) : value;
        assertThatThrownBy(() -> Models.create(model, Map.of(key, typed), DYT))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint)
                .message()
                .satisfies(m -> assertThat(m.lines().count()).isLessThanOrEqualTo(3));
    }
}
