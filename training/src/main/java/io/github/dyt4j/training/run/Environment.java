package io.github.dyt4j.training.run;

import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.TorchRuntime;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run ran on: {@code environment.json}.
 *
 * @param cores that this process may use
 * @param memoryBytes of the machine
 * @param libtorch version of libtorch and of its Java bindings
 * @param instructions the widest that libtorch uses
 * @param kernels which norm kernels run
 * @param layernorm which kernel {@code layernorm} and {@code rmsnorm} take without options
 * @param allocator how the C library treats large tensors
 * @param version of dyt4j
 */
public record Environment(
        String cpu,
        int cores,
        long memoryBytes,
        String os,
        String java,
        String libtorch,
        String instructions,
        String kernels,
        String layernorm,
        String allocator,
        int threads,
        String version) {

    /** Of this process, after {@link TorchRuntime#start}. Loads libtorch. */
    public static Environment here() {
        return new Environment(
                cpuModel(),
                Runtime.getRuntime().availableProcessors(),
                machineBytes(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"),
                TorchRuntime.version(),
                TorchRuntime.cpuCapability(),
                Kernels.description(),
                NormSpec.automaticKernel(),
                TorchRuntime.allocator(),
                TorchRuntime.threads(),
                projectVersion());
    }

    public Map<String, Object> toMap() {
        return JsonMapper.shared().convertValue(this, new TypeReference<Map<String, Object>>() {});
    }

    /** Bytes of memory in the machine, or that its container may use; 0 where the JVM cannot tell. */
    public static long machineBytes() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getTotalMemorySize()
                : 0;
    }

    /** The most memory that this process has had in use at once (Linux's VmHWM); nothing where the system does not say. */
    public static OptionalLong peakBytes() {
        return proc(Path.of("/proc/self/status"), "VmHWM:")
                .filter(v -> v.endsWith(" kB"))
                .map(v -> OptionalLong.of(
                        Long.parseLong(v.substring(0, v.length() - 3).strip()) * 1024))
                .orElse(OptionalLong.empty());
    }

    private static String cpuModel() {
        return proc(Path.of("/proc/cpuinfo"), "model name")
                .map(v -> v.replaceFirst("^\\s*:\\s*", ""))
                .orElse(System.getProperty("os.arch", "unknown"));
    }

    private static Optional<String> proc(Path file, String field) {
        try (var lines = Files.lines(file)) {
            return lines.filter(l -> l.startsWith(field))
                    .findFirst()
                    .map(l -> l.substring(field.length()).strip());
        } catch (IOException e) {
            return Optional.empty(); // not Linux
        }
    }

    private static String projectVersion() {
        String version = Environment.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
