package io.github.dyt4j.lab.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.llm.Generator.End;
import io.github.dyt4j.lab.llm.Generator.Generated;
import io.github.dyt4j.models.Llama;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratorTest {
    private static final TinyTokenizer TOKENIZER = TinyTokenizer.ofCharacters();
    private static final int[] PROMPT = TinyLlama.ids(40, 1);
    private static Llama model = TinyLlama.create();

    @BeforeAll
    static void open() {
        model.close();
        model = TinyLlama.create();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Generator generator(Set<Integer> ends, int piece) {
        return new Generator(new Pretrained(model, TOKENIZER, ends), piece);
    }

    private static Generated generate(Sampling sampling, int max, String... stops) {
        return generator(Set.of(256), 512).generate(TOKENIZER.decode(PROMPT), sampling, max, List.of(stops), _ -> {});
    }

    /** By the whole forward over all tokens so far, without a cache. */
    private static int[] byFullForward(int[] prompt, Sampling sampling, int n) {
        int[] ids = prompt;
        for (int i = 0; i < n; i++) {
            float[][] logits = TinyLlama.logits(model, ids);
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = sampling.pick(logits[logits.length - 1], i);
        }
        return Arrays.copyOfRange(ids, prompt.length, ids.length);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 39, 40, 512})
    void greedyAndDrawnAreThoseOfTheFullForwardWhateverThePieces(int piece) {
        Generated g = generator(Set.of(256), piece)
                .generate(TOKENIZER.decode(PROMPT), Sampling.greedy(), 20, List.of(), _ -> {});
        assertThat(TOKENIZER.encode(g.text())).isEqualTo(byFullForward(PROMPT, Sampling.greedy(), 20));
        Sampling drawn = new Sampling(1, 0, 1, 3);
        Generated d = generator(Set.of(256), piece).generate(TOKENIZER.decode(PROMPT), drawn, 20, List.of(), _ -> {});
        assertThat(TOKENIZER.encode(d.text())).isEqualTo(byFullForward(PROMPT, drawn, 20));
        assertThat(g.end()).isEqualTo(End.MAX_TOKENS);
        assertThat(g.promptTokens()).isEqualTo(40);
        assertThat(g.generatedTokens()).isEqualTo(20);
    }

    @Test
    void aSeedRepeatsATextAndAnotherGivesAnother() {
        Sampling sampling = new Sampling(1, 0, 1, 3);
        String text = generate(sampling, 12).text();
        assertThat(generate(sampling, 12).text()).isEqualTo(text);
        assertThat(TOKENIZER.encode(text)).isEqualTo(byFullForward(PROMPT, sampling, 12));
        Set<String> texts = new HashSet<>();
        for (int seed = 0; seed < 8; seed++) {
            texts.add(generate(new Sampling(1, 0, 1, seed), 12).text());
        }
        assertThat(texts).hasSize(8);
    }

    @Test
    void oneCandidateIsGreedy() {
        String greedy = generate(Sampling.greedy(), 15).text();
        assertThat(generate(new Sampling(2, 1, 1, 9), 15).text()).isEqualTo(greedy);
        assertThat(generate(new Sampling(2, 0, 1e-9, 9), 15).text()).isEqualTo(greedy);
    }

    /** Drawn, not greedy: a small model's most likely tokens soon repeat. */
    @Test
    void endsAtEndOfTextStopAndFullContext() {
        Sampling sampling = new Sampling(1, 0, 1, 3);
        String text = generate(sampling, 20).text();
        assertThat(text).hasSize(20);
        assertThat(text.indexOf(text.charAt(5))).isEqualTo(5);
        Generated end = generator(Set.of(TOKENIZER.encode(text)[5]), 512)
                .generate(TOKENIZER.decode(PROMPT), sampling, 20, List.of(), _ -> {});
        assertThat(end.end()).isEqualTo(End.END_OF_TEXT);
        assertThat(end.text()).isEqualTo(text.substring(0, 5));
        assertThat(end.generatedTokens()).isEqualTo(6);

        Generated stop = generate(sampling, 20, text.substring(3, 6));
        assertThat(stop.end()).isEqualTo(End.STOP);
        assertThat(stop.text()).isEqualTo(text.substring(0, 3));
        assertThat(stop.generatedTokens()).isEqualTo(6);

        Generated full = generate(sampling, 1000);
        assertThat(full.end()).isEqualTo(End.CONTEXT);
        assertThat(full.promptTokens() + full.generatedTokens()).isEqualTo(TinyLlama.CONTEXT);
        assertThat(full.text()).startsWith(text);
        assertThat(generate(sampling, TinyLlama.CONTEXT - 40).end()).isEqualTo(End.MAX_TOKENS);
    }

    @Test
    void anEmptyPromptBeginsWithBeginOfTextOrElseEndOfText() {
        assertThat(afterNothing(OptionalInt.empty())).isEqualTo(byFullForward(new int[] {256}, Sampling.greedy(), 8));
        assertThat(afterNothing(OptionalInt.of(257))).isEqualTo(byFullForward(new int[] {257}, Sampling.greedy(), 8));
    }

    private static int[] afterNothing(OptionalInt begin) {
        Pretrained pretrained = new Pretrained(model, new TinyTokenizer(false, begin), Set.of());
        return TOKENIZER.encode(new Generator(pretrained)
                .generate("", Sampling.greedy(), 8, List.of(), _ -> {})
                .text());
    }

    @Test
    void saysWhatIsWrong() {
        Generator generator = generator(Set.of(), 512);
        String long70 = TOKENIZER.decode(TinyLlama.ids(70, 2));
        assertThatThrownBy(() -> generator.generate(long70, Sampling.greedy(), 5, List.of(), _ -> {}))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll("70", "64");
        String long64 = TOKENIZER.decode(TinyLlama.ids(64, 2));
        assertThatThrownBy(() -> generator.generate(long64, Sampling.greedy(), 5, List.of(), _ -> {}))
                .isInstanceOf(UserError.class);
        assertThatThrownBy(() -> generate(Sampling.greedy(), 0))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("0");
        assertThatThrownBy(() -> generate(Sampling.greedy(), 5, "")).isInstanceOf(UserError.class);
    }
}
