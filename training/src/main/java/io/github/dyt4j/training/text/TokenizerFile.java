package io.github.dyt4j.training.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.github.dyt4j.formats.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A {@code tokenizer.json}, read and run by Hugging Face's own Rust crate. A special token that a text spells out is encoded as that token;
 * truncation and padding that the file asks for are not done.
 *
 * <p>The end of a text is {@code eos_token} of {@code tokenizer_config.json} beside it, else {@code eos_token_id} (the first of a list) of
 * {@code generation_config.json} or {@code config.json}, else a special token of a usual name. The begin is {@code bos_token} likewise, but
 * none where {@code tokenizer_config.json} says {@code null} or {@code add_bos_token: false}.
 */
public final class TokenizerFile implements Tokenizer {
    /** Files beside a {@code tokenizer.json} that may say which token ends a text. */
    static final List<String> BESIDE = List.of("tokenizer_config.json", "generation_config.json", "config.json");

    /** Characters that are encoded at once: Rust holds some hundred bytes for each. */
    private static final int PIECE = 1 << 20;

    private static final List<String> KINDS = List.of("BPE", "Unigram", "WordLevel", "WordPiece");
    private static final List<String> USUAL_ENDS = List.of(BpeTrainer.END, "</s>", "<|end_of_text|>");
    private static final Map<String, String> OPTIONS =
            Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

    static {
        // DJL would fetch another native library where it sees a GPU, and report its use from EC2.
        setDefault("ai.djl.offline", "true");
        setDefault("RUST_FLAVOR", "cpu");
        setDefault("OPT_OUT_TRACKING", "true");
        setDefault("slf4j.internal.verbosity", "ERROR");
    }

    private final String name;
    private final byte[] json;
    private final byte @Nullable [] config;
    private final HuggingFaceTokenizer tokenizer;
    private final int vocabSize;
    private final int end;
    private final OptionalInt begin;

    private TokenizerFile(
            String name,
            byte[] json,
            byte @Nullable [] config,
            HuggingFaceTokenizer tokenizer,
            int vocabSize,
            int end,
            OptionalInt begin) {
        this.name = name;
        this.json = json;
        this.config = config;
        this.tokenizer = tokenizer;
        this.vocabSize = vocabSize;
        this.end = end;
        this.begin = begin;
    }

    /** Throws a {@link UserError} for what is no {@code tokenizer.json}, and for one without an end of text. */
    public static TokenizerFile open(Path tokenizerJson) {
        return open(tokenizerJson, tokenizerJson.toString());
    }

    static TokenizerFile open(Path tokenizerJson, String name) {
        byte[] json = read(tokenizerJson);
        JsonNode root = parse(tokenizerJson, json);
        String kind = root.path("model").path("type").asString("");
        if (!root.path("model").isObject()) {
            throw no(tokenizerJson, "it has no \"model\"", null);
        }
        if (!kind.isEmpty() && !KINDS.contains(kind)) {
            throw no(tokenizerJson, "its model is of type '" + kind + "', which is none of " + KINDS, null);
        }
        var vocabulary = new Vocabulary(root);
        int size = vocabulary.size();
        if (size == 0) {
            throw no(tokenizerJson, "its vocabulary is empty", null);
        }
        Path configFile = tokenizerJson.resolveSibling("tokenizer_config.json");
        byte[] config = Files.exists(configFile) ? read(configFile) : null;
        JsonNode said = config == null ? JsonMapper.shared().createObjectNode() : parse(configFile, config);
        OptionalInt end = special(tokenizerJson, said, vocabulary, size, "eos_token");
        for (String usual : USUAL_ENDS) {
            end = end.isPresent() ? end : vocabulary.special(usual);
        }
        int endId = end.orElseThrow(() -> new UserError(tokenizerJson
                + " does not say which token ends a text. Name it as \"eos_token\" in " + configFile + "."));
        boolean noBegin =
                said.path("bos_token").isNull() || !said.path("add_bos_token").asBoolean(true);
        OptionalInt begin = noBegin ? OptionalInt.empty() : special(tokenizerJson, said, vocabulary, size, "bos_token");
        return new TokenizerFile(name, json, config, load(tokenizerJson, json), size, endId, begin);
    }

    private static HuggingFaceTokenizer load(Path file, byte[] json) {
        try {
            return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
        } catch (LinkageError e) {
            throw new UserError(
                    "The native library of Hugging Face's tokenizers does not load here; it is there for Linux (glibc) on x86-64 and ARM64,"
                            + " macOS on ARM64 and Windows on x86-64. The tokenizer 'bytes' needs none.",
                    e);
        } catch (IOException | RuntimeException e) {
            throw no(file, "a part of it is missing or not of the form that Hugging Face's tokenizers reads", e);
        }
    }

    private static OptionalInt special(Path file, JsonNode said, Vocabulary vocabulary, int size, String name) {
        JsonNode token = said.path(name);
        String content = token.isObject() ? token.path("content").asString("") : token.asString("");
        if (!content.isEmpty()) {
            OptionalInt id = vocabulary.id(content);
            if (id.isEmpty()) {
                throw new UserError(file.resolveSibling("tokenizer_config.json") + " says that " + name + " is '"
                        + content + "', which " + file + " does not hold. The two files must be of one tokenizer.");
            }
            return id;
        }
        for (String other : BESIDE.subList(1, BESIDE.size())) {
            Path path = file.resolveSibling(other);
            JsonNode id = Files.exists(path) ? parse(path, read(path)).path(name + "_id") : said.path("");
            JsonNode first = id.isArray() ? id.path(0) : id;
            if (first.isIntegralNumber()) {
                if (first.asLong() < 0 || first.asLong() >= size) {
                    throw new UserError(path + " says that " + name + "_id is " + first.asLong() + ", but " + file
                            + " has ids from 0 to " + (size - 1) + ". The two files must be of one model.");
                }
                return OptionalInt.of(first.asInt());
            }
        }
        return OptionalInt.empty();
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UserError(
                    Files.exists(file)
                            ? file + " cannot be read: is it a file, and yours to read?"
                            : file + " is not there.",
                    e);
        }
    }

    private static JsonNode parse(Path file, byte[] json) {
        try {
            JsonNode root = JsonMapper.shared().readTree(json);
            if (root.isObject()) {
                return root;
            }
        } catch (JacksonException e) {
            throw no(file, "it is not JSON", e);
        }
        throw no(file, "it is not a JSON object", null);
    }

    private static UserError no(Path file, String why, @Nullable Throwable cause) {
        return new UserError(
                file + " is no " + (file.endsWith("tokenizer.json") ? "" : "readable ") + file.getFileName() + ": "
                        + why + ".",
                cause);
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** The path of the file, or {@code bpe-N} where a corpus trained it. */
    @Override
    public String name() {
        return name;
    }

    /** The largest id, added tokens included, plus one. */
    @Override
    public int vocabSize() {
        return vocabSize;
    }

    /** A half of a surrogate pair, which is no text, is read as a question mark. */
    @Override
    public int[] encode(String text) {
        String whole = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        return whole.length() <= PIECE ? ids(whole) : LongText.encode(whole, PIECE, this::ids);
    }

    /** By the calls below DJL's own {@code encode}, which makes Java objects of all else that Rust knows of each token: several times slower. */
    private int[] ids(String text) {
        long encoding = TokenizersLibrary.LIB.encode(tokenizer.getHandle(), text, false);
        try {
            return Arrays.stream(TokenizersLibrary.LIB.getTokenIds(encoding))
                    .mapToInt(Math::toIntExact)
                    .toArray();
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    @Override
    public String decode(int[] ids) {
        long[] known = Arrays.stream(ids)
                .filter(id -> id >= 0 && id < vocabSize)
                .asLongStream()
                .toArray();
        return tokenizer.decode(known, true);
    }

    @Override
    public int endOfText() {
        return end;
    }

    @Override
    public OptionalInt beginOfText() {
        return begin;
    }

    /**
     * {@code tokenizer.json} and, where there was one, {@code tokenizer_config.json}, byte for byte as they were read; and the ids of begin
     * and end as {@code generation_config.json}, since the files that named them may not come along.
     */
    @Override
    public void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("tokenizer.json"), json);
        if (config != null) {
            Files.write(folder.resolve("tokenizer_config.json"), config);
        }
        Map<String, Object> ids = new TreeMap<>(Map.of("eos_token_id", end));
        begin.ifPresent(id -> ids.put("bos_token_id", id));
        Files.write(
                folder.resolve("generation_config.json"),
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(ids));
    }

    @Override
    public void close() {
        tokenizer.close();
    }

    /** Tokens and ids of the file: {@code model.vocab} is an object of ids, or Unigram's list of [token, score]. */
    private record Vocabulary(JsonNode root) {
        int size() {
            JsonNode vocab = root.path("model").path("vocab");
            int size = vocab.isArray() ? vocab.size() : 0;
            if (vocab.isObject()) {
                for (JsonNode id : vocab.values()) {
                    size = Math.max(size, id.asInt(-1) + 1);
                }
            }
            for (JsonNode added : root.path("added_tokens")) {
                size = Math.max(size, added.path("id").asInt(-1) + 1);
            }
            return size;
        }

        OptionalInt special(String content) {
            for (JsonNode added : root.path("added_tokens")) {
                if (added.path("special").asBoolean(false)
                        && added.path("content").asString("").equals(content)) {
                    return OptionalInt.of(added.path("id").asInt());
                }
            }
            return OptionalInt.empty();
        }

        OptionalInt id(String content) {
            for (JsonNode added : root.path("added_tokens")) {
                if (added.path("content").asString("").equals(content)) {
                    return OptionalInt.of(added.path("id").asInt());
                }
            }
            JsonNode vocab = root.path("model").path("vocab");
            for (int i = 0; vocab.isArray() && i < vocab.size(); i++) {
                if (vocab.path(i).path(0).asString("").equals(content)) {
                    return OptionalInt.of(i);
                }
            }
            JsonNode id = vocab.path(content);
            return id.isIntegralNumber() ? OptionalInt.of(id.asInt()) : OptionalInt.empty();
        }
    }
}
