package io.github.dyt4j.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** What stderr is: a terminal or not, how wide, and the real one again after the launcher has set it aside. */
final class Terminal {
    private static final String GREETING = System.getProperty("dyt4j.greeting", "");
    private static final int FALLBACK_WIDTH = 80;
    private static final boolean MAC = System.getProperty("os.name").startsWith("Mac");

    private Terminal() {}

    /** The launcher knows: a JVM can only tell of stdin and stdout. */
    static boolean interactive() {
        return Boolean.getBoolean("dyt4j.terminal") && !"dumb".equals(System.getenv("TERM"));
    }

    static boolean colour() {
        return interactive() && System.getenv().getOrDefault("NO_COLOR", "").isEmpty();
    }

    /**
     * Takes stderr back. The launcher sends what the JVM says before main to a file and keeps the real stderr as descriptor 3, since
     * the JVM has no switch for its line about incubator modules; all other lines are repeated here.
     */
    static void takeStderrBack() {
        if (GREETING.isEmpty()) {
            return;
        }
        try {
            int done = (int) function("dup2", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT))
                    .invokeExact(3, 2);
            if (done == 2) {
                int closed = (int) function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT))
                        .invokeExact(3);
                assert closed == 0;
            }
            Path file = Path.of(GREETING);
            for (String line : Files.readAllLines(file)) {
                if (!line.startsWith("WARNING: Using incubator modules")) {
                    System.err.println(line);
                }
            }
            Files.deleteIfExists(file);
        } catch (IOException e) {
            System.err.println("dyt4j: " + GREETING + " cannot be read back: " + e.getMessage());
        } catch (Throwable e) {
            throw new LinkageError("stderr cannot be taken back", e);
        }
    }

    /** Columns of the terminal behind stderr, as they are now; 80 where it cannot be told. */
    static int width() {
        // struct winsize { unsigned short rows, columns, x, y; }
        long request = MAC ? 0x40087468L : 0x5413L;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_SHORT, 4);
            MethodHandle ioctl = function(
                    "ioctl",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                    Linker.Option.firstVariadicArg(2));
            int done = (int) ioctl.invokeExact(2, request, size);
            int columns = Short.toUnsignedInt(size.get(JAVA_SHORT, 2));
            return done == 0 && columns > 0 ? columns : FALLBACK_WIDTH;
        } catch (Throwable e) {
            return FALLBACK_WIDTH;
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }
}
