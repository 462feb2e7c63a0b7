package io.github.dyt4j.lab.bench;

import java.io.File;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.ExternalProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;

/** Profiles nothing: JMH prints what its processes say (the JVM's greetings) unless a profiler asks it not to. */
public final class SilentProcess implements ExternalProfiler {
    /** Before any: JMH would start a JVM to ask for what is not used here, and refuse to run beside any other JMH. */
    static void allow() {
        System.setProperty("jmh.blackhole.autoDetect", "false");
        System.setProperty("jmh.ignoreLock", "true");
    }

    @Override
    public Collection<String> addJVMInvokeOptions(BenchmarkParams params) {
        return List.of();
    }

    @Override
    public Collection<String> addJVMOptions(BenchmarkParams params) {
        return List.of();
    }

    @Override
    public void beforeTrial(BenchmarkParams params) {}

    @Override
    public Collection<? extends Result<?>> afterTrial(
            BenchmarkResult result, long pid, File standardOut, File standardError) {
        return List.of();
    }

    @Override
    public boolean allowPrintOut() {
        return false;
    }

    @Override
    public boolean allowPrintErr() {
        return false;
    }

    @Override
    public String getDescription() {
        return "nothing";
    }
}
