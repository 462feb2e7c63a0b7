package io.github.dyt4j.lab.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.tasks.ZeroShotTask.Asked;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZeroShotTaskTest {
    private static final int ALL = Integer.MAX_VALUE;

    @TempDir
    Path folder;

    private static ZeroShotTask task(String name) {
        return ZeroShotTask.named(name).getFirst();
    }

    private Asked read(String name) {
        return task(name).read(folder, ALL);
    }

    private Asked read(String name, String... lines) throws IOException {
        Files.write(folder.resolve(name + ".jsonl"), List.of(lines));
        return read(name);
    }

    private AbstractThrowableAssert<?, ?> refused(String name, String... lines) {
        return assertThatThrownBy(() -> read(name, lines)).isInstanceOf(UserError.class);
    }

    @Test
    void fifteenTasksByName() {
        assertThat(ZeroShotTask.ALL).hasSize(15);
        assertThat(ZeroShotTask.named("all")).isEqualTo(ZeroShotTask.ALL);
        assertThat(ZeroShotTask.named("piqa, boolq").stream().map(ZeroShotTask::name))
                .containsExactly("boolq", "piqa");
        assertThatThrownBy(() -> ZeroShotTask.named("piqa,hellaswg"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no task 'hellaswg'. Did you mean 'hellaswag'?")
                .hasMessageContaining("winogrande");
    }

    @Test
    void aMissingFieldIsNamedWithFileAndLine() {
        refused(
                        "piqa",
                        "{\"goal\":\"g\",\"sol1\":\"a\",\"sol2\":\"b\",\"label\":0}",
                        "{\"goal\":\"g\",\"sol_1\":\"a\",\"label\":0}")
                .hasMessageContaining("piqa.jsonl:2: the field 'sol1' is missing; there are goal, sol_1, label.")
                .hasMessageContaining("Did you mean 'sol_1'?");
    }

    @Test
    void aFieldInsideAnotherIsNamedByItsPath() {
        refused("truthfulqa_mc1", "{\"question\":\"q\",\"mc1_targets\":{\"choices\":[\"a\"]}}")
                .hasMessageContaining(":1: the field 'mc1_targets.labels' is missing");
        refused("arc_easy", "{\"question\":\"q\",\"choices\":[\"a\"],\"answerKey\":\"A\"}")
                .hasMessageContaining("'choices' is [\"a\"]; it must be an object");
    }

    @Test
    void aFieldOfAnotherKindIsRefused() {
        refused("boolq", "{\"passage\":7,\"question\":\"q\",\"label\":0}")
                .hasMessageContaining("'passage' is 7; it must be a string");
        refused("hellaswag", "{\"ctx_a\":\"a\",\"ctx_b\":\"b\",\"activity_label\":\"c\",\"endings\":[],\"label\":0}")
                .hasMessageContaining("'endings' is []; it must be a list with at least one entry");
        refused("wic", "{\"sentence1\":\"a b\",\"sentence2\":\"b\",\"start1\":\"2\",\"end1\":3,\"label\":0}")
                .hasMessageContaining("'start1' is \"2\"; it must be a whole number");
        refused("wic", "{\"sentence1\":\"a b\",\"sentence2\":\"b\",\"start1\":2,\"end1\":9,\"label\":0}")
                .hasMessageContaining("'start1' is 2; it must be before end1 (9), both in sentence1");
        refused("winogrande", "{\"sentence\":\"no gap\",\"option1\":\"a\",\"option2\":\"b\",\"answer\":\"1\"}")
                .hasMessageContaining("a sentence with a gap");
        refused("truthfulqa_mc1", "{\"question\":\"q\",\"mc1_targets\":{\"choices\":[\"a\",\"b\"],\"labels\":[0,1]}}")
                .hasMessageContaining("1 for the first choice and 0 for all others");
        refused("truthfulqa_mc2", "{\"question\":\"q\",\"mc2_targets\":{\"choices\":[\"a\",\"b\"],\"labels\":[1]}}")
                .hasMessageContaining("'mc2_targets.labels' is [1]; it must be as long as the list of choices, 2");
        refused("rte", "[1]").hasMessageContaining("rte.jsonl:1").hasMessageContaining("JSON object");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "2", "\"\"", "0.5", "\"maybe\""})
    void aLabelOutOfRangeIsRefused(String label) {
        refused("boolq", "{\"passage\":\"p\",\"question\":\"q\",\"label\":" + label + "}")
                .hasMessageContaining("boolq.jsonl:1: the field 'label' is " + label + "; it must be");
    }

    @Test
    void answersThatAreNoChoiceAreRefused() {
        String choices = "\"choices\":{\"text\":[\"a\",\"b\"],\"label\":[\"A\",\"B\"]}";
        refused("arc_challenge", "{\"question\":\"q\"," + choices + ",\"answerKey\":\"C\"}")
                .hasMessageContaining("'answerKey' is \"C\"; it must be one of choices.label, [A, B]");
        refused("winogrande", "{\"sentence\":\"_ \",\"option1\":\"a\",\"option2\":\"b\",\"answer\":\"\"}")
                .hasMessageContaining("1 or 2");
    }

    @ParameterizedTest
    @CsvSource({"1", "'\"1\"'", "true", "'\"True\"'"})
    void labelsAreNumbersOrStringsOrTheSetsNames(String label) throws IOException {
        Asked asked = read("boolq", "{\"passage\":\"p\",\"question\":\"q\",\"label\":" + label + "}");
        assertThat(((OneRight) asked.questions().getFirst()).gold()).isEqualTo(1);
    }

    @Test
    void rteIsReadFromGlueAndSuperGlueAlike() throws IOException {
        Asked glue = read("rte", "{\"sentence1\":\"p.\",\"sentence2\":\"h.\",\"label\":1}");
        Asked superGlue = read("rte", "{\"premise\":\"p.\",\"hypothesis\":\"h.\",\"label\":\"not_entailment\"}");
        assertThat(superGlue.questions()).isEqualTo(glue.questions());
        assertThat(glue.questions().getFirst().requests().getFirst())
                .isEqualTo(new Request("p.\nQuestion: h. True or False?\nAnswer:", " True"));
    }

    @Test
    void aFileWithoutDocumentsIsRefused() {
        refused("boolq", "", " ")
                .hasMessageContaining("boolq.jsonl: there is no document of boolq in it")
                .hasMessageContaining("aps/super_glue boolq, split validation");
    }

    @Test
    void aMissingFileSaysWhatWasLookedFor() {
        assertThatThrownBy(() -> read("anli_r2"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no file of anli_r2")
                .hasMessageContaining("anli_r2.jsonl")
                .hasMessageContaining("anli/*test_r2*")
                .hasMessageContaining("facebook/anli");
        assertThatThrownBy(() -> task("rte").read(folder.resolve("nowhere"), ALL))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("nowhere: there is no such folder");
    }

    /** The rounds of ANLI are splits of one set: what one file without a split's name holds, nobody can say. */
    @Test
    void aSingleFileOfASetServesOnlyTasksOfOneSplit() throws IOException {
        Files.copy(Expected.folder().resolve("anli_r1.jsonl"), folder.resolve("anli.jsonl"));
        Files.copy(Expected.folder().resolve("truthfulqa.jsonl"), folder.resolve("truthfulqa.jsonl"));
        assertThatThrownBy(() -> read("anli_r2")).isInstanceOf(UserError.class).hasMessageNotContaining("anli.jsonl");
        assertThat(read("truthfulqa_mc1").questions()).hasSize(3);
        assertThat(read("truthfulqa_mc2").questions()).hasSize(3);
    }

    @Test
    void aLimitReadsTheFirstDocuments() {
        Asked all = task("piqa").read(Expected.folder(), ALL);
        Asked two = task("piqa").read(Expected.folder(), 2);
        assertThat(two.questions()).isEqualTo(all.questions().subList(0, 2));
    }

    @ParameterizedTest
    @CsvSource({
        "hellaswag, hellaswag_val.jsonl, true",
        "hellaswag, validation-00000-of-00001.ndjson, true",
        "hellaswag, dev.jsonl, true",
        "hellaswag, train.jsonl, false",
        "hellaswag, invalidation.jsonl, false",
        "hellaswag, validation.txt, false",
        "arc_easy, test-00000-of-00001.jsonl, true",
        "arc_easy, latest.jsonl, false",
        "anli_r1, test_r1.jsonl, true",
        "anli_r1, test_r10.jsonl, false",
        "anli_r1, test_r2.jsonl, false"
    })
    void aSplitIsFoundByItsName(String name, String file, boolean found) throws IOException {
        Path documents = Files.createDirectories(folder.resolve(name)).resolve(file);
        Files.writeString(documents, "{}");
        if (found) {
            assertThat(TaskFiles.find(folder, task(name))).containsExactly(documents);
        } else {
            assertThatThrownBy(() -> TaskFiles.find(folder, task(name))).isInstanceOf(UserError.class);
        }
    }

    @Test
    void theTasksOfASetShareItsFilesAndShardsAreReadInOrder() throws IOException {
        List<String> lines = Files.readAllLines(Expected.folder().resolve("anli_r1.jsonl"), UTF_8);
        Path set = Files.createDirectories(folder.resolve("anli"));
        Files.writeString(set.resolve("test_r1-00001-of-00002.jsonl"), lines.get(2));
        Files.write(set.resolve("test_r1-00000-of-00002.jsonl"), lines.subList(0, 2));
        Files.writeString(set.resolve("test_r1.parquet"), "not read, since there are JSON lines");
        Files.writeString(set.resolve("test_r2.jsonl"), "not of this task");
        List<List<Request>> requests = requests(read("anli_r1"));
        assertThat(requests).isEqualTo(requests(task("anli_r1").read(Expected.folder(), ALL)));
    }

    @Test
    void parquetIsReadAsJsonLinesAre() throws IOException, SQLException {
        Set<String> sets = new HashSet<>();
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            for (ZeroShotTask task : ZeroShotTask.ALL) {
                Path jsonl = TaskFiles.find(Expected.folder(), task).getFirst();
                String name = jsonl.getFileName().toString().replace(".jsonl", ".parquet");
                if (sets.add(name)) {
                    statement.execute("COPY (SELECT * FROM read_json_auto('" + jsonl
                            + "', format = 'newline_delimited')) TO '" + folder.resolve(name) + "' (FORMAT parquet)");
                }
                Asked parquet = read(task.name());
                Asked json = task.read(Expected.folder(), ALL);
                assertThat(requests(parquet)).as(task.name()).isEqualTo(requests(json));
                assertThat(rights(parquet)).as(task.name()).isEqualTo(rights(json));
                assertThat(parquet.questions().get(1).where()).endsWith(".parquet, row 2");
            }
        }
        assertThat(sets).hasSize(14);
    }

    private static List<List<Request>> requests(Asked asked) {
        return asked.questions().stream().map(Question::requests).toList();
    }

    private static List<Object> rights(Asked asked) {
        List<Object> rights = new ArrayList<>();
        for (Question question : asked.questions()) {
            rights.add(
                    switch (question) {
                        case OneRight q -> q.gold();
                        case SeveralRight q -> q.right();
                        case Cloze q -> List.of(q.entities(), q.answers());
                    });
        }
        return rights;
    }
}
