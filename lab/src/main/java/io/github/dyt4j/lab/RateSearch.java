package io.github.dyt4j.lab;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.github.dyt4j.lab.Results.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Learning rates of which each variant got its best: every rate was run with seed 0, and the run with the best value at its end decides. One that
 * diverged loses to every one that did not, then counts its best value before it did; of equals the lower rate wins.
 *
 * @param rates in rising order
 */
public record RateSearch(List<Double> rates, List<Choice> choices) {
    /**
     * One variant's row.
     *
     * @param chosen null while a rate has not been run
     * @param runs that have ended, with seed 0, by rising rate
     */
    public record Choice(
            String norm, String label, @Nullable Double chosen, List<Run> runs) {
        /** The run at a rate; nothing while it has not ended. */
        public @Nullable Run at(double rate) {
            return runs.stream()
                    .filter(r -> Objects.equals(r.lr(), rate))
                    .findFirst()
                    .orElse(null);
        }
    }

    /** The rate that wins; nothing while there are fewer runs than rates. */
    static OptionalDouble choose(List<Double> rates, List<Run> runs, boolean higherIsBetter) {
        if (rates.isEmpty() || runs.size() < rates.size()) {
            return OptionalDouble.empty();
        }
        Comparator<Double> better =
                higherIsBetter ? Comparator.<Double>reverseOrder() : Comparator.<Double>naturalOrder();
        return runs.stream()
                .min(Comparator.comparing(Run::diverged)
                        .thenComparing(Run::value, Comparator.nullsLast(better))
                        .thenComparing(r -> Objects.requireNonNull(r.lr())))
                .map(r -> OptionalDouble.of(Objects.requireNonNull(r.lr())))
                .orElseThrow();
    }

    /** Variants whose chosen rate is the lowest or the highest of the grid: a better one may lie beyond it. */
    @JsonIgnore
    public List<Choice> atAnEnd() {
        return choices.stream()
                .filter(c ->
                        rates.getFirst().equals(c.chosen()) || rates.getLast().equals(c.chosen()))
                .toList();
    }

    /** Which these are, in a sentence; empty where there are none. */
    public String beyond() {
        List<String> low = labels(rates.getFirst());
        List<String> high = labels(rates.getLast());
        if (low.isEmpty() && high.isEmpty()) {
            return "";
        }
        return "The chosen rate is "
                + (low.isEmpty() ? "" : "the lowest of the grid for " + Html.listed(low))
                + (low.isEmpty() || high.isEmpty() ? "" : " and ")
                + (high.isEmpty() ? "" : "the highest for " + Html.listed(high))
                + ": a better one may lie beyond.";
    }

    private List<String> labels(double rate) {
        return choices.stream()
                .filter(c -> Objects.equals(c.chosen(), rate))
                .map(Choice::label)
                .toList();
    }

    /** What was chosen for a variant in another comparison's folder; null where that did not search. */
    static @Nullable Double chosenIn(Path folder, Variant variant) throws IOException {
        Path file = folder.resolve("results.json");
        if (!Files.exists(file)) {
            return null;
        }
        try {
            JsonNode choices = Report.JSON
                    .readTree(Files.readAllBytes(file))
                    .path("search")
                    .path("choices");
            for (JsonNode choice : choices) {
                if (choice.path("norm").asString("").equals(variant.name())
                        && choice.path("chosen").isNumber()) {
                    return choice.get("chosen").doubleValue();
                }
            }
            return null;
        } catch (JacksonException e) {
            throw new IOException(file + " cannot be read: " + e.getOriginalMessage(), e);
        }
    }
}
