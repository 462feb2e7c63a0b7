package io.github.dyt4j.cli;

import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** The command as a person would type it again. */
final class Commands {
    private Commands() {}

    static String typed(CommandSpec spec) {
        return spec.qualifiedName() + " "
                + spec.commandLine().getParseResult().originalArgs().stream()
                        .skip(depth(spec)) // the subcommands themselves
                        .map(Commands::quoted)
                        .collect(Collectors.joining(" "));
    }

    private static int depth(CommandSpec spec) {
        return spec.parent() == null ? 0 : 1 + depth(spec.parent());
    }

    /** As a POSIX shell reads it back to the same word. */
    static String quoted(String word) {
        return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
