package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class KernelsTest {
    @Test
    void theVectorKernelsAreChosenWhereTheModuleIs() {
        assertThat(Kernels.pointwise()).isInstanceOf(PointwiseVector.class);
        assertThat(Kernels.rowNorm()).isInstanceOf(RowNormVector.class);
        assertThat(Kernels.scan()).isInstanceOf(ScanVector.class);
        assertThat(Kernels.description()).matches("vector \\d+-bit, \\d+ threads?");
    }

    @Test
    void theNumberOfThreadsIsSaid() {
        int before = Kernels.threads();
        try {
            Kernels.threads(1);
            assertThat(Kernels.description()).endsWith(", 1 thread");
            Kernels.threads(3);
            assertThat(Kernels.description()).endsWith(", 3 threads");
        } finally {
            Kernels.threads(before);
        }
    }

    @Test
    void withoutTheModuleTheOracleRunsAndOneLineNamesTheFlag() throws Exception {
        Process process = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "--limit-modules",
                        "java.base",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KernelsTest.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said.lines()).hasSize(1);
        assertThat(said).contains("--add-modules jdk.incubator.vector");
    }

    /** Run by the test above, in a JVM without the vector module; nothing but JDK and kernels classes may be touched. */
    public static void main(String[] args) {
        boolean oracle = Kernels.pointwise() instanceof PointwiseOracle
                && Kernels.rowNorm() instanceof RowNormOracle
                && Kernels.scan() instanceof ScanOracle
                && Kernels.description().equals("scalar f64 oracle, 1 thread");
        System.exit(oracle ? 0 : 1);
    }
}
