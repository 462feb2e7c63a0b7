package io.github.dyt4j.cli;

import io.github.dyt4j.lab.bench.BenchFiles;
import io.github.dyt4j.lab.bench.BenchPage;
import io.github.dyt4j.lab.bench.BenchResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a bench's figures go beside the terminal, and whose join them. */
final class BenchOutput {
    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures as JSON.")
    private @Nullable Path json;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write all figures as CSV.")
    private @Nullable Path csv;

    @Option(names = "--page", paramLabel = "FILE", description = "Write a page that opens in a browser.")
    private @Nullable Path page;

    @Option(
            names = "--with",
            paramLabel = "FILE",
            description = "Join the rows of another bench's JSON; repeat it for more.")
    private List<Path> with = List.of();

    private final Map<Path, BenchResult> others = new LinkedHashMap<>();

    /** Reads what is to be joined and looks where it is to be written, before minutes are spent. */
    void check() {
        with.forEach(file -> others.put(file, BenchFiles.read(file)));
        require("--json", json);
        require("--csv", csv);
        require("--page", page);
    }

    private static void require(String option, @Nullable Path file) {
        if (file != null) {
            BenchFiles.requireWritable(option, file);
        }
    }

    /** Writes the files, and on {@code out} the tables and where the files are. */
    void write(BenchResult own, PrintWriter out) throws IOException {
        BenchResult result = BenchFiles.joined(own, others);
        out.print(BenchTable.of(result));
        out.flush();
        if (json != null) {
            Files.writeString(json, BenchFiles.json(result));
            out.println("JSON: " + json);
        }
        if (csv != null) {
            Files.writeString(csv, BenchFiles.csv(result));
            out.println("CSV: " + csv);
        }
        if (page != null) {
            Files.writeString(page, BenchPage.html(result));
            out.println("Page: " + page);
        }
        out.flush();
    }
}
