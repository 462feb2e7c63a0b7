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

/** {@code dyt4j eval RUN|CHECKPOINT}: judges a trained model on its test data or on others. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description = "Judges a run's newest checkpoint, or one of its checkpoints.")
final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN|CHECKPOINT", description = "A run's folder, or RUN/checkpoints/step-N.")
    private Path path = Path.of("");

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "Other data than the run's, of which the test set or the held-out part is judged on.")
    private @Nullable Path data;

    @Override
    public Integer call() throws IOException {
        Evaluate judged = Evaluate.of(path, data);
        PrintWriter out = spec.commandLine().getOut();
        out.println(judged.recipe().model() + " with " + judged.recipe().norm() + ", " + judged.checkpoint());
        out.println(judged.data());
        out.println(verdict(judged));
        out.flush();
        return 0;
    }

    private static String verdict(Evaluate judged) {
        double loss = judged.evaluation().loss();
        String first = String.format(Locale.ROOT, "test loss %.4f", loss);
        if (!judged.metric().perplexity()) {
            return first + ", " + judged.metric().name() + " "
                    + RunLines.value(
                            judged.evaluation().value(), judged.metric().unit());
        }
        String bits = judged.bitsPerByte().isEmpty()
                ? ""
                : String.format(
                        Locale.ROOT, ", %.4f bits a byte", judged.bitsPerByte().getAsDouble());
        return first + " " + judged.metric().unit()
                + RunLines.perplexity(loss, judged.metric().unit()) + bits;
    }
}
