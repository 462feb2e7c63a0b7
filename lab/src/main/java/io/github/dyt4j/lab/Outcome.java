package io.github.dyt4j.lab;

/** A run that has ended and, where the task has them, the scores of its test examples in the metric's unit; else none. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Outcome(Results.Run run, double[] examples) {}
