package io.github.dyt4j.training.dna;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The bytes of a file as it reads once it is unpacked, by place. */
interface RandomBytes extends AutoCloseable {
    /** @throws EOFException where the file ends before */
    void read(long from, byte[] out, int count) throws IOException;

    @Override
    void close() throws IOException;

    /** A file that is not packed. */
    record Plain(FileChannel file) implements RandomBytes {
        @Override
        public void read(long from, byte[] out, int count) throws IOException {
            fully(file, from, ByteBuffer.wrap(out, 0, count));
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** Fills the buffer from this place on. */
    static void fully(FileChannel file, long from, ByteBuffer into) throws IOException {
        int start = into.position();
        while (into.hasRemaining()) {
            if (file.read(into, from + into.position() - start) < 0) {
                throw new EOFException("the file ends before byte " + (from + into.limit() - start));
            }
        }
    }
}
