package io.github.dyt4j.models;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The alphabet of HyenaDNA and Caduceus, one token a base, with the ids of their tokenizer (Nguyen et al. 2023, "HyenaDNA"; Schiff et al. 2024,
 * "Caduceus"): CLS 0, SEP 1, BOS 2, MASK 3, PAD 4, reserved 5, UNK 6, A 7, C 8, G 9, T 10, N 11.
 */
public final class Bases {
    public static final int SEP = 1;
    public static final int MASK = 3;
    public static final int PAD = 4;
    public static final int A = 7;
    public static final int C = 8;
    public static final int G = 9;
    public static final int T = 10;
    public static final int N = 11;

    /** Tokens that have a meaning. */
    public static final int VOCABULARY = 12;

    /** Rows of the embedding and columns of the head: the next multiple of 8. */
    public static final int PADDED_VOCABULARY = 16;

    private Bases() {}

    /** The token of a letter, small or capital; N for the codes of more than one base (R, Y, …), and −1 for what no nucleotide is written as. */
    public static int token(int letter) {
        return switch (letter) {
            case 'A', 'a' -> A;
            case 'C', 'c' -> C;
            case 'G', 'g' -> G;
            case 'T', 't', 'U', 'u' -> T;
            default -> "NRYSWKMBDHVnryswkmbdhv".indexOf(letter) >= 0 ? N : -1;
        };
    }

    /** The token of the base on the other strand; everything that is no base is its own. */
    public static int complement(int token) {
        return switch (token) {
            case A -> T;
            case C -> G;
            case G -> C;
            case T -> A;
            default -> token;
        };
    }

    /** The mean of x (B, L, D) over the places of each sequence whose token (B, L) is not {@link #PAD}: (B, D); 0 where all are. */
    static Tensor mean(Tensor x, Tensor tokens) {
        Tensor seen = tokens.ne(new Scalar(PAD)).to(x.scalar_type()).unsqueeze(1); // (B, 1, L)
        return torch.bmm(seen, x).squeeze(1).div(seen.sum(2).clamp_min_(new Scalar(1))); // (B, D)
    }

    /** {@link #complement} of every id of the padded vocabulary. */
    public static int[] complements() {
        int[] map = new int[PADDED_VOCABULARY];
        Arrays.setAll(map, Bases::complement);
        return map;
    }
}
