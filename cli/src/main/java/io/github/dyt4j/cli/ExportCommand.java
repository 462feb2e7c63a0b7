package io.github.dyt4j.cli;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.llm.Pretrained;
import io.github.dyt4j.models.HuggingFaceFolder;
import io.github.dyt4j.models.HuggingFaceTokens;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.text.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j export MODEL FOLDER}: a language model as a Hugging Face folder. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description =
                "Writes a language model as a Hugging Face folder: config.json, safetensors, tokenizer.json. With RMSNorm"
                        + " transformers loads it; with another norm config.json names it under \"norm\", and this project loads it.")
final class ExportCommand implements Callable<Integer> {
    private static final long BYTES_PER_GB = 1_000_000_000L;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A run's folder, RUN/checkpoints/step-N, or a Hugging Face folder.")
    private Path model = Path.of("");

    @Parameters(index = "1", paramLabel = "FOLDER", description = "A new folder.")
    private Path folder = Path.of("");

    @Option(
            names = "--dtype",
            paramLabel = "f32|bf16",
            description = "What the weights are stored in. Default: f32, as a run trains them.")
    private String dtype = "f32";

    @Option(
            names = "--shard-gb",
            paramLabel = "GB",
            description = "Bytes of one file at most, in 10^9. Default: ${DEFAULT-VALUE}.")
    private double shardGb = 5;

    @Override
    public Integer call() throws IOException {
        Dtype stored = stored();
        if (!(shardGb > 0)) {
            throw new UserError("--shard-gb " + shardGb + " must be above 0.");
        }
        TorchRuntime.start(0);
        try (Pretrained pretrained = Pretrained.open(model, stored)) {
            Tokenizer tokenizer = pretrained.tokenizer();
            List<Integer> ends = pretrained.endOfText().stream().sorted().toList();
            HuggingFaceFolder.write(
                    pretrained.model(),
                    folder,
                    stored,
                    Math.round(Math.min(shardGb * BYTES_PER_GB, Long.MAX_VALUE)),
                    new HuggingFaceTokens(tokenizer.beginOfText(), ends),
                    tokenizer::write);
            PrintWriter out = spec.commandLine().getOut();
            boolean theirs = pretrained.model().norms().spec().function() == NormFunction.RMSNORM;
            out.println(String.format(
                    Locale.ROOT,
                    "%s: %,d parameters in %s, %s",
                    folder,
                    pretrained
                            .model()
                            .config()
                            .parameterCount(pretrained.model().norms().spec()),
                    dtype,
                    theirs
                            ? "as transformers loads it"
                            : "with \"norm\": \"" + pretrained.model().norms().spec() + "\" in config.json,"
                                    + " which transformers does not know"));
            out.flush();
        }
        return 0;
    }

    private Dtype stored() {
        return switch (dtype) {
            case "f32" -> Dtype.F32;
            case "bf16" -> Dtype.BF16;
            default ->
                throw new UserError("--dtype '" + dtype + "': f32 and bf16 are known."
                        + Nearest.hint(dtype, List.of("f32", "bf16")));
        };
    }
}
