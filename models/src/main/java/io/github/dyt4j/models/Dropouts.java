package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The shares that wav2vec 2.0 leaves out in training (Srivastava et al. 2014), all in [0, 1), drawn from libtorch's generator.
 *
 * @param hidden of what a branch adds to the residual stream, of the projected features, and of the quantiser's input
 * @param attention of the attention probabilities
 * @param activation of the MLP's hidden layer
 * @param layerdrop how often a whole block is left out of a step (Fan et al. 2020)
 */
record Dropouts(double hidden, double attention, double activation, double layerdrop) {
    Dropouts with(Overrides o) {
        return new Dropouts(
                share("dropout", o.number("dropout", hidden)),
                share("attention_dropout", o.number("attention_dropout", attention)),
                share("activation_dropout", o.number("activation_dropout", activation)),
                share("layerdrop", o.number("layerdrop", layerdrop)));
    }

    private static double share(String key, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new UserError(key + " " + value + " is not in [0, 1).");
        }
        return value;
    }

    Tensor hidden(Tensor x, Parameters p) {
        return of(x, hidden, p);
    }

    Tensor activation(Tensor x, Parameters p) {
        return of(x, activation, p);
    }

    private static Tensor of(Tensor x, double share, Parameters p) {
        return share == 0 || !p.training() ? x : torch.dropout(x, share, true);
    }

    /** Whether a block is left out of this pass. */
    boolean skipsBlock(Parameters p) {
        return layerdrop > 0 && p.training() && torch.rand(1).item_double() < layerdrop;
    }
}
