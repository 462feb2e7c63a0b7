package io.github.dyt4j.lab.llm;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.KvCache;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.text.Tokenizer;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Text after a prompt, a token at a time: each is drawn from the logits after all before it, whose keys and values a {@link KvCache}
 * holds. The prompt goes through the model in pieces of 512 tokens, which bounds the memory, and the head reads its last position alone.
 */
public final class Generator {
    private static final int PIECE = 512;

    /** Why a text ended. */
    public enum End {
        END_OF_TEXT("end of text"),
        STOP("stop string"),
        MAX_TOKENS("token limit"),
        CONTEXT("context full");

        private final String words;

        End(String words) {
            this.words = words;
        }

        /** For people, as "end of text". */
        public String words() {
            return words;
        }
    }

    /**
     * What came of one prompt.
     *
     * @param text without the prompt and the stop string
     * @param promptTokens with the one that begins a text, if any
     * @param generatedTokens all that were drawn, the one that ended the text too
     * @param promptSeconds until the first logits
     * @param generatedSeconds after that
     */
    public record Generated(
            String text,
            int promptTokens,
            int generatedTokens,
            double promptSeconds,
            double generatedSeconds,
            End end) {
        public double promptTokensPerSecond() {
            return promptTokens / promptSeconds;
        }

        /** Of the tokens after the first, which the prompt's logits give; 0 if there are none. */
        public double generatedTokensPerSecond() {
            return generatedTokens > 1 ? (generatedTokens - 1) / generatedSeconds : 0;
        }
    }

    private final Pretrained pretrained;
    private final int piece;

    public Generator(Pretrained pretrained) {
        this(pretrained, PIECE);
    }

    Generator(Pretrained pretrained, int piece) {
        this.pretrained = pretrained;
        this.piece = piece;
    }

    /**
     * Goes on from the prompt until the end of text, a stop string, {@code maxTokens} or a full context. An empty prompt is the token that
     * begins a text, or where the tokenizer has none the one that ends the text before.
     *
     * @param sink gets the text as it comes, in pieces of whole characters
     * @throws UserError if the prompt leaves no room in the context, maxTokens is below 1 or a stop string is empty
     */
    public Generated generate(
            String prompt, Sampling sampling, int maxTokens, List<String> stops, Consumer<String> sink) {
        if (maxTokens < 1) {
            throw new UserError("max-tokens " + maxTokens + " must be 1 or more.");
        }
        if (stops.contains("")) {
            throw new UserError("A stop string is empty, and would end every text before its first character.");
        }
        int[] ids = promptIds(prompt);
        int context = pretrained.model().config().maxPositionEmbeddings();
        if (ids.length >= context) {
            throw new UserError("The prompt has " + ids.length + " tokens and the model's context " + context
                    + ", of which one at least must be left for the answer: shorten the prompt.");
        }
        int limit = Math.min(maxTokens, context - ids.length);
        TextStream stream = new TextStream(pretrained.tokenizer(), ids, stops, sink);
        long start = System.nanoTime();
        try (KvCache cache = pretrained.model().cache(ids.length + limit)) {
            float[] logits = read(ids, cache);
            long read = System.nanoTime();
            End end = limit < maxTokens ? End.CONTEXT : End.MAX_TOKENS;
            int n = 0;
            while (n < limit) {
                int token = sampling.pick(logits, n++);
                if (pretrained.endOfText().contains(token)) {
                    end = End.END_OF_TEXT;
                    break;
                }
                if (stream.add(token)) {
                    end = End.STOP;
                    break;
                }
                if (n < limit) {
                    logits = step(new int[] {token}, 0, 1, cache, true);
                }
            }
            if (stream.finish()) {
                end = End.STOP;
            }
            return new Generated(
                    stream.text(), ids.length, n, (read - start) / 1e9, (System.nanoTime() - read) / 1e9, end);
        }
    }

    /** The prompt's ids, after the one that begins a text where the tokenizer has one. */
    private int[] promptIds(String prompt) {
        Tokenizer tokenizer = pretrained.tokenizer();
        int[] ids = tokenizer.encode(prompt);
        OptionalInt begin = tokenizer.beginOfText();
        if (begin.isPresent() || ids.length == 0) {
            int first = begin.orElse(tokenizer.endOfText());
            return ids.length > 0 && ids[0] == first
                    ? ids
                    : IntStream.concat(IntStream.of(first), IntStream.of(ids)).toArray();
        }
        return ids;
    }

    /** The logits (V) after the prompt. */
    private float[] read(int[] ids, KvCache cache) {
        int from = 0;
        while (ids.length - from > piece) {
            step(ids, from, from + piece, cache, false);
            from += piece;
        }
        return step(ids, from, ids.length, cache, true);
    }

    /** Puts these tokens into the cache; the logits after them if they are wanted, else none. */
    private float[] step(int[] ids, int from, int to, KvCache cache, boolean wanted) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Llama model = pretrained.model();
            long[] tokens = IntStream.range(from, to).mapToLong(i -> ids[i]).toArray();
            Tensor hidden = model.hidden(Tensors.of(tokens, 1, tokens.length), cache); // (1, T, E)
            // With select the head multiplies a matrix; with narrow, many times slower, a batch of them.
            return wanted ? Tensors.floats(model.head(hidden.select(1, tokens.length - 1))) : new float[0];
        }
    }
}
