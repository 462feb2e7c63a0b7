package io.github.dyt4j.lab.llm;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.tasks.LogLikelihoods;
import io.github.dyt4j.models.KvCache;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** Σ log softmax(logits)[token] over a continuation, the softmax in f64, one sequence at a time, the head on those positions alone. */
public final class LlamaLogLikelihoods implements LogLikelihoods {
    /** Positions whose logits are held at once: with 128,256 ids 66 MB. */
    private static final int ROWS = 128;

    /** Tokens that go through the model at once; a longer window goes through a cache of keys and values, which bounds the memory. */
    private static final int PIECE = 1024;

    private final Llama model;
    private final int piece;

    public LlamaLogLikelihoods(Llama model) {
        this(model, PIECE);
    }

    LlamaLogLikelihoods(Llama model, int piece) {
        this.model = model;
        this.piece = piece;
    }

    @Override
    public int contextLength() {
        return model.config().maxPositionEmbeddings();
    }

    /** @throws UserError if the continuation is longer than the model's context */
    @Override
    public Score score(int[] context, int[] continuation) {
        if (context.length == 0 || continuation.length == 0) {
            throw new IllegalArgumentException("context and continuation have at least one token each");
        }
        if (continuation.length > contextLength()) {
            throw new UserError("A continuation has " + continuation.length + " tokens and the model's context "
                    + contextLength() + ".");
        }
        int kept = Math.min(context.length, contextLength() + 1 - continuation.length);
        // What comes after the last token is not asked.
        long[] tokens = IntStream.concat(
                        IntStream.of(context).skip(context.length - kept),
                        IntStream.of(continuation).limit(continuation.length - 1))
                .asLongStream()
                .toArray();
        double sum = 0;
        boolean greedy = true;
        try (KvCache cache = tokens.length > piece ? model.cache(tokens.length) : null) {
            for (int from = 0; from < tokens.length; from += piece) {
                int to = Math.min(tokens.length, from + piece);
                // Position i says what token i + 1 is; the first that is asked is kept - 1.
                int first = Math.max(from, kept - 1);
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    Tensor hidden = model.hidden(Tensors.of(Arrays.copyOfRange(tokens, from, to), 1, to - from), cache)
                            .select(0, 0); // (piece, E)
                    for (int at = first; at < to; at += ROWS) {
                        int rows = Math.min(ROWS, to - at);
                        float[] logits = logits(hidden, at - from, rows);
                        int vocab = logits.length / rows;
                        for (int i = 0; i < rows; i++) {
                            float[] row = Arrays.copyOfRange(logits, i * vocab, (i + 1) * vocab);
                            int token = continuation[at + i - (kept - 1)];
                            sum += Logits.logProbability(row, token);
                            greedy &= Logits.argmax(row) == token;
                        }
                    }
                }
            }
        }
        return new Score(sum, greedy);
    }

    private float[] logits(Tensor hidden, int from, int rows) {
        try (var _ = new Scope()) {
            return Tensors.floats(model.head(hidden.narrow(0, from, rows))); // (rows, V)
        }
    }
}
