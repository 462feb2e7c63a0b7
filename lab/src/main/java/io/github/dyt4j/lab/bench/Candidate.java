package io.github.dyt4j.lab.bench;

/** Something to be timed, and what its row says of it. One {@code run} is one call over the whole shape. */
record Candidate(String norm, String direction, Runnable run) {
    Candidate(String norm, Direction direction, Runnable run) {
        this(norm, direction.key(), run);
    }
}
