package io.github.dyt4j.cli;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Prompts from files, in UTF-8. */
final class Prompts {
    private Prompts() {}

    /** The whole file as it stands, its last line break too, but for a byte order mark. */
    static String whole(String option, Path file) throws IOException {
        if (Files.isDirectory(file) || !Files.exists(file)) {
            throw new UserError(option + " " + file
                    + (Files.exists(file) ? " is a folder: name a file." : ": there is no such file."));
        }
        try {
            String text = Files.readString(file);
            return text.startsWith("\uFEFF") ? text.substring(1) : text; // a byte order mark is none of the text
        } catch (CharacterCodingException e) {
            throw new UserError(option + " " + file + " is not text in UTF-8.", e);
        }
    }

    /** A prompt a line, or where the first begins with a brace JSON lines with the field {@code prompt}; empty lines are none. */
    static List<String> lines(String option, Path file) throws IOException {
        List<String> lines = whole(option, file).lines().toList();
        boolean json = lines.stream()
                .filter(l -> !l.isBlank())
                .findFirst()
                .map(l -> l.startsWith("{"))
                .orElse(false);
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (!line.isBlank()) {
                prompts.add(json ? prompt(line, file + ":" + (i + 1)) : line);
            }
        }
        if (prompts.isEmpty()) {
            throw new UserError(option + " " + file + " has no prompt: write one a line.");
        }
        return prompts;
    }

    private static String prompt(String line, String where) {
        try {
            JsonNode prompt = JsonMapper.shared().readTree(line).get("prompt");
            if (prompt != null && prompt.isString()) {
                return prompt.asString();
            }
        } catch (JacksonException e) {
            throw new UserError(
                    where + ": no JSON, and the file's first line begins with a brace as JSON lines do.", e);
        }
        throw new UserError(where + ": there is no text under \"prompt\".");
    }
}
