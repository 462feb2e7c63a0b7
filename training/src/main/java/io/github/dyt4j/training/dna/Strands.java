package io.github.dyt4j.training.dna;

import io.github.dyt4j.models.Bases;

/** The two strands of DNA. */
public final class Strands {
    private Strands() {}

    /** Turns a sequence to the other strand where it stands: backwards, each base by its complement. Padding at its end stays there. */
    public static void reverseComplement(byte[] tokens) {
        int end = tokens.length;
        while (end > 0 && tokens[end - 1] == Bases.PAD) {
            end--;
        }
        for (int i = 0, j = end - 1; i <= j; i++, j--) {
            byte first = tokens[i];
            tokens[i] = (byte) Bases.complement(tokens[j]);
            tokens[j] = (byte) Bases.complement(first);
        }
    }
}
