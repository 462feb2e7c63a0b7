package io.github.dyt4j.cli;

import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
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
        TorchRuntime.start(0);
        Environment here = Environment.here();
        row("dyt4j", here.version());
        row("machine", here.cpu() + ", " + here.cores() + " cores, " + (here.memoryBytes() >> 30) + " GB");
        row("system", here.os());
        row("JDK", here.java());
        row("libtorch", here.libtorch() + ", " + here.instructions());
        row("kernels", here.kernels());
        row("layernorm", here.layernorm());
        row("allocator", here.allocator());
        row("threads", String.valueOf(here.threads()));
        return 0;
    }

    private void row(String name, String value) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%-10s%s%n", name, value);
        out.flush();
    }
}
