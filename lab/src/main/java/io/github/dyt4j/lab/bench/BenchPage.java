package io.github.dyt4j.lab.bench;

/** A bench as one HTML page. */
public final class BenchPage {
    private BenchPage() {}

    @SuppressWarnings("DoNotCallSuggester")
    public static String html(BenchResult result) {
        throw new UnsupportedOperationException(
                "bench has no page yet, of " + result.rows().size() + " rows");
    }
}
