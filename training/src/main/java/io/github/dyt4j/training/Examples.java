package io.github.dyt4j.training;

import java.util.Locale;

/**
 * What the examples of a data set are called, for people.
 *
 * @param tokens in each where an example is a sequence of tokens, else 0
 */
public record Examples(String one, String many, int tokens) {
    static final Examples IMAGES = new Examples("image", "images", 0);

    static final Examples CLIPS = new Examples("clip", "clips", 0);

    static Examples sequences(int tokens) {
        return new Examples("sequence", "sequences", tokens);
    }

    /** "64 images", "32 sequences (4,096 tokens)". */
    public String count(long n) {
        String own = String.format(Locale.ROOT, "%,d %s", n, n == 1 ? one : many);
        return tokens == 0 ? own : own + String.format(Locale.ROOT, " (%,d tokens)", n * tokens);
    }

    /** What throughput is counted in: images, tokens. */
    public String parts() {
        return tokens == 0 ? many : "tokens";
    }

    /** How many {@link #parts} so many examples are. */
    public double parts(double examples) {
        return tokens == 0 ? examples : examples * tokens;
    }
}
