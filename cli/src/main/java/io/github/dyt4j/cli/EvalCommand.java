package io.github.dyt4j.cli;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.Evaluate;
import io.github.dyt4j.lab.bench.BenchFiles;
import io.github.dyt4j.lab.llm.LlamaLogLikelihoods;
import io.github.dyt4j.lab.llm.Pretrained;
import io.github.dyt4j.lab.tasks.Perplexity;
import io.github.dyt4j.lab.tasks.ZeroShot;
import io.github.dyt4j.lab.tasks.ZeroShotResult;
import io.github.dyt4j.lab.tasks.ZeroShotTask;
import io.github.dyt4j.lab.tasks.ZeroShotTask.Asked;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j eval MODEL}: judges a trained model on its test data or on others, on a text, or by zero-shot tasks. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description = "Judges a run's newest checkpoint, or one of its checkpoints, on held-out data;"
                + " a language model, and one in a Hugging Face folder, on a text or by zero-shot tasks.")
final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "MODEL",
            description = "A run's folder, RUN/checkpoints/step-N, or a Hugging Face folder (with --text or --tasks).")
    private Path path = Path.of("");

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "Other data than the run's, of which the test set or the held-out part is judged on.")
    private @Nullable Path data;

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description = "Perplexity of the whole of this text in UTF-8; repeat it for more.")
    private List<Path> texts = List.of();

    @Option(
            names = "--tasks",
            paramLabel = "NAMES",
            description =
                    "Zero-shot tasks, as arc_easy,piqa, or all: the paper's fifteen (anli_r1 to anli_r3, arc_challenge, arc_easy,"
                            + " boolq, hellaswag, openbookqa, piqa, record, rte, truthfulqa_mc1, truthfulqa_mc2, wic, winogrande).")
    private @Nullable String tasks;

    @Option(
            names = "--tasks-data",
            paramLabel = "DIR",
            description =
                    "Where their public data sets lie: DIR/TASK.jsonl or .parquet, or DIR/TASK/ with files named by split.")
    private @Nullable Path tasksData;

    @Option(names = "--limit", paramLabel = "N", description = "The first N documents of each task. Default: all.")
    private @Nullable Integer limit;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the scores of --text and --tasks as JSON.")
    private @Nullable Path json;

    @Mixin
    private WeightsOptions weights = new WeightsOptions();

    @Override
    public Integer call() throws IOException {
        if (tasks == null && texts.isEmpty()) {
            if (tasksData != null || limit != null || json != null || weights.given()) {
                throw new UserError(
                        "--tasks-data, --limit, --json, --dtype and --threads go with --tasks or --text: name tasks, as --tasks all.");
            }
            heldOut();
        } else {
            likelihoods();
        }
        return 0;
    }

    private void heldOut() throws IOException {
        if (Files.exists(path.resolve("config.json"))) {
            throw new UserError(
                    path + " is a Hugging Face folder, which has no data of its own: judge it with --text FILE"
                            + " or --tasks all --tasks-data DIR.");
        }
        Evaluate judged = Evaluate.of(path, data);
        PrintWriter out = spec.commandLine().getOut();
        out.println(judged.recipe().model() + " with " + judged.recipe().variant() + ", " + judged.checkpoint());
        out.println(judged.data());
        out.println(verdict(judged));
        out.flush();
    }

    private static String verdict(Evaluate judged) {
        double loss = judged.evaluation().loss();
        String first = String.format(Locale.ROOT, "test loss %.4f", loss);
        if (!judged.metric().perplexity()) {
            return first + ", " + judged.metric().name() + " "
                    + RunLines.value(
                            judged.evaluation().value(), judged.metric().unit())
                    + RunLines.extras(judged.extras());
        }
        String bits = judged.bitsPerByte().isEmpty()
                ? ""
                : String.format(
                        Locale.ROOT, ", %.4f bits a byte", judged.bitsPerByte().getAsDouble());
        return first + " " + judged.metric().unit()
                + RunLines.perplexity(loss, judged.metric().unit()) + bits;
    }

    private void likelihoods() throws IOException {
        if (data != null) {
            throw new UserError(
                    "--data is a corpus whose held-out part a run is judged on; with --text or --tasks leave it away.");
        }
        if (json != null) {
            BenchFiles.requireWritable("--json", json);
        }
        List<Asked> asked = asked();
        List<String> read = new ArrayList<>();
        for (Path text : texts) {
            String whole = Prompts.whole("--text", text);
            if (whole.isEmpty()) {
                throw new UserError("--text " + text + " is empty: perplexity is of a text's tokens.");
            }
            read.add(whole);
        }
        Map<String, Object> scores = new LinkedHashMap<>();
        PrintWriter out = spec.commandLine().getOut();
        try (Pretrained model = weights.open(path)) {
            LlamaLogLikelihoods likelihoods = new LlamaLogLikelihoods(model.model());
            List<Map<String, Object>> rows = new ArrayList<>();
            Perplexity all = null;
            for (int i = 0; i < read.size(); i++) {
                Perplexity p = Perplexity.of(read.get(i), likelihoods, model.tokenizer());
                out.println(TaskTable.line(texts.get(i).toString(), p));
                out.flush();
                rows.add(TaskTable.row(texts.get(i).toString(), p));
                all = all == null ? p : all.plus(p);
            }
            if (all != null && read.size() > 1) {
                out.println(TaskTable.line("together", all));
                rows.add(TaskTable.row("together", all));
            }
            if (!rows.isEmpty()) {
                scores.put("texts", rows);
            }
            write(scores);
            if (!asked.isEmpty()) {
                ZeroShotResult result = ZeroShot.run(asked, likelihoods, model.tokenizer(), this::show);
                TaskTable.lines(result).forEach(out::println);
                out.flush();
                scores.putAll(TaskTable.rows(result));
            }
        }
        write(scores);
    }

    private void write(Map<String, Object> scores) throws IOException {
        if (json != null) {
            JsonFile.write(json, scores);
        }
    }

    /** All documents are read and checked before the model is opened. */
    private List<Asked> asked() {
        if (tasks == null) {
            if (tasksData != null || limit != null) {
                throw new UserError("--tasks-data and --limit go with --tasks: name some, or --tasks all.");
            }
            return List.of();
        }
        List<ZeroShotTask> named = ZeroShotTask.named(tasks);
        if (tasksData == null) {
            throw new UserError("--tasks needs --tasks-data DIR, the folder with the tasks' public data sets: "
                    + named.getFirst().name() + " is " + named.getFirst().hub() + " on the Hugging Face hub.");
        }
        if (limit != null && limit < 1) {
            throw new UserError("--limit " + limit + ": at least one document is asked.");
        }
        List<Asked> asked = new ArrayList<>();
        for (ZeroShotTask task : named) {
            asked.add(task.read(tasksData, limit == null ? Integer.MAX_VALUE : limit));
        }
        return asked;
    }

    /** A line that is written over on a terminal, and none elsewhere. */
    private void show(ZeroShotTask task, int answered, int of) {
        if (Terminal.interactive()) {
            PrintWriter err = spec.commandLine().getErr();
            err.print("\r\033[K" + (answered == of ? "" : task.name() + " " + answered + " of " + of));
            err.flush();
        }
    }
}
