package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ConvNeXt against timm's, ResNet and VGG against torchvision's, in training mode: logits, loss and the gradient of every parameter, then
 * batch norm's running statistics and the logits that evaluation gives with them.
 */
class ConvGoldenTest {
    private static final int BATCH = 3;
    private static final int CLASSES = 10;

    static Model create(String golden, String spec) {
        Map<String, Object> arguments = new LinkedHashMap<>(
                switch (golden.split("-")[0]) {
                    case "convnext" ->
                        Map.of("img_size", 37, "depths", List.of(1, 2, 1, 1), "dims", List.of(8, 12, 16, 20));
                    case "resnet" -> Map.of("img_size", 48, "layers", List.of(2, 1, 1, 1), "width", 4);
                    case "cifar" -> Map.of("img_size", 11, "layers", List.of(1, 1), "width", 4, "stem", "cifar");
                    case "vgg" ->
                        Map.of(
                                "img_size",
                                28,
                                "layers",
                                List.of(1, 2),
                                "width",
                                4,
                                "head_hidden_size",
                                12,
                                "drop_rate",
                                0);
                    default -> throw new IllegalArgumentException(golden);
                });
        arguments.put("num_classes", CLASSES);
        String name =
                golden.startsWith("convnext") ? "convnext_tiny" : golden.startsWith("vgg") ? "vgg19_bn" : "resnet50";
        Model model = Models.create(name, arguments, NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        return model;
    }

    @ParameterizedTest
    @CsvSource({
        "convnext-layernorm, layernorm",
        "convnext-layernorm, layernorm(kernel=fused)",
        "convnext-dyt, dyt",
        "convnext-dyt, dyt(kernel=eager)",
        "resnet-batchnorm, batchnorm",
        "resnet-groupnorm, groupnorm(groups=2)",
        "resnet-dyt, dyt",
        "resnet-dyt, dyt(kernel=eager)",
        "cifar-batchnorm, batchnorm",
        "vgg-batchnorm, batchnorm",
        "vgg-dyt, dyt"
    })
    void agreesInEveryGradient(String golden, String spec) {
        var expected = Goldens.tensors("conv-" + golden + ".safetensors");
        try (Model model = create(golden, spec)) {
            var actual = outputs(model, expected.containsKey("eval.logits"));
            for (String name : List.copyOf(expected.keySet())) {
                if (isZeroByLaw(name, golden)) {
                    // A bias that the norm after it takes out again. What f32 sums up to there is noise of the whole.
                    double noise = GoldenChecks.norm(Objects.requireNonNull(actual.remove(name)));
                    float[] weight = Objects.requireNonNull(actual.get(name.replace(".bias", ".weight")));
                    assertThat(noise).as(name).isLessThan(1e-5 * GoldenChecks.norm(weight));
                    assertThat(GoldenChecks.norm(Objects.requireNonNull(expected.remove(name))))
                            .isLessThan(1e-12);
                }
            }
            GoldenChecks.assertAgree(actual, expected);
        }
    }

    private static boolean isZeroByLaw(String name, String golden) {
        return golden.equals("vgg-batchnorm") && name.matches("grad\\.features\\.(0|4|7)\\.bias");
    }

    private static SequencedMap<String, float[]> outputs(Model model, boolean evaluated) {
        SequencedMap<String, float[]> outputs = new LinkedHashMap<>();
        long[] shape = model.inputShape();
        try (var _ = new Scope()) {
            Tensor logits = model.forward(Fill.input("input", BATCH, shape[0], shape[1], shape[2]));
            Tensor loss = torch.cross_entropy_loss(logits, Fill.labels("labels", BATCH, CLASSES));
            loss.backward();
            outputs.put("logits", Tensors.floats(logits));
            outputs.put("loss", Tensors.floats(loss));
            model.parameters().trainable().forEach((name, p) -> outputs.put("grad." + name, Tensors.floats(p.grad())));
        }
        if (evaluated) {
            model.parameters().state().forEach((name, t) -> {
                if (name.contains("running_")) {
                    outputs.put("state." + name, Tensors.floats(t));
                } else if (name.endsWith("num_batches_tracked")) {
                    assertThat(Tensors.longs(t)).containsExactly(1);
                }
            });
            model.parameters().training(false);
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                outputs.put(
                        "eval.logits",
                        Tensors.floats(model.forward(Fill.input("input", BATCH, shape[0], shape[1], shape[2]))));
            }
        }
        return outputs;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "convnext-layernorm",
                "convnext-dyt",
                "resnet-batchnorm",
                "resnet-groupnorm",
                "resnet-dyt",
                "cifar-batchnorm",
                "vgg-batchnorm",
                "vgg-dyt"
            })
    void stateHasTheReferencesNamesAndShapesInItsOrder(String golden) {
        String norm = golden.substring(golden.indexOf('-') + 1);
        List<String> expected = new ArrayList<>();
        for (var entry : Goldens.json("conv-parameters.json").get("state").get(golden)) {
            expected.add(entry.get(0).asString() + " " + entry.get(1).toString().replace(",", ", "));
        }
        List<String> actual = new ArrayList<>();
        try (Model model = create(golden, norm.equals("groupnorm") ? "groupnorm(groups=2)" : norm)) {
            model.parameters().state().forEach((n, t) -> actual.add(n + " " + Arrays.toString(Tensors.shape(t))));
        }
        assertThat(actual).containsExactlyElementsOf(expected);
    }
}
