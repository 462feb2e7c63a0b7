package io.github.dyt4j.lab.llm;

import io.github.dyt4j.training.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Tokens to text as they come. Held back: what may be a character's first bytes (text that ends in U+FFFD), and an ending that may begin
 * a stop string. A stop string ends the text before itself, wherever the borders of tokens are.
 *
 * <p>A token's text may depend on the one before it (a space at the start of a text falls away), so tokens are decoded after the last
 * ones that gave whole text, and those after the prompt.
 */
final class TextStream {
    private static final String UNFINISHED = "\uFFFD";

    private final Tokenizer tokenizer;
    private final List<String> stops;
    private final Consumer<String> sink;
    private final StringBuilder text = new StringBuilder();
    private int[] window;
    private int known; // tokens of the window whose text is in `text`
    private int shown; // characters of `text` that went to the sink
    private boolean stopped;

    TextStream(Tokenizer tokenizer, int[] prompt, List<String> stops, Consumer<String> sink) {
        this.tokenizer = tokenizer;
        this.stops = stops;
        this.sink = sink;
        window = prompt.clone();
        known = prompt.length;
    }

    /** True if a stop string is complete: nothing more is taken. */
    boolean add(int token) {
        window = Arrays.copyOf(window, window.length + 1);
        window[window.length - 1] = token;
        String more = more();
        if (!more.isEmpty() && !more.endsWith(UNFINISHED)) {
            take(more);
            window = Arrays.copyOfRange(window, known, window.length);
            known = window.length;
        }
        return stopped;
    }

    /** Gives out all that was held back. True if that completed a stop string. */
    boolean finish() {
        if (!stopped) {
            take(more());
            show(text.length());
        }
        return stopped;
    }

    /** All text without the stop string. */
    String text() {
        return text.toString();
    }

    private String more() {
        String before = tokenizer.decode(Arrays.copyOf(window, known));
        String all = tokenizer.decode(window);
        return all.substring(Math.min(before.length(), all.length()));
    }

    private void take(String more) {
        text.append(more);
        int end = stops.stream()
                .mapToInt(stop -> text.indexOf(stop, shown))
                .filter(at -> at >= 0)
                .min()
                .orElse(-1);
        if (end >= 0) {
            stopped = true;
            text.setLength(end);
            show(end);
        } else {
            show(text.length() - heldBack());
        }
    }

    /** The length of the longest ending that is the beginning of a stop string. */
    private int heldBack() {
        int longest = 0;
        for (String stop : stops) {
            for (int n = Math.min(stop.length() - 1, text.length() - shown); n > longest; n--) {
                if (text.indexOf(stop.substring(0, n), text.length() - n) >= 0) {
                    longest = n;
                }
            }
        }
        return longest;
    }

    private void show(int end) {
        if (end > shown) {
            sink.accept(text.substring(shown, end));
            shown = end;
        }
    }
}
