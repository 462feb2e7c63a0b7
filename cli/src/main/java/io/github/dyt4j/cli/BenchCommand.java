package io.github.dyt4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dyt4j bench}: what norms and long sequences cost. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "WHAT",
        description = "What norms and long sequences cost in time and memory, measured side by side.",
        subcommands = {
            BenchNormsCommand.class,
            BenchModelCommand.class,
            BenchLlamaCommand.class,
            BenchLengthCommand.class
        })
final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "What is to be measured is missing: norms, model, llama or length.");
    }
}
