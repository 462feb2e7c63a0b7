package io.github.dyt4j.lab.bench;

/** What mixes the tokens of a long sequence. */
public enum LongLayer {
    /** {@link io.github.dyt4j.torch.SelectiveScan}, Caduceus' part. */
    SCAN("selective scan"),
    /** {@link io.github.dyt4j.torch.LongConvolution}, HyenaDNA's part. */
    CONVOLUTION("FFT convolution");

    private final String label;

    LongLayer(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
