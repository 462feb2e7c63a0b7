package io.github.dyt4j.cli;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.Failure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** What a person reads when something was wrong: a sentence or three for a mistake, a sentence and a log file for a failure. */
final class Mistakes {
    static final int FAILED = 1;
    static final int MISTAKE = 2;

    private Mistakes() {}

    /** Runs what was parsed; an Error (no memory, a native library that does not load) is told like any other failure. */
    static int run(ParseResult parsed) {
        try {
            return new CommandLine.RunLast().execute(parsed);
        } catch (LinkageError | VirtualMachineError e) {
            CommandLine line = parsed.asCommandLineList().getLast();
            throw new CommandLine.ExecutionException(line, String.valueOf(e.getMessage()), e);
        }
    }

    /** Wrong words on the command line: what is wrong, the nearest name, where the help is. */
    static final class Usage implements IParameterExceptionHandler {
        @Override
        public int handleParseException(ParameterException e, String[] args) {
            CommandLine line = e.getCommandLine();
            PrintWriter err = line.getErr();
            String name = line.getCommandSpec().qualifiedName();
            err.println(name + ": " + sentence(e, line));
            err.println("See " + name + " --help");
            err.flush();
            return MISTAKE;
        }

        private static String sentence(ParameterException e, CommandLine line) {
            return switch (e) {
                case UnmatchedArgumentException u -> unmatched(u.getUnmatched().getFirst(), line);
                case MissingParameterException m -> missing(m);
                default -> firstLine(String.valueOf(e.getMessage()));
            };
        }

        private static String unmatched(String word, CommandLine line) {
            if (word.startsWith("-")) {
                String typed = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
                List<String> known = new ArrayList<>();
                for (OptionSpec option : line.getCommandSpec().options()) {
                    known.add(option.longestName());
                }
                return "unknown option '" + typed + "'." + Nearest.hint(typed, known);
            }
            if (!line.getSubcommands().isEmpty()) {
                return "unknown command '" + word + "'."
                        + Nearest.hint(word, line.getSubcommands().keySet());
            }
            return "'" + word + "' is one word too many.";
        }

        private static String missing(MissingParameterException m) {
            return firstLine(String.valueOf(m.getMessage())) + ".";
        }
    }

    /** A {@link UserError} is its message and exit code 2; anything else is a sentence, a file with the whole trace, and 1. */
    static final class Execution implements IExecutionExceptionHandler {
        @Override
        public int handleExecutionException(Exception e, CommandLine line, ParseResult parsed) {
            PrintWriter err = line.getErr();
            if (e instanceof UserError) {
                err.println(e.getMessage());
                err.flush();
                return MISTAKE;
            }
            err.println(line.getCommandSpec().qualifiedName() + " failed: " + what(e));
            err.println(written(e));
            err.flush();
            return FAILED;
        }
    }

    private static String what(Exception e) {
        return switch (e) {
            case NoSuchFileException f -> f.getFile() + " does not exist and cannot be made.";
            case AccessDeniedException f -> "no right to read or write " + f.getFile() + ".";
            default -> Failure.sentence(e);
        };
    }

    private static String written(Exception e) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace));
        String name = "error-"
                + LocalDateTime.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS"))
                + ".log";
        for (Path folder : List.of(Path.of("runs"), Path.of(System.getProperty("java.io.tmpdir")))) {
            try {
                Files.createDirectories(folder);
                Path log = folder.resolve(name);
                Files.writeString(log, trace + environment());
                return "The full trace is in " + log;
            } catch (IOException unwritable) {
                // the next folder
            }
        }
        return "The full trace could not be written to runs/ or to the temporary folder.";
    }

    private static String environment() {
        return "\n%s %s %s, JDK %s\n"
                .formatted(
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        System.getProperty("os.arch"),
                        Runtime.version());
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse(message);
    }
}
