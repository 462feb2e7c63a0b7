package io.github.dyt4j.training.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Byte-level BPE (Radford et al., 2019) as {@code tokenizer.json} writes it: each byte is a letter, and tokens are strings of these. */
final class ByteLevel {
    private ByteLevel() {}

    /** The letter that stands for each byte: itself where it prints in Latin-1, else the next from U+0100. */
    static char[] letters() {
        char[] letters = new char[256];
        char next = 256;
        for (char b = 0; b < letters.length; b++) {
            boolean prints = (b >= '!' && b <= '~') || (b >= '¡' && b != 0xad);
            letters[b] = prints ? b : next++;
        }
        return letters;
    }

    /**
     * Writes {@code tokenizer.json} and {@code tokenizer_config.json}, with the keys in a fixed order.
     *
     * @param end the special token with id 0 that ends a text; null: there is none, and texts are not cut into GPT-2's pieces either
     */
    static void write(Path folder, Map<String, Integer> vocab, List<List<String>> merges, @Nullable String end)
            throws IOException {
        Map<String, Object> byteLevel = new LinkedHashMap<>();
        byteLevel.put("type", "ByteLevel");
        byteLevel.put("add_prefix_space", false);
        byteLevel.put("trim_offsets", true);
        byteLevel.put("use_regex", end != null);
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        model.put("vocab", vocab);
        model.put("merges", merges);
        Map<String, Object> file = new LinkedHashMap<>();
        file.put("version", "1.0");
        file.put("added_tokens", end == null ? List.of() : List.of(special(end)));
        file.put("pre_tokenizer", byteLevel);
        file.put("decoder", byteLevel);
        file.put("model", model);
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        if (end != null) {
            config.put("eos_token", end);
        }
        config.put("clean_up_tokenization_spaces", false);
        Files.createDirectories(folder);
        var json = JsonMapper.shared().writerWithDefaultPrettyPrinter();
        Files.write(folder.resolve("tokenizer.json"), json.writeValueAsBytes(file));
        Files.write(folder.resolve("tokenizer_config.json"), json.writeValueAsBytes(config));
    }

    private static Map<String, Object> special(String token) {
        Map<String, Object> special = new LinkedHashMap<>();
        special.put("id", 0);
        special.put("content", token);
        for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            special.put(no, false);
        }
        special.put("special", true);
        return special;
    }
}
