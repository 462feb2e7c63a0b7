package io.github.dyt4j.lab.llm;

import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/** A model of two layers with random weights and a context of 64. */
final class TinyLlama {
    static final int CONTEXT = 64;

    private TinyLlama() {}

    static Llama create() {
        TorchRuntime.seed(5);
        Llama model = (Llama) Models.create(
                "llama_mini",
                Map.of(
                        "vocab_size",
                        TinyTokenizer.VOCAB,
                        "hidden_size",
                        64,
                        "intermediate_size",
                        96,
                        "num_hidden_layers",
                        2,
                        "num_key_value_heads",
                        2,
                        "max_position_embeddings",
                        CONTEXT),
                NormSpec.parse("dyt"));
        model.parameters().training(false);
        return model;
    }

    /** The logits of every position, of the whole sequence at once. */
    static float[][] logits(Llama model, int[] ids) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            float[] all = Tensors.floats(
                    model.forward(Tensors.of(Arrays.stream(ids).asLongStream().toArray(), 1, ids.length)));
            float[][] rows = new float[ids.length][];
            Arrays.setAll(rows, i -> Arrays.copyOfRange(all, i * TinyTokenizer.VOCAB, (i + 1) * TinyTokenizer.VOCAB));
            return rows;
        }
    }

    static int[] ids(int n, long seed) {
        return new SplittableRandom(seed).ints(n, 0, 256).toArray();
    }
}
