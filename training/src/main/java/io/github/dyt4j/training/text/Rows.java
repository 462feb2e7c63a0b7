package io.github.dyt4j.training.text;

import io.github.dyt4j.formats.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.duckdb.DuckDBDriver;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The rows of a data set's file, one JSON object each: JSON lines as they are, Parquet by DuckDB. Whoever reads a row is told where it
 * stands, as {@code train.jsonl:17} or {@code train.parquet, row 17}, for messages.
 */
public final class Rows {
    /** Is given each row in order; false ends the reading. */
    @FunctionalInterface
    public interface Reader {
        boolean row(JsonNode row, String where);
    }

    private static final JsonMapper JSON = JsonMapper.shared();

    private Rows() {}

    /** Whether the file's name is one that {@link #read} knows. */
    public static boolean readable(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".parquet");
    }

    /**
     * @throws UserError for a file that is not there, is neither format, or has a line that is no JSON object, naming file and line
     */
    public static void read(Path file, Reader reader) {
        if (!Files.isRegularFile(file)) {
            throw new UserError(file + ": there is no such file.");
        }
        if (file.getFileName().toString().endsWith(".parquet")) {
            parquet(file, reader);
        } else {
            lines(file, reader);
        }
    }

    private static void lines(Path file, Reader reader) {
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String where = file + ":" + ++number;
                if (number == 1 && line.startsWith("\ufeff")) {
                    line = line.substring(1); // a byte order mark, as Windows' editors write
                }
                if (!line.isBlank() && !reader.row(object(line, where), where)) {
                    return;
                }
            }
        } catch (CharacterCodingException e) {
            throw new UserError(file + ": JSON lines are UTF-8 text; this file is not.", e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + file, e);
        }
    }

    private static void parquet(Path file, Reader reader) {
        // A name is a pattern to DuckDB.
        String quoted = file.toString().replaceAll("[\\[*?]", "[$0]").replace("'", "''");
        Properties streaming = new Properties();
        streaming.setProperty(DuckDBDriver.JDBC_STREAM_RESULTS, "true");
        // An alias that is also a column would be that column.
        String alias = "\"the row itself\"";
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:", streaming);
                Statement statement = duck.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT to_json(" + alias + ") FROM read_parquet('" + quoted + "') " + alias)) {
            int number = 0;
            while (rows.next()) {
                String where = file + ", row " + ++number;
                if (!reader.row(object(rows.getString(1), where), where)) {
                    return;
                }
            }
        } catch (SQLException e) {
            String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new UserError(file + " cannot be read as Parquet: " + first, e);
        }
    }

    private static JsonNode object(String json, String where) {
        try {
            JsonNode row = JSON.readTree(json);
            if (row.isObject()) {
                return row;
            }
        } catch (JacksonException e) {
            throw new UserError(where + ": this is not JSON (" + e.getOriginalMessage() + ").", e);
        }
        throw new UserError(where + ": each line is a JSON object, as {\"text\": \"…\"}; this one is not.");
    }
}
