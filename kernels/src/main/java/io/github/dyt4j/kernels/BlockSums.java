package io.github.dyt4j.kernels;

import java.lang.foreign.Arena;

/** For each block of rows, its part of some sums in f32, each sum a row of whole vectors; and their total in the order of the blocks. */
final class BlockSums {
    private final long address;
    private final long[] offsets;
    private final long bytesPerBlock;

    /** @param widths of the sums, in elements */
    BlockSums(Arena arena, int blocks, int... widths) {
        offsets = new long[widths.length];
        long bytes = 0;
        for (int i = 0; i < widths.length; i++) {
            offsets[i] = bytes;
            bytes += 4L * Staging.up(widths[i]);
        }
        bytesPerBlock = bytes;
        address = Staging.zeros(arena, Math.max(blocks, 1) * bytes);
    }

    /** Where the block's part of a sum is. */
    long of(int block, int sum) {
        return address + block * bytesPerBlock + offsets[sum];
    }

    /** Zeros the block's part of every sum. */
    void clear(int block) {
        for (long i = 0; i < bytesPerBlock; i += 4L * Lanes.COUNT) {
            Lanes.storeF32(Lanes.all(0), of(block, 0) + i);
        }
    }

    /** Adds all blocks' parts into the first block's. */
    void total(int blocks) {
        for (int block = 1; block < blocks; block++) {
            long from = of(block, 0);
            for (long i = 0; i < bytesPerBlock; i += 4L * Lanes.COUNT) {
                Lanes.storeF32(Lanes.loadF32(address + i).add(Lanes.loadF32(from + i)), address + i);
            }
        }
    }

    /** Writes the total of a sum of {@code width} elements; nothing to 0. */
    void write(int sum, long to, int width) {
        if (to != 0) {
            Staging.copy(of(0, sum), to, 4L * width);
        }
    }

    /** Writes the total of a sum of {@code times} rows of {@code stride} elements, added up in their order; nothing to 0. */
    void writeFolded(int sum, long to, int width, int stride, int times) {
        if (to == 0) {
            return;
        }
        for (int row = 1; row < times; row++) {
            for (long i = 0; i < stride; i += Lanes.COUNT) {
                long first = of(0, sum) + 4 * i;
                Lanes.storeF32(Lanes.loadF32(first).add(Lanes.loadF32(first + 4L * stride * row)), first);
            }
        }
        write(sum, to, width);
    }

    /** Writes the total over all lanes of a sum of one vector; nothing to 0. */
    void writeOverLanes(int sum, long to) {
        if (to != 0) {
            Memory.f32(to, 0, Lanes.sum(Lanes.loadF32(of(0, sum))));
        }
    }
}
