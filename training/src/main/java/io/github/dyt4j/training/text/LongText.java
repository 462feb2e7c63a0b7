package io.github.dyt4j.training.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The tokens of a text of any length, encoded piece by piece on all cores so that memory stays that of a few pieces. A text is cut where
 * white space begins or ends and where the tokens of the 256 characters before are the same with and without those after; each piece is
 * encoded together with these 256, whose tokens are dropped. So what a tokenizer puts before every text is there once, and the tokens are
 * those of the whole wherever one depends on no more than 256 characters to its left.
 */
final class LongText {
    private static final int CONTEXT = 256;

    /** Places that are tried before a piece is made longer: some tokenizers can be cut nowhere. */
    private static final int TRIES = 64;

    private LongText() {}

    /**
     * @param piece characters that a piece has at least, but for the last
     * @param encode is called by several threads
     */
    static int[] encode(String text, int piece, Function<String, int[]> encode) {
        List<Integer> cuts = new ArrayList<>(List.of(0));
        while (cuts.getLast() < text.length()) {
            cuts.add(end(text, cuts.getLast(), piece, encode));
        }
        return IntStream.range(1, cuts.size())
                .parallel()
                .mapToObj(i -> part(text, cuts.get(i - 1), cuts.get(i), encode))
                .flatMapToInt(Arrays::stream)
                .toArray();
    }

    private static int[] part(String text, int from, int to, Function<String, int[]> encode) {
        int begin = whole(text, Math.max(0, from - CONTEXT));
        int dropped = from == 0 ? 0 : encode.apply(text.substring(begin, from)).length;
        int[] ids = encode.apply(text.substring(begin, to));
        return Arrays.copyOfRange(ids, dropped, ids.length);
    }

    private static int end(String text, int from, int piece, Function<String, int[]> encode) {
        for (long start = (long) from + piece; start < text.length(); start += piece) {
            int tries = 0;
            for (int i = (int) start; i < Math.min(text.length(), start + piece) && tries < TRIES; i++) {
                if (Character.isWhitespace(text.charAt(i)) != Character.isWhitespace(text.charAt(i - 1))) {
                    tries++;
                    if (isSeam(text, i, encode)) {
                        return i;
                    }
                }
            }
        }
        return text.length();
    }

    /** This place or the one before it, so that no surrogate pair is cut: half of one spoils a piece's other pairs in Rust. */
    private static int whole(String text, int at) {
        return at > 0 && at < text.length() && Character.isLowSurrogate(text.charAt(at)) ? at - 1 : at;
    }

    private static boolean isSeam(String text, int at, Function<String, int[]> encode) {
        int begin = whole(text, Math.max(0, at - CONTEXT));
        int[] before = encode.apply(text.substring(begin, at));
        int[] both = encode.apply(text.substring(begin, whole(text, Math.min(text.length(), at + CONTEXT))));
        int common = Math.min(before.length, both.length);
        return Arrays.equals(before, 0, before.length, both, 0, common);
    }
}
