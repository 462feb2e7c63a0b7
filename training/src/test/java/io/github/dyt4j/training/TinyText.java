package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.training.text.TokenData;
import io.github.dyt4j.training.text.TokenStream;
import io.github.dyt4j.training.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Tokens in memory, and a LLaMA of a few thousand parameters. */
final class TinyText implements TokenData {
    static final int VOCABULARY = 11;
    private static final int LENGTH = 12;

    private final long[] training;
    private final long[] heldOut;
    private int closed;

    private TinyText(long[] training, long[] heldOut) {
        this.training = training;
        this.heldOut = heldOut;
    }

    /** Each token mostly says what comes next. */
    static TinyText chains(int training, int heldOut) {
        return new TinyText(chain(training, 1), chain(heldOut, 2));
    }

    /** Each token is its own place in its stream. */
    static TinyText places(int training, int heldOut) {
        return new TinyText(
                LongStream.range(0, training).toArray(),
                LongStream.range(0, heldOut).toArray());
    }

    private static long[] chain(int length, long seed) {
        Random random = new Random(seed);
        long[] tokens = new long[length];
        for (int i = 1; i < length; i++) {
            tokens[i] = random.nextInt(4) == 0 ? random.nextInt(VOCABULARY) : (tokens[i - 1] * 3 + 1) % VOCABULARY;
        }
        return tokens;
    }

    /** Two epochs of five steps of two batches, which is more than a pass over the data of {@link #task}. */
    static Recipe recipe() {
        return Recipe.parse("""
                model: llama_mini
                hidden_size: 16
                intermediate_size: 24
                num_hidden_layers: 2
                num_attention_heads: 2
                norm: dyt(init=calibrated)
                data: in-memory
                seq_len: 12
                eval_sequences: 7
                batch_size: 4
                grad_accum_steps: 2
                epochs: 2
                steps_per_epoch: 5
                lr: 5e-3
                min_lr: 5e-4
                warmup_epochs: 0.6
                weight_decay: 0.1
                decay_on: all
                betas: [0.9, 0.95]
                clip_grad: 1
                threads: 1
                """, "tiny-text.yaml", "tiny-text");
    }

    /** On tokens that fill 13 batches and a little more. */
    static Task task(Recipe recipe) {
        return TextSetup.of(recipe, chains(LENGTH * 4 * 13 + 20, 200), VOCABULARY)
                .build();
    }

    /** Trains until this many steps are done, and stops there; null: to the end. */
    static void train(Recipe recipe, Path folder, @Nullable Integer stopAfter) throws IOException {
        int[] steps = {0};
        Progress count = new Progress() {
            @Override
            public void step(Step step) {
                steps[0] = (int) step.step();
            }
        };
        boolean ended = Trainer.train(
                        recipe, folder, count, () -> stopAfter != null && steps[0] >= stopAfter, TinyText::task)
                .isPresent();
        assertThat(ended).isEqualTo(stopAfter == null);
    }

    int closed() {
        return closed;
    }

    @Override
    public Tokenizer tokenizer() {
        return new Tokenizer() {
            @Override
            public String name() {
                return "in-memory";
            }

            @Override
            public int vocabSize() {
                return VOCABULARY;
            }

            @Override
            public int[] encode(String text) {
                throw new UnsupportedOperationException(text);
            }

            @Override
            public String decode(int[] ids) {
                throw new UnsupportedOperationException();
            }

            @Override
            public int endOfText() {
                return 0;
            }

            @Override
            public OptionalInt beginOfText() {
                return OptionalInt.empty();
            }

            @Override
            public void write(Path folder) throws IOException {
                Files.writeString(folder.resolve("tokenizer.json"), "{}");
            }
        };
    }

    private static TokenStream stream(long[] tokens) {
        return new TokenStream() {
            @Override
            public long size() {
                return tokens.length;
            }

            @Override
            public void read(long from, int count, long[] out, int offset) {
                System.arraycopy(tokens, Math.toIntExact(from), out, offset, count);
            }
        };
    }

    @Override
    public TokenStream training() {
        return stream(training);
    }

    @Override
    public TokenStream heldOut() {
        return stream(heldOut);
    }

    /** As if a token were two bytes. */
    @Override
    public long heldOutBytes() {
        return 2L * heldOut.length;
    }

    @Override
    public String describe() {
        return "tokens in memory";
    }

    @Override
    public void close() {
        closed++;
    }
}
