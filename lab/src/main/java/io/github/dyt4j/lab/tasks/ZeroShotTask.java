package io.github.dyt4j.lab.tasks;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.text.Rows;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A zero-shot task as EleutherAI's lm-evaluation-harness defines it (its task files, read at 0.4.13): from documents to requests, from
 * log-likelihoods to metrics. {@link #ALL} are the fifteen whose mean the paper gives for LLaMA (Zhu et al. 2025, section 5).
 *
 * <p>Evaluated is the split whose answers are public: the test split where the harness names one (ARC, ANLI, OpenBookQA), else
 * validation.
 *
 * @param name the harness's
 * @param set the data set's name: its files serve every task of the set
 * @param hub where the public set is found on the Hugging Face hub, with its configuration; field names are this set's
 * @param split as it stands in a file's name
 * @param metrics what the harness reports, the headline last
 * @param question how a document is asked
 */
public record ZeroShotTask(
        String name, String set, String hub, String split, List<String> metrics, Function<Fields, Question> question) {

    private static final List<String> ACC = List.of("acc");
    private static final List<String> ACC_NORM = List.of("acc", "acc_norm");

    /** The fifteen of the paper, in its order. */
    public static final List<ZeroShotTask> ALL = List.of(
            new ZeroShotTask("anli_r1", "anli", "facebook/anli", "test_r1", ACC, ChoicePrompts::anli),
            new ZeroShotTask("anli_r2", "anli", "facebook/anli", "test_r2", ACC, ChoicePrompts::anli),
            new ZeroShotTask("anli_r3", "anli", "facebook/anli", "test_r3", ACC, ChoicePrompts::anli),
            task("arc_challenge", "allenai/ai2_arc ARC-Challenge", "test", ACC_NORM, ChoicePrompts::arc),
            task("arc_easy", "allenai/ai2_arc ARC-Easy", "test", ACC_NORM, ChoicePrompts::arc),
            task("boolq", "aps/super_glue boolq", "validation", ACC, ChoicePrompts::boolq),
            task("hellaswag", "Rowan/hellaswag", "validation", ACC_NORM, SentencePrompts::hellaswag),
            task("openbookqa", "allenai/openbookqa main", "test", ACC_NORM, ChoicePrompts::openbookqa),
            task("piqa", "ybisk/piqa", "validation", ACC_NORM, ChoicePrompts::piqa),
            task("record", "aps/super_glue record", "validation", List.of("em", "f1"), Cloze::record),
            task("rte", "nyu-mll/glue rte", "validation", ACC, ChoicePrompts::rte),
            truthful("truthfulqa_mc1", TruthfulQa::mc1),
            truthful("truthfulqa_mc2", TruthfulQa::mc2),
            task("wic", "aps/super_glue wic", "validation", ACC, ChoicePrompts::wic),
            task("winogrande", "allenai/winogrande winogrande_xl", "validation", ACC, SentencePrompts::winogrande));

    private static ZeroShotTask task(
            String name, String hub, String split, List<String> metrics, Function<Fields, Question> question) {
        return new ZeroShotTask(name, name, hub, split, metrics, question);
    }

    private static ZeroShotTask truthful(String name, Function<Fields, Question> question) {
        return new ZeroShotTask(
                name, "truthfulqa", "truthfulqa/truthful_qa multiple_choice", "validation", ACC, question);
    }

    /**
     * The tasks of a list of names with commas, in the order of {@link #ALL}; {@code all} is every one.
     *
     * @throws UserError for a name that is none, with the nearest that is
     */
    public static List<ZeroShotTask> named(String names) {
        List<String> known = ALL.stream().map(ZeroShotTask::name).toList();
        List<String> asked =
                Arrays.stream(names.split(",", -1)).map(String::strip).toList();
        for (String name : asked) {
            if (!name.equals("all") && !known.contains(name)) {
                throw new UserError("There is no task '" + name + "'." + Nearest.hint(name, known) + "\nTasks: "
                        + String.join(", ", known) + ", or all.");
            }
        }
        return ALL.stream()
                .filter(t -> asked.contains("all") || asked.contains(t.name))
                .toList();
    }

    /** The metric that stands for the task in a mean over tasks. */
    public String headline() {
        return metrics.getLast();
    }

    /** A task and its documents. */
    public record Asked(ZeroShotTask task, List<Question> questions) {}

    /**
     * The first {@code limit} documents of the task's {@linkplain TaskFiles files} in a folder, all of them checked.
     *
     * @throws UserError for files that are not there or hold no document, and for a document that lacks a field or has a wrong one
     */
    public Asked read(Path folder, int limit) {
        List<Path> files = TaskFiles.find(folder, this);
        List<Question> questions = new ArrayList<>();
        for (Path file : files) {
            if (questions.size() < limit) {
                Rows.read(file, (row, where) -> {
                    questions.add(question.apply(Fields.of(row, where)));
                    return questions.size() < limit;
                });
            }
        }
        if (questions.isEmpty()) {
            throw new UserError(files.getFirst() + ": there is no document of " + name + " in it. Take the file of "
                    + hub + ", split " + split + ".");
        }
        return new Asked(this, List.copyOf(questions));
    }
}
