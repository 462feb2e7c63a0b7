package io.github.dyt4j.cli;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.DiffusionRun;
import io.github.dyt4j.lab.bench.BenchFiles;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.diffusion.Sampler;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j sample RUN}: images that a diffusion transformer draws. */
@Command(
        name = "sample",
        mixinStandardHelpOptions = true,
        description =
                "Draws images with a diffusion transformer: a PNG with a class a row, or latents as safetensors where it"
                        + " was trained on latents.")
final class SampleCommand implements Callable<Integer> {
    private static final int MOST_PER_CLASS = 1000;
    private static final List<String> KINDS = Arrays.stream(Sampler.Kind.values())
            .map(k -> k.name().toLowerCase(Locale.ROOT))
            .toList();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "RUN", description = "A run's folder, or RUN/checkpoints/step-N.")
    private Path run = Path.of("");

    @Option(
            names = "--classes",
            paramLabel = "0,3",
            split = ",",
            description = "Classes by number, a row each. Default: the first ten.")
    private List<Integer> classes = List.of();

    @Option(names = "--per-class", paramLabel = "N", description = "Images of each. Default: ${DEFAULT-VALUE}.")
    private int perClass = 8;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Steps of the sampler, 2 to 1000. Default: the recipe's.")
    private @Nullable Integer steps;

    @Option(
            names = "--cfg-scale",
            paramLabel = "X",
            description = "Classifier-free guidance, 0 to 100; 1 is none. Default: the recipe's.")
    private @Nullable Double cfgScale;

    @Option(names = "--sampler", paramLabel = "ddim|ddpm", description = "How it draws. Default: the recipe's.")
    private @Nullable String sampler;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Of the noise; the same seed draws the same images. Default: ${DEFAULT-VALUE}, as in the run's report.")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Default: samples.png, or samples.safetensors for latents.")
    private @Nullable Path out;

    @Override
    public Integer call() throws IOException {
        Sampler.Kind kind = sampler == null ? null : kind(sampler);
        if (perClass < 1 || perClass > MOST_PER_CLASS) {
            throw new UserError("--per-class " + perClass + " is not in 1 to " + MOST_PER_CLASS + ".");
        }
        // What a model need not be opened for.
        var _ = new Sampler(Sampler.Kind.DDIM, steps == null ? 2 : steps, cfgScale == null ? 1 : cfgScale, true);
        if (out != null) {
            BenchFiles.requireWritable("--out", out);
        }
        TorchRuntime.start(0);
        long began = System.nanoTime();
        try (DiffusionRun drawing = DiffusionRun.open(run)) {
            Path file = file(drawing.pixels());
            Sampler usual = drawing.sampler();
            Sampler own = new Sampler(
                    kind == null ? usual.kind() : kind,
                    steps == null ? usual.steps() : steps,
                    cfgScale == null ? usual.scale() : cfgScale,
                    usual.clip());
            List<Integer> wanted = classes.isEmpty() ? drawing.firstClasses() : classes;
            drawing.draw(own, wanted, perClass, seed, file);
            PrintWriter said = spec.commandLine().getOut();
            said.println(String.format(
                    Locale.ROOT,
                    "%s: %d %s of %d %s, by %s in %d steps with guidance %s, seed %d, in %.1f s",
                    file,
                    perClass * wanted.size(),
                    drawing.pixels() ? "images" : "latents",
                    wanted.size(),
                    wanted.size() == 1 ? "class" : "classes",
                    own.kind(),
                    own.steps(),
                    own.scale(),
                    seed,
                    (System.nanoTime() - began) / 1e9));
            said.flush();
        }
        return 0;
    }

    private static Sampler.Kind kind(String name) {
        if (!KINDS.contains(name)) {
            throw new UserError("--sampler '" + name + "': " + String.join(" and ", KINDS) + " are known."
                    + Nearest.hint(name, KINDS));
        }
        return Sampler.Kind.of(name);
    }

    /** Where it goes: what is drawn decides the kind of file. */
    private Path file(boolean pixels) {
        String ending = pixels ? ".png" : ".safetensors";
        if (out == null) {
            Path usual = Path.of("samples" + ending);
            BenchFiles.requireWritable("--out", usual);
            return usual;
        }
        if (!out.toString().endsWith(ending)) {
            throw new UserError("--out " + out + ": the run was trained on " + (pixels ? "images" : "latents")
                    + " and draws such, so name a file that ends in " + ending + ".");
        }
        return out;
    }
}
