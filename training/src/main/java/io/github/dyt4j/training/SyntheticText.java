package io.github.dyt4j.training;

import io.github.dyt4j.training.data.Rng;
import io.github.dyt4j.training.text.TokenData;
import io.github.dyt4j.training.text.TokenStream;
import io.github.dyt4j.training.text.Tokenizer;

/** Random tokens, where a recipe is tried without its data. */
record SyntheticText(int vocabulary, long size) implements TokenData {
    @Override
    public Tokenizer tokenizer() {
        throw new UnsupportedOperationException("random tokens have no tokenizer");
    }

    @Override
    public TokenStream training() {
        return new TokenStream() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public void read(long from, int count, long[] out, int offset) {
                for (int i = 0; i < count; i++) {
                    out[offset + i] = Rng.of(0, 0, from + i).nextInt(vocabulary);
                }
            }
        };
    }

    @Override
    public TokenStream heldOut() {
        return training();
    }

    @Override
    public long heldOutBytes() {
        return 0;
    }

    @Override
    public String describe() {
        return "random tokens";
    }

    @Override
    public void close() {}
}
