package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Features, attention, loss, every gradient, the next centre and the next teacher against {@code goldens/dino.py}, from the same weights, which differ between
 * student and teacher.
 */
class DinoGoldenTest {
    static final Map<String, Object> TINY = Map.of(
            "img_size", 16,
            "patch_size", 4,
            "embed_dim", 24,
            "depth", 2,
            "num_heads", 3,
            "drop_path_rate", 0,
            "out_dim", 32,
            "head_hidden_dim", 40,
            "bottleneck_dim", 16);
    private static final DinoLoss LOSS = new DinoLoss(0.1, 0.05);
    private static final String BATCH = ".2";

    @ParameterizedTest
    @CsvSource({
        "layernorm, layernorm",
        "layernorm, layernorm(kernel=libtorch)",
        "dyt, dyt",
        "dyt, dyt(kernel=eager)",
        "layernorm-free, layernorm",
        "dyt-free, dyt"
    })
    void everythingAgrees(String golden, String spec) {
        boolean free = golden.endsWith("-free");
        try (Dino model = create(spec, !free)) {
            var actual = outputs(model);
            if (free) {
                actual.keySet().removeIf(name -> !name.equals("loss") && !name.startsWith("grad."));
                assertThat(actual).containsKey("grad.student.head.last_layer.weight_g");
            }
            GoldenChecks.assertAgree(actual, Goldens.tensors("dino-" + golden + ".safetensors"));
        }
    }

    static Dino create(String spec, boolean normLastLayer) {
        Map<String, Object> arguments = new LinkedHashMap<>(TINY);
        arguments.put("norm_last_layer", normLastLayer);
        Dino model = (Dino) Models.create("dino_vit_tiny_patch16", arguments, NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        model.parameters().state().entrySet().stream()
                .filter(e -> e.getKey().startsWith("teacher.") && !e.getKey().endsWith("weight_g"))
                .forEach(e -> Fill.buffers(model.parameters(), e.getKey()));
        if (!normLastLayer) {
            Fill.buffers(model.parameters(), "teacher.head.last_layer.weight_g");
        }
        Fill.buffers(model.parameters(), "center");
        return model;
    }

    static List<Tensor> crops(String batch) {
        List<Tensor> crops = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int size = i < 2 ? 16 : 8;
            crops.add(Fill.input("crop." + i + batch, 3, 3, size, size));
        }
        return crops;
    }

    private static SequencedMap<String, float[]> outputs(Dino model) {
        SequencedMap<String, float[]> outputs = new LinkedHashMap<>();
        try (var _ = new Scope()) {
            List<Tensor> crops = crops(BATCH);
            DinoLoss.Result result = LOSS.of(model, crops);
            result.loss().backward();
            outputs.put("loss", Tensors.floats(result.loss()));
            Tensor said = LOSS.teacher(model, model.teacher(crops.subList(0, 2)));
            outputs.put("entropy", new float[] {(float) DinoLoss.entropy(said)});
            outputs.put("features", Tensors.floats(model.forward(crops.get(0))));
            outputs.put("features.small", Tensors.floats(model.forward(crops.get(2))));
            outputs.put("attention", Tensors.floats(model.attention(crops.get(0))));
            outputs.put("attention.small", Tensors.floats(model.attention(crops.get(2))));
            model.moveCenter(result.mean());
            model.moveTeacher(0.9);
        }
        outputs.put("next.center", Tensors.floats(model.center()));
        model.parameters().state().forEach((name, t) -> {
            if (name.startsWith("teacher.")) {
                outputs.put("next." + name, Tensors.floats(t));
            }
        });
        model.parameters().trainable().forEach((name, parameter) -> {
            try (var _ = new Scope()) {
                outputs.put("grad." + name, Tensors.floats(parameter.grad()));
            }
        });
        return outputs;
    }
}
