package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Kernels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.openblas.global.openblas_full;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** libtorch in this process: threads, random state, the allocator, and what it says of itself. */
public final class TorchRuntime {
    /** Set to false to leave glibc's allocator as it is. */
    public static final String ALLOCATOR_PROPERTY = "dyt4j.mallopt";

    private static boolean allocatorSet;

    private TorchRuntime() {}

    /**
     * Sets the threads of libtorch, of its BLAS and of this project's kernels. Results do not depend on the number for the kernels; for
     * matrix products they may in the last bits, so a run that is to be repeated to the bit keeps it.
     *
     * @param threads 0 for one a core
     */
    public static void start(int threads) {
        int n = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        keepFreedMemory();
        torch.set_num_threads(n);
        blasThreads(n);
        Kernels.threads(n);
    }

    public static int threads() {
        return torch.get_num_threads();
    }

    /** The BLAS's threads alone, where libtorch calls it from threads of its own. */
    static void blasThreads(int n) {
        openblas_full.openblas_set_num_threads(n);
    }

    static int blasThreads() {
        return openblas_full.openblas_get_num_threads();
    }

    /** Seeds libtorch's generator. Called before every step with a number made of seed and step, it makes a step repeatable alone. */
    public static void seed(long seed) {
        torch.manual_seed(seed);
    }

    /** The version of libtorch, as 2.10.0-1.5.13: its own and the preset's. */
    public static String version() {
        String version = Tensor.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }

    /** The widest instructions libtorch uses here, as AVX512. */
    public static String cpuCapability() {
        try (BytePointer text = torch.get_cpu_capability()) {
            return text.getString();
        }
    }

    /** Whether this processor has instructions for products of bf16 (AVX512-BF16 or AMX); false where it does not say. */
    public static boolean multipliesBf16() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(l -> l.startsWith("flags"))
                    .findFirst()
                    .map(l -> List.of(l.split("\\s+")))
                    .filter(flags -> flags.contains("avx512_bf16") || flags.contains("amx_bf16"))
                    .isPresent();
        } catch (IOException | UncheckedIOException e) {
            return false; // another system than Linux
        }
    }

    /** How the C library treats large tensors, as "freed memory kept, huge pages": what {@link #start} set, and what the launcher asked for. */
    public static String allocator() {
        String tunables = System.getenv("GLIBC_TUNABLES");
        boolean huge = tunables != null && tunables.contains("glibc.malloc.hugetlb=1");
        return (allocatorSet ? "freed memory kept" : "freed memory given back") + (huge ? ", huge pages" : "");
    }

    /** Gives what was freed back to the system, so that a peak of memory that comes after is no earlier tensor's; where glibc is not, nothing. */
    public static void returnFreedMemory() {
        var trim = Linker.nativeLinker().defaultLookup().find("malloc_trim");
        if (trim.isEmpty()) {
            return;
        }
        MethodHandle call = Linker.nativeLinker()
                .downcallHandle(trim.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
        try {
            int _ = (int) call.invokeExact(0L);
        } catch (Throwable unavailable) {
            // then it stays
        }
    }

    // glibc maps every block above 32 MB anew and returns it when freed; the page faults then cost more than a norm's
    // arithmetic.
    private static synchronized void keepFreedMemory() {
        boolean linux =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
        if (allocatorSet || !linux || "false".equals(System.getProperty(ALLOCATOR_PROPERTY))) {
            return;
        }
        Linker linker = Linker.nativeLinker();
        var mallopt = linker.defaultLookup().find("mallopt");
        if (mallopt.isEmpty()) {
            return; // another C library
        }
        MethodHandle call = linker.downcallHandle(
                mallopt.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        int mmapMax = -4;
        int trimThreshold = -1;
        int arenaMax = -8;
        int never = -1; // a step of a larger model frees more than any int says
        try {
            allocatorSet = (int) call.invokeExact(mmapMax, 0) == 1
                    && (int) call.invokeExact(trimThreshold, never) == 1
                    && (int) call.invokeExact(arenaMax, 1) == 1;
        } catch (Throwable unavailable) {
            allocatorSet = false;
        }
    }
}
