package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.NormSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole bench on shapes of nothing: what it gives, not how fast that is. */
final class BenchTest {
    private static final double SECONDS = 0.005;

    @TempDir
    private Path folder = Path.of("");

    private static NormsPlan plan(
            List<NormSpec> norms, List<Shape> shapes, Dtype dtype, int forks, NormsPlan.Levels levels) {
        List<Direction> directions = List.of(Direction.values());
        return new NormsPlan(norms, shapes, shapes, dtype, directions, 2, levels, SECONDS, forks, 1 << 14, "bench");
    }

    private static BenchResult run(NormsPlan plan) throws IOException {
        List<String> notes = new ArrayList<>();
        BenchResult result = NormsBench.run(plan, notes::add);
        assertThat(notes).isNotEmpty();
        return result;
    }

    @ParameterizedTest
    @EnumSource(Dtype.class)
    void everyNormRunsOnWidthsThatNoVectorDivides(Dtype dtype) throws IOException {
        List<Shape> shapes = List.of(new Shape(3, 1), new Shape(5, 17), new Shape(1, 33));
        BenchResult result =
                run(plan(NormsPlan.NORMS, shapes, dtype, 1, new NormsPlan.Levels(true, false, true, false)));
        for (Shape shape : shapes) {
            List<BenchRow> kernels = result.rows().stream()
                    .filter(r -> r.what().equals("kernel") && r.width() == shape.width())
                    .toList();
            // Eight kernels and libtorch's LayerNorm each way; two of libtorch's and a copy forward.
            assertThat(kernels).hasSize(9 * 3 + 3);
            assertThat(kernels).allSatisfy(BenchTest::isWhole);
            assertThat(kernels.stream().filter(r -> r.ratio() == null).map(BenchRow::norm))
                    .containsOnly("layernorm(kernel=libtorch)");
            assertThat(kernels.stream().filter(r -> r.error() != null)).hasSize(8 * 2);
            assertThat(kernels.stream().filter(r -> r.error() != null))
                    .allSatisfy(r -> assertThat(r.error()).isLessThan(dtype == Dtype.F32 ? 1e-5 : 5e-3));
        }
        assertThat(result.rows().stream().filter(r -> r.goal() != null))
                .hasSize(3 * 3)
                .allSatisfy(r -> {
                    assertThat(r.ratio()).isPositive();
                    assertThat(r.reached()).isEqualTo(value(r.ratio()) <= value(r.goal()));
                });
    }

    private static double value(@Nullable Double v) {
        return v == null ? Double.NaN : v;
    }

    private static void isWhole(BenchRow r) {
        assertThat(r.nsPerElement()).isPositive();
        assertThat(r.p10()).isLessThanOrEqualTo(r.nsPerElement());
        assertThat(r.p90()).isGreaterThanOrEqualTo(r.nsPerElement());
        assertThat(r.gbPerSecond()).isPositive();
        assertThat(r.ofLimit()).isPositive();
        assertThat(r.spread()).isNotNegative();
    }

    @Test
    void everyFixedGoalHasARow() throws IOException {
        BenchResult result = run(plan(
                NormsPlan.NORMS,
                List.of(new Shape(4, 8)),
                Dtype.F32,
                1,
                new NormsPlan.Levels(false, false, false, true)));
        assertThat(result.rows().stream().map(BenchRow::what))
                .contains(
                        "limit",
                        "DyT against its bytes at the triad's bandwidth",
                        "folded DyT against RMSNorm",
                        "folded DyT against RMSNorm in L2, bf16 accuracy",
                        "folded DyT (bf16 accuracy) to eight bits against RMSNorm",
                        "autograd splice",
                        "all threads against one, small shape");
        assertThat(result.rows().stream().filter(r -> r.what().startsWith("residual")))
                .hasSize(2)
                .allSatisfy(r -> assertThat(r.goal()).isNull());
    }

    @Test
    void layersRunInProcessesOfTheirOwn() throws IOException {
        List<NormSpec> norms = List.of(NormSpec.parse("layernorm"), NormSpec.parse("dyt(init=calibrated)"));
        BenchResult result = run(
                plan(norms, List.of(new Shape(32, 17)), Dtype.F32, 1, new NormsPlan.Levels(false, true, false, false)));
        List<BenchRow> layers =
                result.rows().stream().filter(r -> r.what().equals("layer")).toList();
        assertThat(layers).hasSize(2).allSatisfy(r -> {
            isWhole(r);
            assertThat(r.peakBytes()).isNotNull();
        });
        assertThat(layers.get(1).baseline()).isEqualTo(layers.get(0).norm());
    }

    @Test
    void filesHaveEveryRowAgain() throws IOException {
        BenchResult result = run(plan(
                List.of(NormSpec.parse("layernorm(kernel=fused)"), NormSpec.parse("dyt(alpha=1, bias=false)")),
                List.of(new Shape(8, 16)),
                Dtype.F32,
                1,
                new NormsPlan.Levels(true, false, true, false)));
        Path json = folder.resolve("bench.json");
        Files.writeString(json, BenchFiles.json(result));
        BenchResult again = BenchFiles.read(json);
        assertThat(again.rows()).isEqualTo(result.rows());
        assertThat(again.environment()).containsEntry("command", "bench").containsKeys("cpu", "kernels", "allocator");

        List<String> csv = BenchFiles.csv(result).lines().toList();
        assertThat(csv).hasSize(1 + result.rows().size());
        assertThat(csv.getFirst()).startsWith("what,norm,baseline,dtype,rows,width,direction");
        assertThat(csv).anyMatch(line -> line.contains("\"dyt(alpha=1.0, bias=false)\""));

        BenchResult joined = BenchFiles.joined(result, Map.of(json, again));
        assertThat(joined.rows()).hasSize(2 * result.rows().size());
        assertThat(joined.environment()).containsKey("with");
    }
}
