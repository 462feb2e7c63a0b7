package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code bench llama} is to measure.
 *
 * @param model its name, as {@code llama_7b}
 * @param arguments of the model, put over the named size
 * @param norms whose passes are timed; identity is put first where it is missing, since it is what they are measured against
 * @param layers to build; null for as many as memory and time allow
 * @param tokens of a sequence; null for as many as time allows, the paper's 4096 at the most
 * @param batch sequences of a pass; prefill and decode have one
 * @param seconds of measurement for each table; warming up comes on top
 * @param step the model of the training step's rows, with its batch
 * @param command as it was typed
 */
public record LlamaPlan(
        String model,
        Map<String, Object> arguments,
        List<NormSpec> norms,
        @Nullable Integer layers,
        @Nullable Integer tokens,
        int batch,
        Dtype dtype,
        Set<Topic> topics,
        int threads,
        double seconds,
        Step step,
        String command) {
    /** What there is to measure. */
    public enum Topic {
        /** Passes with each norm, forward alone. */
        INFERENCE,
        /** Passes with each norm, forward and backward. */
        TRAINING,
        /** A prompt into a cache, against libtorch's products of it. */
        PREFILL,
        /** One more token, against a plain read of the weights. */
        DECODE,
        /** A training step with its optimizer, against its products. */
        STEP,
        /** A training step with and without gradient checkpointing, a process each. */
        CHECKPOINTING
    }

    /** The model of the training step's rows, {@code batch} sequences of {@code tokens} tokens a step. */
    public record Step(String model, Map<String, Object> arguments, int batch, int tokens) {
        private static final String STANDARD = "llama_100m";
        private static final int BATCH = 4;
        private static final int TOKENS = 256;
        /** Bytes a parameter: weight, gradient and AdamW's two moments in f32, and a copy in bf16. */
        private static final int BYTES = 18;

        /**
         * @param size as typed; null for 100m, or for the model that is measured, with its arguments, where that is smaller
         * @param shape {@code BATCHxTOKENS}; null for 4 sequences of 256 tokens, or of as many positions as there are
         */
        public static Step of(
                @Nullable String size, @Nullable String shape, String measured, Map<String, Object> arguments) {
            if (size != null) {
                return of(named("--step-size", size), Map.of(), shape);
            }
            boolean smaller = Models.parameterCount(measured, arguments, IDENTITY)
                    < Models.parameterCount(STANDARD, Map.of(), IDENTITY);
            return of(smaller ? measured : STANDARD, smaller ? arguments : Map.of(), shape);
        }

        static Step of(String model, Map<String, Object> arguments, @Nullable String shape) {
            int positions = config(model, arguments).maxPositionEmbeddings();
            if (shape == null) {
                return new Step(model, arguments, BATCH, Math.min(TOKENS, positions));
            }
            if (!shape.matches("[1-9]\\d{0,5}x[1-9]\\d{0,6}")) {
                throw new UserError("--step-batch '" + shape + "': write BATCHxTOKENS, as 2x256.");
            }
            int x = shape.indexOf('x');
            int tokens = Integer.parseInt(shape.substring(x + 1));
            requirePositions("--step-batch " + shape, model, tokens, positions);
            return new Step(model, arguments, Integer.parseInt(shape.substring(0, x)), tokens);
        }

        /** @throws UserError where the machine cannot hold it */
        void requireMemory(long machine) {
            long parameters = Models.parameterCount(model, arguments, IDENTITY);
            if (BYTES * parameters > machine) {
                throw new UserError(String.format(
                        Locale.ROOT,
                        "A training step of %s needs at least %.1f GB for weights, gradients and AdamW, and this machine has %.1f GB.%n"
                                + "Give a smaller --step-size, or leave the step out with --only.",
                        model,
                        BYTES * parameters / 1e9,
                        machine / 1e9));
            }
        }

        @Override
        public String toString() {
            return model + ", " + batch + " x " + tokens + " tokens";
        }
    }

    static final NormSpec IDENTITY = NormSpec.parse("identity");

    /** The paper's candidates in both their forms: composed from libtorch's operations, as its "eager", and fused, as its "compiled". */
    public static final List<NormSpec> NORMS = Stream.of(
                    "identity", "rmsnorm(kernel=libtorch)", "rmsnorm(kernel=fused)", "dyt(kernel=eager)", "dyt")
            .map(NormSpec::parse)
            .toList();

    private static final String FAMILY = "llama_";

    public LlamaPlan {
        Llama.Config config = config(model, arguments);
        if (layers != null && (layers < 1 || layers > config.numHiddenLayers())) {
            throw new UserError("--layers " + layers + ": " + model + " has " + config.numHiddenLayers()
                    + ". Give from 1 to that, or leave it out.");
        }
        if (tokens != null) {
            if (tokens < 1) {
                throw new UserError("--tokens " + tokens + ": a pass needs at least one token.");
            }
            requirePositions("--tokens " + tokens, model, tokens, config.maxPositionEmbeddings());
        }
        if (batch < 1) {
            throw new UserError("--batch " + batch + ": a pass needs at least one sequence.");
        }
        List<NormSpec> all = new ArrayList<>(norms);
        all.removeIf(norm -> norm.function() == NormFunction.IDENTITY);
        all.addFirst(IDENTITY);
        norms = List.copyOf(all);
        for (NormSpec norm : norms) {
            if (norm.calibrated()) {
                throw new UserError("--norm '" + norm
                        + "': there is no data here to calibrate to, and α does not change the time. Leave init out.");
            }
        }
        arguments = Map.copyOf(arguments);
        topics = Set.copyOf(topics);
    }

    private static void requirePositions(String option, String model, int tokens, int positions) {
        if (tokens > positions) {
            throw new UserError(option + ": " + model + " has " + positions + " positions. Give at most that, or --set"
                    + " max_position_embeddings=" + tokens + ".");
        }
    }

    Llama.Config config() {
        return config(model, arguments);
    }

    static Llama.Config config(String model, Map<String, ?> arguments) {
        if (Models.config(model, arguments) instanceof Llama.Config config) {
            return config;
        }
        throw new UserError(model + " is not a LLaMA. Sizes are: " + String.join(", ", sizes()) + ".");
    }

    /**
     * The model's name of what people type: {@code 7b} for {@code llama_7b}; a name stays.
     *
     * @throws UserError where there is no such LLaMA
     */
    public static String named(String option, String size) {
        if (Models.names().contains(size)) {
            config(size, Map.of());
            return size;
        }
        if (Models.names().contains(FAMILY + size)) {
            return FAMILY + size;
        }
        throw new UserError(option + " '" + size + "': there is no such LLaMA." + Nearest.hint(size, sizes())
                + "\nSizes are: " + String.join(", ", sizes()) + "; --set changes any of them, as hidden_size=512.");
    }

    private static List<String> sizes() {
        return Models.names().stream()
                .filter(name -> Models.config(name, Map.of()) instanceof Llama.Config)
                .map(name -> name.startsWith(FAMILY) ? name.substring(FAMILY.length()) : name)
                .toList();
    }

    /** {@code key=value} as typed to a map of the model's arguments: numbers where they read as such. */
    public static Map<String, Object> arguments(List<String> typed) {
        Map<String, Object> arguments = new LinkedHashMap<>();
        for (String pair : typed) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw new UserError("--set '" + pair + "': write key=value, as hidden_size=512.");
            }
            arguments.put(
                    pair.substring(0, equals).strip(),
                    value(pair.substring(equals + 1).strip()));
        }
        return arguments;
    }

    private static Object value(String typed) {
        if (typed.matches("[+-]?\\d{1,9}")) {
            return Integer.valueOf(typed);
        }
        return typed.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?") ? Double.valueOf(typed) : typed;
    }

    /** As typed after {@code --only}: norms are the passes of {@code direction}. */
    public static Set<Topic> topics(List<String> only, String direction) {
        List<String> known = List.of("norms", "prefill", "decode", "step", "checkpointing");
        Set<Topic> passes = switch (direction) {
            case "inference" -> Set.of(Topic.INFERENCE);
            case "training" -> Set.of(Topic.TRAINING);
            case "both" -> Set.of(Topic.INFERENCE, Topic.TRAINING);
            default ->
                throw new UserError("--direction '" + direction + "' is none of inference, training and both."
                        + Nearest.hint(direction, List.of("inference", "training", "both")));
        };
        return (only.isEmpty() ? known : only)
                .stream()
                        .flatMap(word -> {
                            if (!known.contains(word)) {
                                throw new UserError("--only '" + word + "' is none of " + String.join(", ", known) + "."
                                        + Nearest.hint(word, known));
                            }
                            return word.equals("norms")
                                    ? passes.stream()
                                    : Arrays.stream(Topic.values())
                                            .filter(t -> t.name().equalsIgnoreCase(word));
                        })
                        .collect(Collectors.toSet());
    }

    boolean has(Topic topic) {
        return topics.contains(topic);
    }
}
