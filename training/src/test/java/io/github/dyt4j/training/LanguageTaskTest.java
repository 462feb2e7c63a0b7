package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** With streams whose tokens are their own places, a batch says where it was taken from. */
final class LanguageTaskTest {
    private static final int T = 12;
    private static final int BATCH = 4;
    private static final int SEQUENCES = BATCH * 5 + 3;
    private static final int HELD_OUT = 9;

    /** Room for every place as a token. */
    private static Recipe recipe() {
        return TinyText.recipe().with("vocab_size=1000").with("norm=rmsnorm");
    }

    private static TextSetup setup(Recipe recipe) {
        return TextSetup.of(recipe, TinyText.places(SEQUENCES * T + 1, HELD_OUT * T + 5), TinyText.VOCABULARY);
    }

    /** The places of so many batches' first tokens, a list a batch. */
    private static List<List<Long>> starts(Batches batches, int count) {
        List<List<Long>> starts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try (var _ = new Scope()) {
                Batch batch = batches.next();
                long[] tokens = Tensors.longs(batch.input());
                long[] labels = Tensors.longs(batch.labels());
                assertThat(Tensors.shape(batch.input())).containsExactly(batch.size(), T);
                assertThat(labels)
                        .isEqualTo(LongStream.of(tokens).map(token -> token + 1).toArray());
                for (int row = 0; row < batch.size(); row++) {
                    long first = tokens[row * T];
                    assertThat(Arrays.copyOfRange(tokens, row * T, row * T + T))
                            .isEqualTo(LongStream.range(first, first + T).toArray());
                }
                starts.add(IntStream.range(0, batch.size())
                        .mapToObj(row -> tokens[row * T])
                        .toList());
            }
        }
        return starts;
    }

    private static List<Long> flat(List<List<Long>> batches) {
        return batches.stream().flatMap(List::stream).toList();
    }

    @Test
    void aPassTakesEverySequenceAtMostOnceInAnOrderOfItsOwn() {
        try (Task task = setup(recipe()).build();
                Batches batches = task.training(0)) {
            assertThat(task.batchesPerEpoch()).isEqualTo(5);
            List<Long> first = flat(starts(batches, 5));
            List<Long> second = flat(starts(batches, 5));
            for (List<Long> pass : List.of(first, second)) {
                assertThat(pass)
                        .hasSize(20)
                        .doesNotHaveDuplicates()
                        .isNotEqualTo(pass.stream().sorted().toList());
                assertThat(pass).allSatisfy(start -> assertThat(start % T).isZero());
                assertThat(pass).allSatisfy(start -> assertThat(start).isBetween(0L, (SEQUENCES - 1L) * T));
            }
            assertThat(second).isNotEqualTo(first);
        }
        try (Task other = setup(recipe().with("seed=1")).build();
                Task same = setup(recipe().with("norm=dyt").with("lr=1")).build();
                Task again = setup(recipe()).build()) {
            List<Long> first = flat(starts(again.training(0), 5));
            assertThat(flat(starts(same.training(0), 5))).isEqualTo(first);
            assertThat(flat(starts(other.training(0), 5))).isNotEqualTo(first);
        }
    }

    @Test
    void anyPositionGivesTheBatchesOfAnUnbrokenRun() {
        try (Task task = setup(recipe()).build()) {
            List<List<Long>> unbroken = starts(task.training(0), 13);
            for (int from = 0; from < 13; from++) {
                assertThat(starts(task.training(from), 13 - from)).isEqualTo(unbroken.subList(from, 13));
            }
            assertThat(starts(task.unmixed(), 1)).isEqualTo(unbroken.subList(0, 1));
        }
    }

    @Test
    void evaluationTakesTheFirstHeldOutSequencesInOrder() {
        Recipe seven = recipe();
        try (Task task = setup(seven).build();
                Batches batches = task.evaluation()) {
            assertThat(starts(batches, 2)).containsExactly(List.of(0L, 12L, 24L, 36L), List.of(48L, 60L, 72L));
            assertThat(batches.hasNext()).isFalse();
            assertThat(task.describe())
                    .isEqualTo("tokens in memory\n23 training sequences of 12 tokens; judged by 7 of 9 held-out ones");
        }
        for (String all : List.of("eval_sequences=0", "eval_sequences=100")) {
            try (Task task = setup(seven.with(all)).build()) {
                assertThat(flat(starts(task.evaluation(), 3))).hasSize(9);
            }
        }
    }

    @Test
    void aLossInBitsPerByteDoesNotDependOnTheTokens() {
        try (Task task = setup(recipe()).build()) {
            // A token is two bytes, and log 4 nats are two bits.
            assertThat(task.bitsPerByte(Math.log(4)).orElseThrow()).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void theTaskOwnsItsTokens() {
        TinyText data = TinyText.places(SEQUENCES * T + 1, 100);
        TextSetup.of(recipe(), data, TinyText.VOCABULARY).build().close();
        assertThat(data.closed()).isEqualTo(1);
        TextSetup tooLittle = TextSetup.of(recipe().with("batch_size=24"), data, TinyText.VOCABULARY);
        assertThatThrownBy(tooLittle::build)
                .isInstanceOf(UserError.class)
                .hasMessage(
                        "23 training sequences of 12 tokens do not fill one batch of 24.\nTake a smaller batch_size.");
        assertThat(data.closed()).isEqualTo(2);
    }

    @Test
    void whatDoesNotFitIsSaid() {
        assertThatThrownBy(() -> TextSetup.of(recipe(), TinyText.places(1000, T), TinyText.VOCABULARY))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("The held-out text has 12 tokens, fewer than one sequence of 12 and");
        assertThatThrownBy(() -> setup(recipe().with("vocab_size=10")))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("vocab_size is 10, but the tokenizer bytes has 11 tokens");
        assertThatThrownBy(() -> setup(recipe().with("seq_len=129")))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("seq_len is 129, and llama_mini takes sequences of up to 128 tokens.");
        Recipe longer = recipe().with("seq_len=129").with("max_position_embeddings=129");
        assertThat(TextSetup.of(longer, TinyText.places(1000, 300), TinyText.VOCABULARY)
                        .length())
                .isEqualTo(129);
        TextSetup own = TextSetup.of(
                recipe().with("seq_len=none").with("vocab_size=none"), TinyText.places(1000, 300), TinyText.VOCABULARY);
        assertThat(own.length()).isEqualTo(128);
        assertThat(own.config().vocabSize()).isEqualTo(TinyText.VOCABULARY);
    }

    @Test
    void keysOfImagesAreRefusedForTextAndTheOtherWayRound() {
        assertThatThrownBy(() -> TaskSetup.of(recipe().with("mixup=0.8")))
                .isInstanceOf(UserError.class)
                .hasMessage("mixup is for images, and llama_mini learns from text: leave it away.");
        assertThatThrownBy(() -> TaskSetup.of(recipe().with("data=builtin")))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("The data builtin are images, and llama_mini learns from text.");
        assertThatThrownBy(() -> TaskSetup.of(Recipe.defaults().with("seq_len=128")))
                .isInstanceOf(UserError.class)
                .hasMessage("seq_len is for text, and vit_tiny_patch16_224 learns from images: leave it away.");
        assertThatThrownBy(() -> TaskSetup.of(Recipe.defaults().with("data=jdk")))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("The data jdk are text, and vit_tiny_patch16_224 learns from images.");
        assertThatThrownBy(() -> TaskSetup.of(recipe().with("img_size=32")))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("Model llama_mini has no 'img_size'.");
    }

    @Test
    void withoutItsTextARecipeIsTriedOnRandomTokens() {
        Recipe recipe = recipe().with("data", Path.of("no", "such", "text").toString());
        try (TaskSetup noise = TaskSetup.trial(recipe, 8);
                Task task = noise.build()) {
            assertThat(noise.noise()).isTrue();
            assertThat(noise.trainingExamples()).isEqualTo(8);
            try (var _ = new Scope()) {
                long[] tokens = Tensors.longs(task.training(0).next().input());
                assertThat(LongStream.of(tokens).min().orElseThrow()).isNotNegative();
                assertThat(LongStream.of(tokens).max().orElseThrow()).isLessThan(1000);
                assertThat(LongStream.of(tokens).distinct().count()).isGreaterThan(20);
            }
            assertThat(task.bitsPerByte(1)).isEmpty();
        }
    }
}
