package io.github.dyt4j.training.dna;

/** Bases {@code from} to {@code to} (after the last) of a genome's record, counted from 0. */
public record Region(int contig, long from, long to) {
    long length() {
        return to - from;
    }
}
