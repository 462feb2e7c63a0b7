package io.github.dyt4j.cli;

import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line: {@code dyt4j COMMAND}. Exit codes: 0 done, 1 failed, 2 a mistake in what was asked, 130 interrupted. */
@Command(
        name = "dyt4j",
        mixinStandardHelpOptions = true,
        versionProvider = Dyt4j.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        header = {
            "Transformers without normalization on the JVM.",
            "DyT(x) = γ · tanh(α·x) + β in place of LayerNorm.",
            ""
        },
        footer = {
            "",
            "To begin: @|bold ${COMMAND-FULL-NAME} compare|@ trains a small ViT with LayerNorm and with DyT and writes a report.",
            "What a command takes: ${COMMAND-FULL-NAME} COMMAND --help"
        },
        subcommands = {
            CompareCommand.class,
            TrainCommand.class,
            EvalCommand.class,
            GenerateCommand.class,
            SampleCommand.class,
            ExportCommand.class,
            BenchCommand.class,
            InfoCommand.class,
            ListCommand.class,
            HelpCommand.class
        })
public final class Dyt4j implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing.");
    }

    /** As the jar's manifest says. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"dyt4j " + Dyt4j.class.getPackage().getImplementationVersion()};
        }
    }

    /** The whole tree, ready to parse; it touches no class that loads a native library. */
    public static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Dyt4j());
        line.setCommandName(System.getProperty("dyt4j.command", "dyt4j"));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.colour() ? Ansi.AUTO : Ansi.OFF));
        line.setParameterExceptionHandler(new Mistakes.Usage());
        line.setExecutionExceptionHandler(new Mistakes.Execution());
        line.setExecutionStrategy(Mistakes::run);
        return line;
    }

    public static void main(String[] args) {
        Locale.setDefault(Locale.ROOT);
        Terminal.takeStderrBack();
        System.exit(commandLine().execute(args));
    }
}
