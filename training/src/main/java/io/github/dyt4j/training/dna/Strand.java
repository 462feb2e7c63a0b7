package io.github.dyt4j.training.dna;

/** The bases of one record of a FASTA file, as tokens of {@link io.github.dyt4j.models.Bases}, read by place. */
interface Strand {
    long length();

    /** Bases {@code from} to {@code from + count}, which lie within {@link #length}. */
    void read(long from, int count, byte[] out, int offset);
}
