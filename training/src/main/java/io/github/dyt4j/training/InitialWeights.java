package io.github.dyt4j.training;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;

/**
 * The start of a run from the weights of another, by name: fine-tuning. Of DINO the teacher's backbone is taken (by another DINO all), of MAE the encoder. New stay
 * the classifier's head, and a final norm that the other run has not.
 */
final class InitialWeights {
    private static final String TEACHER = "teacher.backbone.";

    private InitialWeights() {}

    /**
     * Loads them.
     *
     * @return what was taken and what is new, for people
     * @throws UserError where the two models do not belong together
     */
    static String load(Recipe recipe, Model model) throws IOException {
        TrainedRun run = TrainedRun.of(Path.of(recipe.text("init")));
        String own = recipe.variant();
        String other = run.recipe().variant();
        if (!other.equals(own)) {
            String kind = run.recipe().has("method") ? "method" : "norm";
            throw new UserError("The run " + run.run() + " was trained with the " + kind + " " + other
                    + ", and this one has " + own + ".\nFine-tune with the " + kind + " of the pretraining: --" + kind
                    + " '"
                    + other + "'.");
        }
        int heads = heads(recipe);
        int theirs = heads(run.recipe());
        if (heads != theirs) {
            throw new UserError(
                    "The run " + run.run() + " (" + run.recipe().model() + ") has " + theirs
                            + " attention heads and this model " + heads
                            + ": its weights would be cut into other heads.\nGive this recipe that run's number of them, by num_heads (of LLaMA and wav2vec 2.0 num_attention_heads).");
        }
        SequencedMap<String, Tensor> taken = new LinkedHashMap<>();
        List<String> fresh = new ArrayList<>();
        try (Safetensors file = Safetensors.open(run.weights())) {
            boolean ofTeacher = file.entries().keySet().stream().anyMatch(n -> n.startsWith(TEACHER))
                    && model.parameters().state().keySet().stream().noneMatch(n -> n.startsWith(TEACHER));
            String prefix = ofTeacher ? TEACHER : "";
            model.parameters().state().forEach((name, tensor) -> {
                Safetensors.Entry entry = file.entries().get(prefix + name);
                boolean fits = entry != null && Arrays.equals(entry.shape(), Tensors.shape(tensor));
                if (fits) {
                    taken.put(prefix + name, tensor);
                } else if (mayBeNew(name)) {
                    fresh.add(name);
                } else {
                    throw new UserError(misfit(run, name, tensor, entry));
                }
            });
        }
        Weights.load(run.weights(), taken, false);
        return "Begins with " + taken.size() + " tensors of " + run.checkpoint()
                + (fresh.isEmpty() ? "" : "; new: " + String.join(", ", fresh));
    }

    private static int heads(Recipe recipe) {
        // Of a size without attention the arguments may say too little yet to make a whole of it.
        boolean attends = Models.config(recipe.model(), Map.of()).heads() > 0;
        return attends ? Models.config(recipe.model(), recipe.modelArguments()).heads() : 0;
    }

    private static boolean mayBeNew(String name) {
        return name.matches("(head|lm_head|fc|classifier|norm|fc_norm)\\..*");
    }

    private static String misfit(
            TrainedRun run, String name, Tensor own, Safetensors.@org.jspecify.annotations.Nullable Entry entry) {
        return "The weights of " + run.run() + " (" + run.recipe().model() + ") do not fit this model: " + name
                + (entry == null
                        ? " is not among them."
                        : " is " + Arrays.toString(entry.shape()) + " there and " + Arrays.toString(Tensors.shape(own))
                                + " here.")
                + "\nGive this recipe the sizes of that run: img_size, patch_size, in_chans, embed_dim, depth, num_heads; of DNA d_model, n_layer, l_max; of speech conv_dim, hidden_size, num_hidden_layers, norm_order.";
    }
}
