package io.github.dyt4j.cli;

import io.github.dyt4j.lab.Evaluate;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j eval RUN|CHECKPOINT}: judges a trained model on its test set or on another. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description = "Judges a run's newest checkpoint, or one of its checkpoints.")
final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN|CHECKPOINT", description = "A run's folder, or RUN/checkpoints/step-N.")
    private Path path = Path.of("");

    @Option(names = "--data", paramLabel = "DIR", description = "Another test set than the run's.")
    private @Nullable Path data;

    @Override
    public Integer call() throws IOException {
        Evaluate judged = Evaluate.of(path, data);
        PrintWriter out = spec.commandLine().getOut();
        out.println(judged.recipe().model() + " with " + judged.recipe().norm() + ", " + judged.checkpoint());
        out.println(judged.data());
        out.printf(
                Locale.ROOT,
                "test loss %.4f, %s %s%n",
                judged.evaluation().loss(),
                judged.metric().name(),
                RunLines.value(judged.evaluation().value(), judged.metric().unit()));
        out.flush();
        return 0;
    }
}
