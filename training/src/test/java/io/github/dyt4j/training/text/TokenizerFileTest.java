package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Against what {@code goldens/tokenizer.py} wrote. */
class TokenizerFileTest {
    @TempDir
    Path dir;

    private Path file;

    @BeforeEach
    void copy() throws IOException {
        file = Files.write(dir.resolve("tokenizer.json"), resource("tokenizer.json"));
    }

    @Test
    void idsAndTextsArePythons() throws IOException {
        try (var tokenizer = TokenizerFile.open(file)) {
            check(tokenizer);
        }
    }

    @Test
    void truncationPaddingAndSpecialTokensOfTheFileAreNotDone() throws IOException {
        var root = (ObjectNode) JsonMapper.shared().readTree(resource("tokenizer.json"));
        root.set("truncation", json("{'direction':'Right','max_length':3,'strategy':'LongestFirst','stride':0}"));
        root.set(
                "padding",
                json(
                        "{'strategy':{'Fixed':64},'direction':'Right','pad_to_multiple_of':null,'pad_id':0,'pad_type_id':0,"
                                + "'pad_token':'<|endoftext|>'}"));
        root.set(
                "post_processor",
                json(
                        "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<|endoftext|>','type_id':0}},"
                                + "{'Sequence':{'id':'A','type_id':0}}],'pair':[{'Sequence':{'id':'A','type_id':0}},{'Sequence':{'id':'B','type_id':0}}],"
                                + "'special_tokens':{'<|endoftext|>':{'id':'<|endoftext|>','ids':[0],'tokens':['<|endoftext|>']}}}"));
        Files.writeString(file, root.toString());
        try (var tokenizer = TokenizerFile.open(file)) {
            check(tokenizer);
        }
    }

    @Test
    void vocabularyEndsAndBegins() throws IOException {
        assertThat(ends()).isEqualTo("600 0 OptionalInt.empty");
        beside("config.json", "{'eos_token_id': 5, 'bos_token_id': 6}");
        assertThat(ends()).isEqualTo("600 5 OptionalInt[6]");
        beside("generation_config.json", "{'eos_token_id': [7, 8]}");
        assertThat(ends()).isEqualTo("600 7 OptionalInt[6]");
        beside("tokenizer_config.json", "{'eos_token': {'content': '!'}, 'bos_token': '<|endoftext|>'}");
        assertThat(ends()).isEqualTo("600 1 OptionalInt[0]");
        beside("tokenizer_config.json", "{'bos_token': null}");
        assertThat(ends()).isEqualTo("600 7 OptionalInt.empty");
        beside("tokenizer_config.json", "{'bos_token': '!', 'add_bos_token': false}");
        assertThat(ends()).isEqualTo("600 7 OptionalInt.empty");

        var root = (ObjectNode) JsonMapper.shared().readTree(resource("tokenizer.json"));
        root.withArray("/added_tokens")
                .add(json("{'id':600,'content':'</s>','single_word':false,'lstrip':false,'rstrip':false,"
                        + "'normalized':false,'special':true}"));
        Files.writeString(file, root.toString());
        assertThat(ends()).startsWith("601 ");
    }

    @Test
    void whatIsWrittenOpensTheSame() throws IOException {
        beside("tokenizer_config.json", "{'eos_token': '!'}");
        Path copy = dir.resolve("copy");
        try (var tokenizer = TokenizerFile.open(file)) {
            tokenizer.write(copy);
        }
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            assertThat(copy.resolve(name)).hasSameBinaryContentAs(dir.resolve(name));
        }
    }

    @Test
    void strangeInputIsNoCrash() {
        try (var tokenizer = TokenizerFile.open(file)) {
            assertThat(tokenizer.encode("a\ud800b")).isEqualTo(tokenizer.encode("a?b"));
            int[] ids = tokenizer.encode("日");
            assertThat(tokenizer.decode(new int[] {-1, 600, Integer.MAX_VALUE, 0}))
                    .isEmpty();
            assertThat(tokenizer.decode(new int[0])).isEmpty();
            assertThat(tokenizer.decode(ids)).isEqualTo("日");
            int half = tokenizer.encode("\u0001é")[1];
            assertThat(tokenizer.decode(new int[] {half, half})).contains("\ufffd");
        }
    }

    @Test
    void whatIsNoTokenizerIsSaidInOneLine() throws IOException {
        String good = new String(resource("tokenizer.json"), StandardCharsets.UTF_8);
        refused("", "not a JSON object");
        refused("{\"model\": ", "not JSON");
        refused("[]", "not a JSON object");
        refused("{}", "no \"model\"");
        refused("{\"model\": {\"type\": \"LSTM\"}}", "'LSTM'");
        refused("{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}", "vocabulary is empty");
        refused(good.replace("\"ByteLevel\"", "\"NoLevel\""), "not of the form");
        refused(good.replace("\"merges\"", "\"mergers\""), "not of the form");
        refused(good.replace("<|endoftext|>", "<|x|>"), "eos_token");
        Files.writeString(file, good);
        beside("tokenizer_config.json", "{'eos_token': '<nowhere>'}");
        assertThatThrownBy(() -> TokenizerFile.open(file))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("<nowhere>");
        beside("tokenizer_config.json", "{}");
        beside("config.json", "{'eos_token_id': 600}");
        assertThatThrownBy(() -> TokenizerFile.open(file))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("from 0 to 599");
        assertThatThrownBy(() -> TokenizerFile.open(dir.resolve("none.json")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("none.json is not there");
        assertThatThrownBy(() -> TokenizerFile.open(dir))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("cannot be read");
    }

    static void check(Tokenizer tokenizer) throws IOException {
        JsonNode cases = JsonMapper.shared().readTree(resource("ids.json"));
        assertThat(cases.size()).isGreaterThan(20);
        for (JsonNode one : cases) {
            String text = one.path("text").asString();
            int[] ids = one.path("ids").valueStream().mapToInt(JsonNode::asInt).toArray();
            assertThat(tokenizer.encode(text)).as(text).isEqualTo(ids);
            assertThat(tokenizer.decode(ids)).isEqualTo(one.path("decoded").asString());
        }
    }

    static byte[] resource(String name) throws IOException {
        try (InputStream in = TokenizerFileTest.class.getResourceAsStream(name)) {
            return java.util.Objects.requireNonNull(in, name).readAllBytes();
        }
    }

    private String ends() {
        try (var tokenizer = TokenizerFile.open(file)) {
            return tokenizer.vocabSize() + " " + tokenizer.endOfText() + " " + tokenizer.beginOfText();
        }
    }

    private void refused(String content, String why) throws IOException {
        Files.writeString(file, content);
        assertThatThrownBy(() -> TokenizerFile.open(file))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(why)
                .hasMessageNotContaining("\n");
    }

    private void beside(String name, String json) throws IOException {
        Files.writeString(dir.resolve(name), json(json).toString());
    }

    private static JsonNode json(String singleQuoted) {
        return JsonMapper.shared().readTree(singleQuoted.replace('\'', '"'));
    }
}
