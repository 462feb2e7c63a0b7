package io.github.dyt4j.lab;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command that starts a class of this program as a process of its own, with this JVM's java, flags and class path. */
public final class JavaProcess {
    private JavaProcess() {}

    /** @param flags of the JVM, which come last and so win over this one's */
    public static List<String> command(List<String> flags, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            // dyt4j.* tells the command line about its terminal; agents would fight over a port or a file.
            if (!flag.startsWith("-Ddyt4j.") && !flag.startsWith("-agentlib") && !flag.startsWith("-javaagent")) {
                command.add(flag);
            }
        }
        if (System.getProperty("dyt4j.mallopt") != null) {
            command.add("-Ddyt4j.mallopt=" + System.getProperty("dyt4j.mallopt"));
        }
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
