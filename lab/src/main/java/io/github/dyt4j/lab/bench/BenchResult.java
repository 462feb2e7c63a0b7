package io.github.dyt4j.lab.bench;

import java.util.List;
import java.util.Map;

/**
 * All that a bench measured: what its table, its CSV, its JSON and its page are made of, and what {@code --with} reads.
 *
 * @param environment machine, JDK, libtorch, kernels, allocator, load before and after, the command
 */
public record BenchResult(Map<String, Object> environment, List<BenchRow> rows) {
    public BenchResult {
        rows = List.copyOf(rows);
    }
}
