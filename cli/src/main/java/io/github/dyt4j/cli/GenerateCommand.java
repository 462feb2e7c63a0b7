package io.github.dyt4j.cli;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.bench.BenchFiles;
import io.github.dyt4j.lab.llm.Generator;
import io.github.dyt4j.lab.llm.Generator.Generated;
import io.github.dyt4j.lab.llm.Pretrained;
import io.github.dyt4j.lab.llm.Sampling;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j generate MODEL [PROMPT]}: what a language model writes after a prompt, to stdout as it comes. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = "Writes on from a prompt with a language model: a run's, or a Hugging Face folder's.")
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A run's folder, RUN/checkpoints/step-N, or a Hugging Face folder.")
    private Path model = Path.of("");

    @Parameters(index = "1", arity = "0..1", paramLabel = "PROMPT", description = "Default: none, a text's beginning.")
    private @Nullable String prompt;

    @Option(names = "--prompt-file", paramLabel = "FILE", description = "The prompt is the whole of this file.")
    private @Nullable Path promptFile;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description = "Many prompts, each alone: one a line, or JSON lines with the field prompt.")
    private @Nullable Path prompts;

    @Option(names = "--json", paramLabel = "FILE", description = "Write prompts, texts and figures as JSON.")
    private @Nullable Path json;

    @Option(names = "--max-tokens", paramLabel = "N", description = "Tokens at most. Default: ${DEFAULT-VALUE}.")
    private int maxTokens = 128;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0 takes the most likely token. Default: ${DEFAULT-VALUE}.")
    private double temperature = 0.8;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Draw among the K most likely tokens; 0 for all. Default: ${DEFAULT-VALUE}.")
    private int topK = 40;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Draw among the most likely tokens that together reach P. Default: ${DEFAULT-VALUE}.")
    private double topP = 0.95;

    @Option(names = "--seed", paramLabel = "N", description = "Repeats a text. Default: drawn, and printed at the end.")
    private @Nullable Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text; repeat it for more.")
    private List<String> stops = List.of();

    @Mixin
    private WeightsOptions weights = new WeightsOptions();

    @Override
    public Integer call() throws IOException {
        long drawn = seed == null ? ThreadLocalRandom.current().nextLong(1L << 32) : seed;
        Sampling sampling = new Sampling(temperature, topK, topP, drawn);
        check();
        List<String> all = prompts();
        List<Map<String, Object>> rows = new ArrayList<>();
        try (Pretrained pretrained = weights.open(model)) {
            Generator generator = new Generator(pretrained);
            for (String each : all) {
                rows.add(row(each, told(generator, each, sampling), sampling));
            }
        } catch (UserError e) {
            throw all.size() == 1
                    ? e
                    : new UserError("Prompt " + (rows.size() + 1) + " of " + all.size() + ": " + e.getMessage(), e);
        } finally {
            // What was written before a prompt that cannot be read is not lost.
            if (json != null && !rows.isEmpty()) {
                JsonFile.write(json, rows);
            }
        }
        return 0;
    }

    /** What a model of gigabytes need not be opened for. */
    private void check() {
        if (maxTokens < 1) {
            throw new UserError("--max-tokens " + maxTokens + ": at least one token is a text.");
        }
        weights.checked();
        if (stops.contains("")) {
            throw new UserError("--stop '' is empty, and would end every text before its first character.");
        }
        if (json != null) {
            BenchFiles.requireWritable("--json", json);
        }
    }

    private List<String> prompts() throws IOException {
        if (Stream.of(prompt, promptFile, prompts).filter(Objects::nonNull).count() > 1) {
            throw new UserError("PROMPT, --prompt-file and --prompts: give one of them.");
        }
        if (prompts != null) {
            return Prompts.lines("--prompts", prompts);
        }
        if (promptFile != null) {
            return List.of(Prompts.whole("--prompt-file", promptFile));
        }
        return List.of(prompt == null ? "" : prompt);
    }

    private Generated told(Generator generator, String prompt, Sampling sampling) {
        PrintWriter out = spec.commandLine().getOut();
        Generated generated = generator.generate(prompt, sampling, maxTokens, stops, text -> {
            out.print(text);
            out.flush();
        });
        // The figures begin a line of their own on a terminal that shows both streams.
        out.println();
        out.flush();
        PrintWriter err = spec.commandLine().getErr();
        err.println(line(generated, sampling));
        err.flush();
        return generated;
    }

    private static String line(Generated g, Sampling sampling) {
        String rate =
                g.generatedTokens() > 1 ? String.format(Locale.ROOT, " (%.1f/s)", g.generatedTokensPerSecond()) : "";
        return String.format(
                Locale.ROOT,
                "prompt %d tokens (%.1f/s), generated %d%s, ended by %s%s",
                g.promptTokens(),
                g.promptTokensPerSecond(),
                g.generatedTokens(),
                rate,
                g.end().words(),
                sampling.temperature() == 0 ? "" : ", seed " + sampling.seed());
    }

    private static Map<String, Object> row(String prompt, Generated g, Sampling sampling) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("prompt", prompt);
        row.put("text", g.text());
        row.put("end", g.end().name().toLowerCase(Locale.ROOT));
        if (sampling.temperature() > 0) {
            row.put("seed", sampling.seed());
        }
        row.put("prompt_tokens", g.promptTokens());
        row.put("generated_tokens", g.generatedTokens());
        row.put("prompt_tokens_per_second", g.promptTokensPerSecond());
        row.put("generated_tokens_per_second", g.generatedTokensPerSecond());
        return row;
    }
}
