package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class ScopeTest {
    @Test
    void freesWhatWasMadeInItButNotWhatWasKept() {
        Tensor freed;
        Tensor kept;
        try (var _ = new Scope()) {
            freed = Tensors.full(1, 4);
            kept = Scope.keep(Tensors.full(2, 4));
        }
        assertThat(freed.isNull()).isTrue();
        assertThat(Tensors.floats(kept)).containsOnly(2);
        Scope.release(kept);
        assertThat(kept.isNull()).isTrue();
    }

    @Test
    void aModelMadeInsideAScopeOutlivesIt() {
        Parameters p;
        try (var _ = new Scope()) {
            p = Parameters.root();
            new Norms(NormSpec.parse("dyt")).at(Site.MLP, p.child("norm"), 4, Layout.LAST, true);
        }
        assertThat(p.state().keySet()).containsExactly("norm.alpha", "norm.weight", "norm.bias");
        assertThat(Tensors.floats(Objects.requireNonNull(p.state().get("norm.alpha"))))
                .containsExactly(0.5f);
        p.close();
    }

    @Test
    void closesInOrder() {
        Scope outer = new Scope();
        Scope inner = new Scope();
        assertThatThrownBy(outer::close).isInstanceOf(IllegalStateException.class);
        inner.close();
        outer.close();
    }
}
