package io.github.dyt4j.kernels;

/**
 * Rows cut into blocks, by the shape alone and never by the number of threads: sums over blocks then come out the same to the bit.
 */
record Cut(long rows, int rowsPerBlock) {
    /** Elements of a block, about 10 µs of work. */
    private static final long ELEMENTS = 16384;

    private static final long MOST_BLOCKS = 256;

    /** @param least rows that a block must have, lest adding up the blocks' sums take longer than the blocks */
    static Cut of(long rows, long width, long least) {
        long atLeast = Math.max(least, Math.ceilDiv(rows, MOST_BLOCKS));
        return new Cut(rows, Math.toIntExact(Math.max(atLeast, ELEMENTS / width)));
    }

    int blocks() {
        return Math.toIntExact(Math.ceilDiv(rows, rowsPerBlock));
    }

    long first(int block) {
        return (long) block * rowsPerBlock;
    }

    int rows(int block) {
        return (int) Math.min(rowsPerBlock, rows - first(block));
    }
}
