package io.github.dyt4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;

/** What {@code --json} writes, in lines that people can read. */
final class JsonFile {
    private JsonFile() {}

    static void write(Path file, Object value) throws IOException {
        Files.writeString(
                file, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n");
    }
}
