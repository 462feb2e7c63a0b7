package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TensorSource;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits, loss and the gradient of every parameter against {@code goldens/caduceus.py}, from the same weights. */
class CaduceusGoldenTest {
    private static final int BATCH = 3;
    private static final int LENGTH = 20;
    private static final int CLASSES = 3;
    private static final int[] ENDS = {20, 13, 7};
    private static final int[] BEGINS = {0, 0, 2};

    static final Caduceus.Config TINY = new Caduceus.Config(12, 2, 3, 4, 2, false, 32, 0);

    @ParameterizedTest
    @CsvSource({
        "ph, rmsnorm, rmsnorm",
        "ph, rmsnorm, rmsnorm(kernel=libtorch)",
        "ph, dyt, dyt",
        "ph, dyt, dyt(kernel=eager)",
        "ps, rmsnorm, rmsnorm",
        "ps, dyt, dyt"
    })
    void languageModelAgreesInEveryGradient(String kind, String golden, String spec) {
        SequencedMap<String, float[]> actual = new LinkedHashMap<>();
        try (Caduceus model = filled(kind, 0, spec)) {
            try (var _ = new Scope()) {
                Tensor logits = model.forward(bases()); // (B, L, V)
                outputs(actual, logits, Fill.labels("target", BATCH * LENGTH, Bases.PADDED_VOCABULARY));
            }
            gradients(actual, model);
        }
        GoldenChecks.assertAgree(actual, Goldens.tensors("caduceus-" + kind + "-" + golden + ".safetensors"));
    }

    /** Sequences of several lengths; under evaluation Ph too gives the mean over both strands. */
    @ParameterizedTest
    @CsvSource({"ph, rmsnorm", "ph, dyt", "ps, rmsnorm", "ps, dyt"})
    void classifierAgreesInEveryGradient(String kind, String spec) {
        SequencedMap<String, float[]> actual = new LinkedHashMap<>();
        try (Caduceus model = filled(kind, CLASSES, spec)) {
            try (var _ = new Scope()) {
                Tensor logits = model.forward(padded()); // (B, classes)
                outputs(actual, logits, Fill.labels("classes", BATCH, CLASSES));
            }
            gradients(actual, model);
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                model.parameters().training(false);
                actual.put("eval", Tensors.floats(model.forward(padded())));
            }
        }
        assertThat(actual.get("eval")).hasSize(BATCH * CLASSES);
        GoldenChecks.assertAgree(actual, Goldens.tensors("caduceus-" + kind + "-" + spec + "-classes.safetensors"));
    }

    /**
     * Of the layers as PyTorch counts them. The authors' weights of caduceus_*_131k are files of 30.9 MB, which at four bytes are as many; the
     * paper gives 470 thousand for those of 1k.
     */
    @Test
    void publishedSizesHaveTheirParameters() {
        for (String name : Caduceus.sizes().keySet()) {
            ModelConfig config = Models.config(name, Map.of());
            long expected = Goldens.json("caduceus-sizes.json").get(name).asLong();
            assertThat(config.parameterCount(NormSpec.parse("rmsnorm")))
                    .as(name)
                    .isEqualTo(expected);
            try (Model hollow = config.create(NormSpec.parse("dyt"), Parameters.root(TensorSource.hollow()))) {
                Caduceus.Config c = (Caduceus.Config) config;
                assertThat(hollow.norms().sites()).as(name).hasSize(c.nLayer() + 1);
                // α and β in every norm.
                assertThat(config.parameterCount(NormSpec.parse("dyt")))
                        .as(name)
                        .isEqualTo(expected + (c.nLayer() + 1L) * (c.dModel() + 1));
            }
        }
        assertThat(Models.parameterCount("caduceus_ps_131k", Map.of(), NormSpec.parse("rmsnorm")) * 4 / 1e5)
                .isBetween(308.5, 309.5);
        assertThat(Models.parameterCount("caduceus_ps_1k", Map.of(), NormSpec.parse("rmsnorm")))
                .isBetween(465_000L, 475_000L);
    }

    static Caduceus filled(String kind, int classes, String spec) {
        Caduceus.Config config = new Caduceus.Config(
                TINY.dModel(),
                TINY.nLayer(),
                TINY.dState(),
                TINY.dConv(),
                TINY.expand(),
                kind.equals("ps"),
                TINY.lMax(),
                classes);
        Caduceus model = (Caduceus) config.create(NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        return model;
    }

    private static Tensor bases() {
        return Tensors.of(ids(), BATCH, LENGTH);
    }

    static Tensor padded() {
        long[] ids = ids();
        for (int i = 0; i < ids.length; i++) {
            int row = i / LENGTH;
            if (i % LENGTH < BEGINS[row] || i % LENGTH >= ENDS[row]) {
                ids[i] = Bases.PAD;
            }
        }
        return Tensors.of(ids, BATCH, LENGTH);
    }

    private static long[] ids() {
        try (var _ = new Scope()) {
            long[] ids = Tensors.longs(Fill.labels("bases", BATCH * LENGTH, 5));
            for (int i = 0; i < ids.length; i++) {
                ids[i] += Bases.A;
            }
            return ids;
        }
    }

    private static void outputs(SequencedMap<String, float[]> into, Tensor logits, Tensor target) {
        Tensor loss = torch.cross_entropy_loss(logits.flatten(0, -2), target);
        loss.backward();
        into.put("logits", Tensors.floats(logits));
        into.put("loss", Tensors.floats(loss));
    }

    private static void gradients(SequencedMap<String, float[]> into, Caduceus model) {
        model.parameters().trainable().forEach((name, parameter) -> {
            try (var _ = new Scope()) {
                into.put("grad." + name, Tensors.floats(parameter.grad()));
            }
        });
    }
}
