package io.github.dyt4j.lab.tasks;

/** log p(continuation | context) is asked for. Where the two meet, {@link TokenPair} says. */
public record Request(String context, String continuation) {}
