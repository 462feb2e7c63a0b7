package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.ReportData.SitePoints;
import io.github.dyt4j.lab.ReportData.TokenPoints;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.torch.Weights;
import io.github.dyt4j.training.Batch;
import io.github.dyt4j.training.Batches;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Task;
import io.github.dyt4j.training.run.Checkpoint;
import io.github.dyt4j.training.run.FileStore;
import io.github.dyt4j.training.run.RunTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/**
 * What each norm of a trained model makes of its input, x against y before γ and β (the paper's figures 2 and 4): a few test examples go
 * through a run's last checkpoint, and of eight tokens a sample of channels is kept. The fit is made over all of their values.
 */
final class SiteTaps {
    private static final int TOKENS = 8;
    private static final int TOKENS_OF_AN_EXAMPLE = 4;
    /** Channels of a token that are drawn: a regular sample, and the largest, since few channels carry the extremes (section 3). */
    private static final int SAMPLED = 72;

    private static final int LARGEST = 3;
    private static final TypeReference<List<SitePoints>> POINTS = new TypeReference<>() {};

    private SiteTaps() {}

    /** The points of a run that has ended, kept in its folder; nothing where it left no checkpoint. */
    static List<SitePoints> of(Path run) throws IOException {
        Path kept = run.resolve("taps.json");
        if (Files.exists(kept)) {
            try {
                return Report.JSON.readValue(Files.readAllBytes(kept), POINTS);
            } catch (JacksonException e) {
                Files.delete(kept); // torn by a kill; it is made anew
            }
        }
        Optional<Checkpoint.Found> checkpoint =
                new Checkpoint(new FileStore(), run.resolve("checkpoints"), "step", 1).latest();
        if (checkpoint.isEmpty()) {
            return List.of();
        }
        List<SitePoints> points = look(Recipe.read(run.resolve("recipe.yaml")), checkpoint.get());
        Path partial = run.resolve("taps.json.tmp");
        Files.write(partial, Report.JSON.writeValueAsBytes(points));
        Files.move(partial, kept, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return points;
    }

    private static List<SitePoints> look(Recipe recipe, Checkpoint.Found checkpoint) throws IOException {
        TorchRuntime.start(1); // another run may be using the cores
        try (Task task = Task.of(recipe);
                Batches batches = task.evaluation();
                var _ = new Scope();
                var _ = Grad.off()) {
            Model model = task.model();
            Path averaged = checkpoint.file(RunTensors.EMA);
            Weights.load(
                    Files.exists(averaged) ? averaged : checkpoint.file(RunTensors.MODEL),
                    model.parameters().state(),
                    true);
            model.parameters().training(false);
            Batch examples = batches.next().first(TOKENS);
            String called = task.setup().examples().one();
            SequencedMap<String, SitePoints> points = new LinkedHashMap<>();
            NormSpec spec = model.norms().spec();
            model.norms()
                    .tap((norm, input) -> points.computeIfAbsent(norm.name(), _ -> points(spec, norm, input, called)));
            task.objective().forward(model, examples);
            return List.copyOf(points.values());
        }
    }

    /** @param called what an example is called: image, sequence */
    private static SitePoints points(NormSpec spec, Norm norm, Tensor input, String called) {
        Tensor x = tokens(input); // (B, N, C)
        Tensor y = tokens(norm.squashed(input));
        int perExample = (int) Math.min(x.size(1), TOKENS_OF_AN_EXAMPLE);
        int examples = (int) Math.min(x.size(0), TOKENS / perExample);
        int channels = (int) x.size(2);
        double[] allX = doubles(x.narrow(0, 0, examples));
        double[] allY = doubles(y.narrow(0, 0, examples));
        List<TokenPoints> tokens = new ArrayList<>();
        for (int b = 0; b < examples; b++) {
            for (int k = 0; k < perExample; k++) {
                int n = perExample == 1 ? 0 : Math.toIntExact(k * (x.size(1) - 1) / (perExample - 1));
                int at = Math.toIntExact((b * x.size(1) + n) * channels);
                String label = called + " " + (b + 1) + (x.size(1) == 1 ? "" : ", token " + n);
                tokens.add(new TokenPoints(
                        label,
                        IntStream.of(sample(allX, at, channels))
                                .mapToObj(i -> new double[] {short4(allX[i]), short4(allY[i])})
                                .toArray(double[][]::new)));
            }
        }
        return new SitePoints(norm.name(), norm.site().key(), fit(spec, norm, allX, allY), tokens);
    }

    private static ReportData.Fit fit(NormSpec spec, Norm norm, double[] x, double[] y) {
        float[] alpha = norm.alpha();
        return spec.function() == NormFunction.DYT && (alpha == null || alpha.length == 1)
                ? TanhFit.exact(alpha == null ? 1 : alpha[0], x, y)
                : TanhFit.of(x, y);
    }

    /** (B, N, C) of any input: pooled (B, C) is one token an example, and each place of (B, C, H, W) is a token. */
    private static Tensor tokens(Tensor x) {
        return switch ((int) x.dim()) {
            case 2 -> x.unsqueeze(1);
            case 3 -> x;
            case 4 -> x.flatten(2, 3).transpose(1, 2);
            default -> throw new UserError("A norm's input of " + x.dim() + " dimensions cannot be drawn.");
        };
    }

    private static int[] sample(double[] x, int at, int channels) {
        if (channels <= SAMPLED + LARGEST) {
            return IntStream.range(at, at + channels).toArray();
        }
        IntStream regular = IntStream.range(0, SAMPLED).map(k -> at + (int) ((long) k * channels / SAMPLED));
        IntStream largest = IntStream.range(at, at + channels)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -Math.abs(x[i])))
                .limit(LARGEST)
                .mapToInt(i -> i);
        return IntStream.concat(regular, largest).distinct().toArray();
    }

    private static double[] doubles(Tensor t) {
        float[] values = Tensors.floats(t);
        double[] d = new double[values.length];
        Arrays.setAll(d, i -> values[i]);
        return d;
    }

    /** Four digits, which is more than a chart shows, keep the page small. */
    static double short4(double v) {
        return v == 0 || !Double.isFinite(v)
                ? v
                : new java.math.BigDecimal(v)
                        .round(new java.math.MathContext(4))
                        .doubleValue();
    }
}
