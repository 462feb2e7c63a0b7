package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

/** The bench of lengths for a moment, what it promises of memory, and its words and chart from made-up numbers. */
final class LengthBenchTest {
    private static final int CHANNELS = 64;
    private static final int STATES = 64;

    @Test
    void everyLayerHasARowALengthAndMemoryThatIsLinear() throws IOException {
        List<String> notes = new ArrayList<>();
        LengthPlan plan = new LengthPlan(4096, 8192, CHANNELS, STATES, 2, 0.001, "bench length");
        BenchResult result = LengthBench.run(plan, notes::add);
        assertThat(notes).isNotEmpty();
        assertThat(result.rows())
                .extracting(BenchRow::norm, BenchRow::rows)
                .containsExactly(
                        tuple("selective scan", 4096L),
                        tuple("selective scan", 8192L),
                        tuple("FFT convolution", 4096L),
                        tuple("FFT convolution", 8192L));
        assertThat(result.rows()).allSatisfy(r -> {
            assertThat(r.nsPerElement()).isPositive();
            assertThat(r.p10()).isLessThanOrEqualTo(r.nsPerElement());
            assertThat(r.value()).isCloseTo(r.nsPerElement() * CHANNELS, within(1e-6 * r.nsPerElement() * CHANNELS));
            // The scan's states of every token alone would be 64 values each, and all pairs of tokens thousands.
            long values = r.norm().equals("selective scan") ? 16 : 64;
            long bytes = 4 * values * r.rows() * CHANNELS;
            assertThat(r.peakBytes()).isPositive().isLessThan(bytes + (40L << 20));
        });
        assertThat(result.environment()).containsKeys("states", "command");
    }

    @Test
    void whatCannotBeMeasuredIsSaid() {
        assertThatThrownBy(() -> plan(0, 10)).isInstanceOf(UserError.class).hasMessageContaining("--from 0");
        assertThatThrownBy(() -> plan(20, 10)).isInstanceOf(UserError.class).hasMessageContaining("--to 10");
        assertThatThrownBy(() -> plan(1, 1L << 40))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("GB");
        assertThat(plan(3, 25).lengths()).containsExactly(3L, 6L, 12L, 24L);
    }

    private static LengthPlan plan(long from, long to) {
        return new LengthPlan(from, to, 128, 16, 1, 1, "bench length");
    }

    @Test
    void wordsTableAndChartSayTheSame() throws Exception {
        List<BenchRow> rows = new ArrayList<>();
        for (long length = 1024; length <= 131_072; length *= 2) {
            rows.add(row("selective scan", length, 10, 30_000 * length));
            rows.add(row("FFT & <convolution>", length, 5 + Math.log(length), 70_000 * length));
        }
        assertThat(LengthTable.sentences(rows))
                .hasSize(2)
                .first()
                .asString()
                .contains("1,280 ns a token at 1,024 tokens and 1,280 at 131,072", "3,932 MB");
        LlamaTable table = LengthTable.of(rows).getFirst();
        assertThat(table.cells()).hasSize(9);
        assertThat(table.cells().getLast()).startsWith("131,072", "168", "1,280", "3,932");
        byte[] svg = LengthChart.file(rows).getBytes(StandardCharsets.UTF_8);
        var picture = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(svg));
        assertThat(picture.getElementsByTagName("circle").getLength()).isEqualTo(2 * rows.size());
        String page = BenchPage.html(new BenchResult(Map.of("command", "bench length"), rows));
        assertThat(page)
                .contains("<h1>The selective scan takes", "<polyline", "131,072")
                .doesNotContain("<convolution>");
    }

    private static BenchRow row(String layer, long length, double ns, long bytes) {
        return new BenchRow(
                LengthBench.WHAT,
                layer,
                null,
                "f32",
                length,
                128,
                "both",
                2,
                ns,
                ns,
                ns,
                null,
                0,
                null,
                null,
                null,
                bytes,
                ns * 128,
                "ns a token",
                null,
                null);
    }
}
