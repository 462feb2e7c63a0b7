package io.github.dyt4j.kernels;

/**
 * A selective scan's shape, and the memory that it asks for beside its inputs and outputs: at most about 2·B·L·(D + N) values in all, whatever
 * N is, where the states of every step would be B·L·D·N.
 *
 * @param batch B, sequences that know nothing of each other
 * @param length L, tokens of each
 * @param channels D
 * @param states N, states a channel
 */
public record ScanCall(long batch, long length, int channels, int states) {
    private static final int LEAST_CHUNK = 32;
    private static final int LEAST_GROUP = 32;
    /** Values of the widest vector. */
    private static final int PAD = 16;

    public ScanCall {
        if (batch < 0 || length < 1 || channels < 1 || states < 1) {
            throw new IllegalArgumentException("a scan of " + batch + " sequences of " + length + " tokens, " + channels
                    + " channels, " + states + " states");
        }
    }

    /** Tokens between two states that forward keeps; at least N, so that the kept states are no more than the inputs. */
    int chunk() {
        return Math.max(LEAST_CHUNK, states);
    }

    long chunks() {
        return Math.ceilDiv(length, (long) chunk());
    }

    /** Channels that one thread sums dB and dC over; at least 2·N, so that all groups' sums are no more than the inputs. */
    int group() {
        return Math.ceilDiv(Math.max(LEAST_GROUP, 2 * states), PAD) * PAD;
    }

    int groups() {
        return Math.ceilDiv(channels, group());
    }

    /** Values of f32 that forward keeps for backward: the state before every chunk. */
    public long kept() {
        return batch * chunks() * states * Math.ceilDiv(channels, PAD) * PAD;
    }

    /** Values of f32 that backward uses as scratch: each group's part of dB and dC, each sequence's of dA and dD. */
    public long scratch() {
        return batch * (2 * length * groups() * states + channels * (states + 1L));
    }
}
