package io.github.dyt4j.training;

import java.util.Iterator;

/** Batches in order; each lives as long as the scope in which it was asked for. */
public interface Batches extends Iterator<Batch>, AutoCloseable {
    @Override
    void close();
}
