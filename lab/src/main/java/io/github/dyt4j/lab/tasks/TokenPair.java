package io.github.dyt4j.lab.tasks;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.text.Tokenizer;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * A request in tokens, cut as lm-evaluation-harness cuts it:
 *
 * <ol>
 *   <li>White space at the end of the context goes to the continuation, since tokens rather begin with a space than end with one.
 *   <li>context = encode(context); continuation = what encode(context + continuation) has beyond that many tokens. The token that
 *       begins a text, where the tokenizer has one, stands before both.
 *   <li>An empty context is the token that begins a text, else the one that ends it. Where the continuation begins with that very
 *       token, its first token is the context.
 *   <li>The model reads all but the last token, so contextLength + 1 fit; what is too many is dropped from the beginning.
 * </ol>
 *
 * @param context at least one token
 * @param continuation at least one token, at most contextLength
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TokenPair(int[] context, int[] continuation) {

    /**
     * @param where the document, for messages
     * @throws UserError where the continuation is longer than the model's context, or has no token of its own
     */
    static TokenPair of(Request request, Tokenizer tokenizer, int contextLength, String where) {
        String context = PythonText.stripTrailing(request.context());
        String continuation = request.context().substring(context.length()) + request.continuation();
        TokenPair pair = context.isEmpty() ? alone(continuation, tokenizer) : split(context, continuation, tokenizer);
        if (pair.continuation.length == 0) {
            throw new UserError(where + ": '" + continuation + "' has no token of its own after its context (tokenizer "
                    + tokenizer.name() + "). Take a tokenizer whose tokens end where words end.");
        }
        return pair.fitted(contextLength, where);
    }

    /** What stands before a text that has nothing before it. */
    static int prefix(Tokenizer tokenizer) {
        return tokenizer.beginOfText().orElse(tokenizer.endOfText());
    }

    private static TokenPair alone(String continuation, Tokenizer tokenizer) {
        int[] tokens = tokenizer.encode(continuation);
        int prefix = prefix(tokenizer);
        return tokens.length > 1 && tokens[0] == prefix
                ? new TokenPair(new int[] {prefix}, Arrays.copyOfRange(tokens, 1, tokens.length))
                : new TokenPair(new int[] {prefix}, tokens);
    }

    private static TokenPair split(String context, String continuation, Tokenizer tokenizer) {
        int[] before = tokenizer.encode(context);
        int[] whole = tokenizer.encode(context + continuation);
        int border = Math.min(before.length, whole.length);
        return new TokenPair(begun(tokenizer.beginOfText(), before), Arrays.copyOfRange(whole, border, whole.length));
    }

    private static int[] begun(OptionalInt begin, int[] tokens) {
        if (begin.isEmpty()) {
            return tokens;
        }
        int[] all = new int[tokens.length + 1];
        all[0] = begin.getAsInt();
        System.arraycopy(tokens, 0, all, 1, tokens.length);
        return all;
    }

    private TokenPair fitted(int contextLength, String where) {
        if (continuation.length > contextLength) {
            throw new UserError(
                    where + ": an answer has " + continuation.length + " tokens, and the model's context is "
                            + contextLength + ".\nTake a model with a longer context, or leave this task out.");
        }
        int kept = Math.min(context.length, contextLength + 1 - continuation.length);
        return new TokenPair(Arrays.copyOfRange(context, context.length - kept, context.length), continuation);
    }
}
