package io.github.dyt4j.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dyt4j info}: the machine, the JDK, libtorch, and the kernels that run here. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        description = "The machine, JDK, libtorch and the kernels in use.")
final class InfoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        row(out, "machine", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        row(out, "JDK", System.getProperty("java.vm.name") + " " + Runtime.version());
        out.flush();
        return 0;
    }

    private static void row(PrintWriter out, String name, String value) {
        out.printf("%-10s %s%n", name, value);
    }
}
