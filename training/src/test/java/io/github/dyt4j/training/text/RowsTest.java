package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RowsTest {
    @TempDir
    Path dir;

    /** As ARC, HellaSwag and PIQA have them. */
    private static final String TASK_ROWS = """
            {"id": "M-1", "question": {"stem": "Why?", "choices": [{"text": "so \\"it\\" is", "label": "A"}, {"text": "no", "label": "B"}]}}
            {"ctx": "A man é 🙂", "endings": ["sits", "", "runs"], "label": "2", "source": null}
            {"goal": "g", "sol1": "s\\nt", "sol2": "", "label": 1, "score": -0.25, "hard": true}
            """;

    @Test
    void fieldsListsAndStructsOfJsonLines() throws IOException {
        Path file = Files.writeString(dir.resolve("tasks.jsonl"), TASK_ROWS);
        List<JsonNode> rows = List.copyOf(read(file).values());
        assertThat(rows).hasSize(3);
        assertTaskRows(rows);
    }

    @Test
    void parquetGivesTheSameRowsAsJsonLines() throws IOException, SQLException {
        Path lines = Files.writeString(dir.resolve("tasks.jsonl"), TASK_ROWS);
        Path file = dir.resolve("o'tasks.parquet");
        duck("COPY (SELECT * FROM read_json('" + lines + "', format = 'newline_delimited')) TO '"
                + file.toString().replace("'", "''") + "' (FORMAT parquet)");
        List<JsonNode> rows = List.copyOf(read(file).values());
        assertThat(rows).hasSize(3);
        assertTaskRows(rows);
        assertThat(rows.get(0).path("goal").isNull()).isTrue();
    }

    private static void assertTaskRows(List<JsonNode> rows) {
        assertThat(rows.get(0).at("/question/choices/0/text").asString()).isEqualTo("so \"it\" is");
        assertThat(rows.get(0).at("/question/choices/1/label").asString()).isEqualTo("B");
        assertThat(rows.get(1).path("ctx").asString()).isEqualTo("A man é 🙂");
        assertThat(rows.get(1).path("endings").valueStream().map(JsonNode::asString))
                .containsExactly("sits", "", "runs");
        assertThat(rows.get(1).path("source").isNull()).isTrue();
        assertThat(rows.get(2).path("sol1").asString()).isEqualTo("s\nt");
        assertThat(rows.get(2).path("score").asDouble()).isEqualTo(-0.25);
        assertThat(rows.get(2).path("hard").asBoolean()).isTrue();
    }

    @Test
    void linesKeepTheirNumberWhereSomeAreBlankOrEndInCrLfOrBeginWithAByteOrderMark() throws IOException {
        Path file = Files.writeString(dir.resolve("a.ndjson"), "\ufeff{\"i\": 0}\r\n\r\n  \n{\"i\": 1}\n{\"i\": 2}");
        assertThat(read(file))
                .isEqualTo(Map.of(
                        file + ":1", json("{'i': 0}"), file + ":4", json("{'i': 1}"), file + ":5", json("{'i': 2}")));
    }

    @Test
    void readingEndsWhereTheReaderSays() throws IOException {
        Path file = Files.writeString(dir.resolve("a.jsonl"), "{\"i\": 0}\n{\"i\": 1}\nthis line is not reached\n");
        List<Integer> seen = new ArrayList<>();
        Rows.read(file, (row, _) -> {
            seen.add(row.path("i").asInt());
            return seen.size() < 2;
        });
        assertThat(seen).containsExactly(0, 1);
    }

    @Test
    void parquetRowsAreNumberedInTheFilesOrderAcrossItsGroups() throws SQLException {
        Path file = dir.resolve("many.parquet");
        // A column that is called as an alias might be.
        duck("COPY (SELECT i, 'x' || i AS t FROM range(30000) r(i)) TO '" + file
                + "' (FORMAT parquet, ROW_GROUP_SIZE 2048)");
        List<String> wrong = new ArrayList<>();
        int[] n = {0};
        Rows.read(file, (row, where) -> {
            if (row.path("i").asInt() != n[0]++
                    || !row.path("t").asString().equals("x" + (n[0] - 1))
                    || !where.equals(file + ", row " + n[0])) {
                wrong.add(where + " " + row);
            }
            return true;
        });
        assertThat(n[0]).isEqualTo(30_000);
        assertThat(wrong).isEmpty();
    }

    @Test
    void filesWithoutRows() throws IOException, SQLException {
        assertThat(read(Files.createFile(dir.resolve("empty.jsonl")))).isEmpty();
        assertThat(read(Files.writeString(dir.resolve("mark.jsonl"), "\ufeff"))).isEmpty();
        duck("COPY (SELECT 'a' AS text WHERE false) TO '" + dir.resolve("none.parquet") + "' (FORMAT parquet)");
        assertThat(read(dir.resolve("none.parquet"))).isEmpty();
    }

    @Test
    void whatCannotBeReadIsNamedWithItsLine() throws IOException {
        refused(
                Files.writeString(dir.resolve("broken.jsonl"), "{\"i\": 0}\n{\"i\": \n{\"i\": 2}\n"),
                "broken.jsonl:2: this is not JSON");
        refused(
                Files.writeString(dir.resolve("two.jsonl"), "{\"i\": 0}\n[1]\n"),
                "two.jsonl:2: each line is a JSON object");
        refused(Files.writeString(dir.resolve("text.jsonl"), "\n\"a\"\n"), "text.jsonl:2: each line is a JSON object");
        refused(dir.resolve("none.jsonl"), "none.jsonl: there is no such file");
        refused(dir.resolve("none.parquet"), "none.parquet: there is no such file");
        refused(Files.createDirectory(dir.resolve("folder.jsonl")), "folder.jsonl: there is no such file");
        refused(
                Files.write(dir.resolve("latin.jsonl"), "{\"a\": \"é\"}".getBytes(StandardCharsets.ISO_8859_1)),
                "UTF-8");
        refused(Files.createFile(dir.resolve("empty.parquet")), "empty.parquet cannot be read as Parquet");
        refused(Files.writeString(dir.resolve("text.parquet"), TASK_ROWS), "text.parquet cannot be read as Parquet");
    }

    private static void refused(Path file, String why) {
        assertThatThrownBy(() -> Rows.read(file, (_, _) -> true))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(why)
                .hasMessageContaining(file.toString())
                .hasMessageNotContaining("\n");
    }

    private static Map<String, JsonNode> read(Path file) {
        Map<String, JsonNode> rows = new TreeMap<>();
        Rows.read(file, (row, where) -> {
            rows.put(where, row);
            return true;
        });
        return rows;
    }

    private static JsonNode json(String singleQuoted) {
        return JsonMapper.shared().readTree(singleQuoted.replace('\'', '"'));
    }

    private static void duck(String sql) throws SQLException {
        try (var duck = DriverManager.getConnection("jdbc:duckdb:");
                var statement = duck.createStatement()) {
            statement.execute(sql);
        }
    }
}
