package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormSpecTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dyt | dyt",
                " DyT ( ) | dyt",
                "dyt(alpha=.2, attention.alpha=8e-1) | dyt(alpha=0.2, attention.alpha=0.8)",
                "dyt(attention.alpha=0.8,alpha=0.2) | dyt(alpha=0.2, attention.alpha=0.8)",
                "dyt(init=default) | dyt",
                "dyt(init=calibrated) | dyt(init=calibrated)",
                "layernorm(eps=0.000001) | layernorm",
                "derf(shift=0) | derf",
                "dyt(alpha=none) | dyt(alpha=none)",
                "rmsnorm(kernel=libtorch) | rmsnorm(kernel=libtorch)",
                "identity | identity",
            })
    void hasOneCanonicalForm(String typed, String canonical) {
        NormSpec spec = NormSpec.parse(typed);
        assertThat(spec).hasToString(canonical);
        assertThat(NormSpec.parse(spec.toString())).isEqualTo(spec);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dit | Did you mean 'dyt'?",
                "batchnrom | Known: layernorm",
                "dyt(alfa=1) | Did you mean 'alpha'?",
                "dyt(alpha=big) | alpha takes a number other than zero, or none",
                "dyt(alpha=NaN) | alpha takes a number",
                "dyt(alpha=0) | alpha takes a number other than zero",
                "dyt(attn.alpha=1) | no option 'attn.alpha'",
                "dyt(init=calibratd) | Did you mean 'calibrated'?",
                "dyt(alpha) | is not option=value",
                "dyt(alpha=1, alpha=2) | given twice",
                "layernorm(alpha=1) | no option 'alpha'",
                "layernorm(eps=-1) | eps takes a number of zero or more",
                "identity(x=1) | It has none",
                "dyt(alpha=1 | write NAME or NAME(option=value, ...)",
                "'' | write NAME",
            })
    void aMistakeIsASentenceThatHelps(String typed, String says) {
        assertThatThrownBy(() -> NormSpec.parse(typed))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(says)
                .satisfies(
                        e -> assertThat(String.valueOf(e.getMessage()).lines().count())
                                .isLessThanOrEqualTo(3));
    }

    @Test
    void aSitesOwnOptionComesFirst() {
        NormSpec spec = NormSpec.parse("dyt(alpha=0.2, attention.alpha=0.8)");
        assertThat(spec.get(NormOption.ALPHA, Site.ATTENTION)).isEqualTo("0.8");
        assertThat(spec.get(NormOption.ALPHA, Site.FINAL)).isEqualTo("0.2");
    }
}
