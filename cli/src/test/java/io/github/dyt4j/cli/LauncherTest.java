package io.github.dyt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a small house of its own: a copy of the script beside a JDK and a Maven that only say what they were asked. */
final class LauncherTest {
    private static final String TOOLS = "/usr/bin:/bin";

    @TempDir
    private Path folder = Path.of("");

    private record Ended(int code, String out, String err) {}

    @BeforeEach
    void house() throws IOException {
        assumeFalse(System.getProperty("os.name").startsWith("Windows"), "a POSIX shell is needed");
        Path launcher = Path.of(System.getProperty("dyt4j.home", ".."), "dyt4j");
        Files.copy(launcher, folder.resolve("dyt4j"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.createDirectories(folder.resolve("cli/src/main"));
        Files.writeString(folder.resolve("pom.xml"), "<project/>");
    }

    @Test
    void saysWhatToInstallWhereThereIsNoJdk25() throws Exception {
        Path old = jdk("jdk-21", "21.0.2");
        Ended ended = run(Map.of("JAVA_HOME", old.toString(), "DYT4J_JDKS", ""), "list");
        assertThat(ended.code).isEqualTo(2);
        assertThat(ended.err.lines().count()).isBetween(1L, 3L);
        assertThat(ended.err).contains("JDK 25", "JAVA_HOME", "adoptium");
    }

    @Test
    void saysWhereTheMavenIsMissing() throws Exception {
        Path empty = Files.createDirectories(folder.resolve("bin"));
        for (String tool : List.of("dirname", "mkdir", "rm", "find", "head", "readlink", "mktemp")) {
            script(empty.resolve(tool), "exec /bin/" + tool + " \"$@\"");
        }
        Ended ended = run(Map.of("JAVA_HOME", jdk("jdk-25", "25.0.1").toString(), "PATH", empty.toString()), "list");
        assertThat(ended.code).isEqualTo(2);
        assertThat(ended.err.lines().count()).isBetween(1L, 3L);
        assertThat(ended.err).contains("Maven");
    }

    @Test
    void buildsOnFirstUseAndWhenASourceIsNewer() throws Exception {
        Map<String, String> machine = machine("mkdir -p cli/target/app");
        assertThat(run(machine, "list").err).contains("building (first use");
        assertThat(run(machine, "list").err).isEmpty();
        Files.writeString(folder.resolve("cli/src/main/New.java"), "class New {}");
        Thread.sleep(20); // the stamp has the time of the build's start
        assertThat(run(machine, "list").err).contains("a source is newer");
        assertThat(run(machine, "list").err).isEmpty();
    }

    @Test
    void aFailedBuildIsNamedWithItsLogAndTriedAgain() throws Exception {
        Map<String, String> machine = machine("echo '[ERROR] Failed to execute goal: no such thing' && exit 1");
        Ended ended = run(machine, "list");
        assertThat(ended.code).isEqualTo(1);
        assertThat(ended.err).contains("the build failed", "no such thing", "cli/target/build.log");
        assertThat(run(machine, "list").err).contains("building");
    }

    @Test
    void twoAtOnceBuildOnceAndALockLeftOverIsNoHindrance() throws Exception {
        Map<String, String> machine = machine("echo built >> builds.txt\n"
                + "until grep -q waiting first.err second.err; do sleep 0.1; done\n" // however slow the machine
                + "mkdir -p cli/target/app");
        Process first = start("first", machine, "list");
        Process second = start("second", machine, "list");
        List<Ended> both = List.of(ended("first", first), ended("second", second));
        assertThat(both).extracting(Ended::code).containsOnly(0);
        assertThat(both).filteredOn(e -> e.err.contains("building (first use")).hasSize(1);
        assertThat(both).filteredOn(e -> e.err.contains("waiting for process")).hasSize(1);
        assertThat(folder.resolve("builds.txt")).hasContent("built");

        // Above Linux's largest process id.
        Files.createSymbolicLink(folder.resolve("cli/target/building"), Path.of("4194305"));
        Files.writeString(folder.resolve("cli/src/main/New.java"), "class New {}");
        assertThat(run(machine, "list").err).contains("a source is newer").doesNotContain("waiting");
        assertThat(folder.resolve("cli/target/building")).doesNotExist();

        // Where no such link can be made there is no lock.
        Files.writeString(folder.resolve("cli/target/building"), "");
        Files.writeString(folder.resolve("cli/src/main/Newer.java"), "class Newer {}");
        assertThat(run(machine, "list").code).isZero();
        assertThat(folder.resolve("cli/target/building")).isRegularFile();
    }

    @Test
    void theVectorModuleIsGivenToWhatTrainsAlone() throws Exception {
        Map<String, String> machine = machine("mkdir -p cli/target/app");
        assertThat(run(machine, "train", "vit-mini").out)
                .contains("--add-modules jdk.incubator.vector", "--enable-native-access", "waits passive");
        assertThat(run(machine, "--help").out).doesNotContain("incubator");
        assertThat(run(machine, "train", "--help").out).doesNotContain("incubator");
    }

    @Test
    void argumentsArriveAsTheyWereTyped() throws Exception {
        Map<String, String> machine = machine("mkdir -p cli/target/app");
        Ended ended = run(machine, "compare", "--norm", "dyt(alpha=0.5, init=calibrated)", "--out", "a  b*");
        assertThat(ended.out).contains("<dyt(alpha=0.5, init=calibrated)>", "<a  b*>");
    }

    /** A PATH with a Maven that does {@code build}, and a JDK 25 that prints its arguments. */
    private Map<String, String> machine(String build) throws IOException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        script(bin.resolve("mvn"), build);
        return Map.of("JAVA_HOME", jdk("jdk-25", "25.0.1").toString(), "PATH", bin + ":" + TOOLS);
    }

    private Path jdk(String name, String version) throws IOException {
        Path home = folder.resolve(name);
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        script(home.resolve("bin/javac"), "");
        script(home.resolve("bin/java"), "echo \"$@\" waits $OMP_WAIT_POLICY; for a; do printf '<%s>' \"$a\"; done");
        return home;
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private Ended run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        return ended("run", start("run", environment, arguments));
    }

    private Process start(String name, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("/bin/sh", folder.resolve("dyt4j").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(folder.resolve(name + ".out").toFile())
                .redirectError(folder.resolve(name + ".err").toFile());
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", TOOLS, "HOME", folder.toString(), "TMPDIR", folder.toString()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private Ended ended(String name, Process process) throws IOException, InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(
                process.exitValue(),
                Files.readString(folder.resolve(name + ".out")),
                Files.readString(folder.resolve(name + ".err")));
    }
}
