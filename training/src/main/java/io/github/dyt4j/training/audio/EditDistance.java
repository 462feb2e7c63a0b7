package io.github.dyt4j.training.audio;

import java.util.List;

/** The fewest insertions, deletions and substitutions that make one sequence the other (Levenshtein 1966), each of cost 1. */
public final class EditDistance {
    private EditDistance() {}

    public static <T> int of(List<T> a, List<T> b) {
        int[] row = new int[b.size() + 1]; // from the first i of a to the first j of b
        for (int j = 0; j <= b.size(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.size(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.size(); j++) {
                int substituted = diagonal + (a.get(i - 1).equals(b.get(j - 1)) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.size()];
    }

    /** Between two texts, in words that spaces part. */
    public static int words(String a, String b) {
        return of(Transcripts.words(a), Transcripts.words(b));
    }

    /** Between two texts, in characters, the spaces among them. */
    public static int characters(String a, String b) {
        return of(a.codePoints().boxed().toList(), b.codePoints().boxed().toList());
    }
}
