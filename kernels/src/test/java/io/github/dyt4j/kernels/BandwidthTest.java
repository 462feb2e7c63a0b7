package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BandwidthTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 17, 64, 16385, 300_001})
    void copyAndTriadWriteEveryElementAndNoOther(int n) {
        try (Arena arena = Arena.ofShared()) {
            Buffer a = new Buffer(arena, Dtype.F32, n);
            Buffer b = new Buffer(arena, Dtype.F32, n).fill(i -> i % 1000);
            Buffer c = new Buffer(arena, Dtype.F32, n).fill(i -> i % 7);
            Bandwidth.triad(a.address(), b.address(), c.address(), n, 0.5f);
            a.assertGuards("triad");
            for (int i = 0; i < n; i++) {
                assertThat(a.get(i)).isEqualTo(i % 1000 + 0.5f * (i % 7));
            }
            Bandwidth.copy(b.address(), a.address(), 4L * n);
            a.assertGuards("copy");
            assertThat(a.values()).isEqualTo(b.values());
        }
    }
}
