package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;

/** Bases as letters and as tokens. */
final class Letters {
    private static final byte[] TOKENS = new byte[256];

    static {
        for (int letter = 0; letter < TOKENS.length; letter++) {
            TOKENS[letter] = (byte) Bases.token(letter);
        }
    }

    private Letters() {}

    /** {@link Bases#token} of a byte; −1 for what no base is written as. */
    static int token(byte letter) {
        return TOKENS[letter & 0xFF];
    }

    /** What is wrong with a letter that is none, where it stands. */
    static UserError wrong(String where, byte letter) {
        char shown = (char) (letter & 0xFF);
        boolean protein = "EFILPQZJOXefilpqzjox*".indexOf(shown) >= 0;
        String named = shown > ' ' && shown < 127 ? "'" + shown + "'" : String.format("the byte 0x%02x", letter);
        return new UserError(where + ": " + named + " stands for no base"
                + (protein ? "; proteins have it." : ".")
                + "\nDNA is A, C, G, T (or U), N and the IUPAC codes of several bases, which are read as N.");
    }

    /** The tokens of a sequence that is written in one piece; blanks within it are passed over. */
    static byte[] tokens(String sequence, String where) {
        byte[] tokens = new byte[sequence.length()];
        int n = 0;
        for (int i = 0; i < sequence.length(); i++) {
            char c = sequence.charAt(i);
            if (c > ' ') {
                byte letter = (byte) Math.min(c, 255);
                int token = token(letter);
                if (token < 0) {
                    throw wrong(where, letter);
                }
                tokens[n++] = (byte) token;
            }
        }
        if (n == 0) {
            throw new UserError(where + ": the sequence is empty.\nTake it out of the file, or write its bases.");
        }
        return n == tokens.length ? tokens : java.util.Arrays.copyOf(tokens, n);
    }
}
