package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class MemoryTest {
    /** 10,000 forwards and backwards of both kinds of norm; a leaked 100 KB tensor a round would be a gigabyte. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void residentMemoryStaysFlatOverTenThousandRounds() throws IOException {
        TorchRuntime.start(2);
        try (Parameters p = Parameters.root()) {
            Norm dyt = new Norms(NormSpec.parse("dyt")).at(Site.MLP, p.child("dyt"), 64, Layout.LAST, true);
            Norm row = new Norms(NormSpec.parse("layernorm(kernel=fused)"))
                    .at(Site.MLP, p.child("row"), 64, Layout.LAST, true);
            rounds(2_000, p, dyt, row);
            long before = residentKilobytes();
            rounds(10_000, p, dyt, row);
            assertThat(residentKilobytes() - before).isLessThan(60_000);
        }
    }

    private static void rounds(int n, Parameters p, Norm... norms) {
        for (int i = 0; i < n; i++) {
            try (var _ = new Scope()) {
                Tensor x = torch.randn(400, 64); // 100 KB
                x.set_requires_grad(true);
                Tensor y = x;
                for (Norm norm : norms) {
                    y = norm.forward(y);
                }
                y.sum().backward();
            }
            p.zeroGrad();
        }
    }

    private static long residentKilobytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(l -> l.startsWith("VmRSS:"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
