package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ByteTokenizerTest {
    /** Texts that tokenizers stumble over; Ā is the letter that stands for byte 0. */
    static final String[] AWKWARD = {
        "",
        " ",
        "  two  spaces  ",
        "a\r\nb\r\n\r\n",
        "\n\n\n  x",
        "\t\tif (a) {\n\t}\n",
        "Ā",
        "aĀb Ġ Ċ ġ",
        "🙂👩‍👩‍👧 é e\u0301",
        "日本語 العربية",
        "\ufeffmark",
        "\u00a0\u2028\u2029\u3000",
        "it's I'LL 3.14 1000000",
        "\u0001\u007f\u0085",
        "<|endoftext|> </s> <s>",
        "x".repeat(300),
        "aaaa ".repeat(100)
    };

    @TempDir
    Path dir;

    @Test
    void huggingFacesReadingOfWhatIsWrittenGivesTheSameIds() throws IOException {
        ByteTokenizer bytes = new ByteTokenizer();
        bytes.write(dir);
        Files.writeString(dir.resolve("generation_config.json"), "{\"eos_token_id\": 0}");
        Path copy = dir.resolve("copy");
        try (TokenizerFile read = TokenizerFile.open(dir.resolve("tokenizer.json"))) {
            read.write(copy);
        }
        try (TokenizerFile again = TokenizerFile.open(copy.resolve("tokenizer.json"))) {
            assertThat(again.endOfText()).isZero(); // which no file of the tokenizer's own says
        }
        try (TokenizerFile file = TokenizerFile.open(dir.resolve("tokenizer.json"))) {
            assertThat(file.vocabSize()).isEqualTo(256);
            assertThat(file.endOfText()).isZero();
            assertThat(file.beginOfText()).isEmpty();
            for (String text : AWKWARD) {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                int[] expected = new int[utf8.length];
                for (int i = 0; i < utf8.length; i++) {
                    expected[i] = utf8[i] & 0xff;
                }
                assertThat(bytes.encode(text)).as(text).isEqualTo(expected);
                assertThat(file.encode(text)).as(text).isEqualTo(expected);
                assertThat(file.decode(expected)).isEqualTo(text).isEqualTo(bytes.decode(expected));
            }
        }
    }

    @Test
    void aByteZeroIsLeftOut() {
        assertThat(new ByteTokenizer().encode("a\0b\0")).containsExactly('a', 'b');
        assertThat(new ByteTokenizer().decode(new int[] {'a', 0, 'b', 0, 256, -1}))
                .isEqualTo("ab");
    }
}
