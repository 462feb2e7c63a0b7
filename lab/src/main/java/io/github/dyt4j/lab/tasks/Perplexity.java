package io.github.dyt4j.lab.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * exp(−ℓ / n) of a text, where ℓ = Σ log p(token | tokens before it in its window) and n counts tokens, words or bytes; per word and per
 * byte it does not depend on the tokenizer. As lm-evaluation-harness's loglikelihood_rolling has it, each token is predicted once: the
 * first window predicts contextLength tokens after the one that begins a text (else the one that ends it), each further window the next
 * contextLength after the last token before them, and the last window, where fewer are left, reaches back to be full.
 *
 * <p>Tokens are the text's own. The harness counts none, and where a tokenizer puts a token before every text it predicts that one too.
 *
 * @param logLikelihood natural
 * @param words runs of white space + 1
 * @param bytes of UTF-8
 */
public record Perplexity(double logLikelihood, long tokens, long words, long bytes) {

    /** @throws UserError for a text without a token, or a model whose log-likelihood is not finite */
    public static Perplexity of(String text, LogLikelihoods model, Tokenizer tokenizer) {
        int[] tokens = tokenizer.encode(text);
        if (tokens.length == 0) {
            throw new UserError("Perplexity needs a text with at least one token; this one has none.");
        }
        double sum = 0;
        for (TokenPair window : windows(tokens, TokenPair.prefix(tokenizer), model.contextLength())) {
            sum += model.score(window.context(), window.continuation()).logLikelihood();
        }
        if (!Double.isFinite(sum)) {
            throw new UserError("The model's log-likelihood of the text is " + sum
                    + ". Its weights are damaged, or its training diverged.");
        }
        return new Perplexity(sum, tokens.length, words(text), text.getBytes(UTF_8).length);
    }

    static List<TokenPair> windows(int[] tokens, int prefix, int contextLength) {
        List<TokenPair> windows = new ArrayList<>();
        int end = Math.min(contextLength, tokens.length);
        windows.add(new TokenPair(new int[] {prefix}, Arrays.copyOf(tokens, end)));
        while (end < tokens.length) {
            int start = end;
            end = Math.min(end + contextLength, tokens.length);
            windows.add(new TokenPair(
                    Arrays.copyOfRange(tokens, end - contextLength - 1, start),
                    Arrays.copyOfRange(tokens, start, end)));
        }
        return windows;
    }

    private static long words(String text) {
        long words = 1;
        for (int i = 0; i < text.length(); i++) {
            boolean begins = i == 0 || !PythonText.isSpace(text.charAt(i - 1));
            words += begins && PythonText.isSpace(text.charAt(i)) ? 1 : 0;
        }
        return words;
    }

    /** Of both texts, each read by itself. */
    public Perplexity plus(Perplexity other) {
        return new Perplexity(
                logLikelihood + other.logLikelihood, tokens + other.tokens, words + other.words, bytes + other.bytes);
    }

    public double perToken() {
        return Math.exp(-logLikelihood / tokens);
    }

    public double perWord() {
        return Math.exp(-logLikelihood / words);
    }

    public double perByte() {
        return Math.exp(-logLikelihood / bytes);
    }

    /** −ℓ / (bytes · ln 2). */
    public double bitsPerByte() {
        return -logLikelihood / bytes / Math.log(2);
    }
}
