package io.github.dyt4j.training;

import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.training.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** A calibrated start: α0 and γ0 of every site from the first training batch, in {@code calibration.json} as {@code {site: {alpha, gamma}}}. */
final class Calibration {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<Map<String, Map<String, @Nullable Double>>> STARTS = new TypeReference<>() {};

    private Calibration() {}

    /** Sets the start of the task's norms where the recipe's norm asks for it; empty where it does not. */
    static SequencedMap<String, Norms.Start> set(Task task, Recipe recipe) {
        if (!NormSpec.parse(recipe.norm()).calibrated()) {
            return new LinkedHashMap<>();
        }
        var parameters = task.model().parameters();
        parameters.training(false);
        try (Batches batches = task.unmixed();
                var _ = new Scope();
                var _ = Autocast.bf16(recipe.bf16())) {
            Batch first = batches.next();
            return task.model().norms().calibrateNew(() -> task.objective().forward(task.model(), first));
        } finally {
            parameters.training(true);
        }
    }

    /** Records what was set when a run began. */
    static void write(RunFolder folder, SequencedMap<String, Norms.Start> starts) throws IOException {
        Map<String, Map<String, @Nullable Double>> record = new LinkedHashMap<>();
        starts.forEach((site, start) -> {
            Map<String, @Nullable Double> values = new LinkedHashMap<>();
            values.put("alpha", orNull(start.alpha()));
            values.put("gamma", orNull(start.gamma()));
            record.put(site, values);
        });
        folder.store()
                .replace(file(folder), JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(record));
    }

    /** What was set when the run began; null where nothing was. */
    static @Nullable Map<String, Map<String, @Nullable Double>> read(RunFolder folder) throws IOException {
        return Files.exists(file(folder)) ? JSON.readValue(Files.readAllBytes(file(folder)), STARTS) : null;
    }

    private static Path file(RunFolder folder) {
        return folder.path().resolve("calibration.json");
    }

    private static @Nullable Double orNull(double value) {
        return Double.isNaN(value) ? null : value;
    }
}
