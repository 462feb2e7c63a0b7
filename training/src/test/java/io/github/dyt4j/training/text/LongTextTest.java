package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LongTextTest {
    private static final String[] BITS = {
        " ",
        " ",
        "  ",
        "\n",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        "word",
        "the",
        "s",
        "'s",
        "42",
        "é",
        "日本",
        "🙂",
        "{",
        "};",
        "//",
        "\u00a0",
        "<|endoftext|>",
        "            "
    };

    @TempDir
    Path dir;

    @Test
    void piecesHaveTheTokensOfTheWhole() throws IOException {
        Path file = Files.write(dir.resolve("tokenizer.json"), TokenizerFileTest.resource("tokenizer.json"));
        // A tokenizer that puts a space before every text.
        String prefixing = new String(TokenizerFileTest.resource("tokenizer.json"), StandardCharsets.UTF_8)
                .replaceAll("(\"add_prefix_space\"\\s*:\\s*)false", "$1true");
        Path prefixingFile = Files.writeString(
                Files.createDirectory(dir.resolve("prefixing")).resolve("tokenizer.json"), prefixing);
        long seed = System.nanoTime();
        for (Path path : List.of(file, prefixingFile)) {
            try (TokenizerFile tokenizer = TokenizerFile.open(path)) {
                assertThat(Arrays.equals(tokenizer.encode("word"), tokenizer.encode(" word")))
                        .isEqualTo(path.equals(prefixingFile));
                for (int i = 0; i < 20; i++) {
                    String text = text(new Random(seed + i));
                    Counting encode = new Counting(tokenizer::encode);
                    assertThat(LongText.encode(text, 700, encode))
                            .as("seed %d of %s", seed + i, path)
                            .isEqualTo(tokenizer.encode(text));
                    assertThat(encode.longest.get()).isLessThan(text.length() / 3);
                }
            }
        }
    }

    @Test
    void aTextThatCanBeCutNowhereIsEncodedWhole() {
        // Each token says how much follows it.
        Function<String, int[]> lengths = text ->
                IntStream.rangeClosed(1, text.length()).map(i -> -i).sorted().toArray();
        String text = "a b\n".repeat(1000);
        assertThat(LongText.encode(text, 100, lengths)).isEqualTo(lengths.apply(text));
        assertThat(LongText.encode("x".repeat(5000), 100, s -> s.chars().toArray()))
                .hasSize(5000);
        assertThat(LongText.encode("", 100, s -> s.chars().toArray())).isEmpty();
    }

    private static String text(Random random) {
        List<String> bits = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            bits.add(BITS[random.nextInt(BITS.length)]);
        }
        return String.join("", bits);
    }

    private static final class Counting implements Function<String, int[]> {
        private final Function<String, int[]> encode;
        private final AtomicInteger longest = new AtomicInteger();

        Counting(Function<String, int[]> encode) {
            this.encode = encode;
        }

        @Override
        public int[] apply(String text) {
            longest.accumulateAndGet(text.length(), Math::max);
            assertThat(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
                    .as("no half of a pair")
                    .isEqualTo(text);
            return encode.apply(text);
        }
    }
}
