package io.github.dyt4j.training.audio;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What is said in a folder's clips, by the clip's path without its ending. Four layouts, of which the first that knows a clip counts:
 *
 * <ul>
 *   <li>LibriSpeech's {@code SPEAKER-CHAPTER.trans.txt}, lines of {@code ID WORDS}, beside its clips;
 *   <li>{@code transcripts.tsv}, lines of {@code path TAB text}, paths from its own folder, with or without an ending;
 *   <li>Asterisk's {@code core-sounds-LANGUAGE.txt}, lines of {@code name: text}; what is in brackets is a tone and has none;
 *   <li>{@code NAME.txt} beside {@code NAME.wav}.
 * </ul>
 *
 * Text is brought to capital letters, marks, digits and apostrophes, with one space between words; all else counts as a space.
 */
final class Transcripts {
    static final String LAYOUTS =
            "SPEAKER-CHAPTER.trans.txt as LibriSpeech, transcripts.tsv (path TAB text), or NAME.txt beside each clip";

    private static final Pattern OTHER = Pattern.compile("[^\\p{L}\\p{M}\\p{N}']+");

    private final Map<String, String> byPath;

    private Transcripts(Map<String, String> byPath) {
        this.byPath = byPath;
    }

    static Transcripts of(Path root) {
        Map<String, String> found = new HashMap<>();
        try (Stream<Path> walk = Files.walk(root)) {
            for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".trans.txt")) {
                    lines(root, file, " ", found);
                } else if (name.equals("transcripts.tsv")) {
                    lines(root, file, "\t", found);
                } else if (name.matches("core-sounds-.*\\.txt")) {
                    lines(root, file, ":", found);
                }
            }
        } catch (IOException e) {
            throw new UserError("Cannot read the transcripts in " + root + " (" + e.getMessage() + ").", e);
        }
        return new Transcripts(found);
    }

    private static void lines(Path root, Path file, String separator, Map<String, String> out) throws IOException {
        int number = 0;
        for (String line : read(file).lines().toList()) {
            number++;
            if (line.isBlank() || line.startsWith(";")) {
                continue;
            }
            int at = line.indexOf(separator);
            // LibriSpeech has a clip or two of which nothing is written down.
            if (at < 0 && !separator.equals(" ")) {
                throw new UserError(file + ":" + number + ": a transcript is "
                        + (separator.equals(":") ? "name: text" : "path, a tab and the text") + "; this line has no "
                        + (separator.equals(":") ? "colon." : "tab."));
            }
            String text = at < 0 ? "" : line.substring(at + separator.length()).strip();
            if (!text.startsWith("[")) {
                Path clip = file.resolveSibling((at < 0 ? line : line.substring(0, at)).strip());
                out.putIfAbsent(stem(root.relativize(clip).toString().replace('\\', '/')), normal(text));
            }
        }
    }

    private static String read(Path file) throws IOException {
        try {
            String text = Files.readString(file);
            return text.startsWith("\ufeff") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new UserError(file + ": a transcript is UTF-8 text; this file is not.", e);
        }
    }

    /** What is said in the clip at this path from the root; empty where nobody says. */
    String text(Path root, String path) {
        String known = byPath.get(stem(path));
        if (known != null) {
            return known;
        }
        Path beside = root.resolve(stem(path) + ".txt");
        try {
            return Files.isRegularFile(beside) ? normal(read(beside)) : "";
        } catch (IOException e) {
            throw new UserError("Cannot read " + beside + " (" + e.getMessage() + ").", e);
        }
    }

    /** The path without an ending that sound has. */
    static String stem(String path) {
        int dot = path.lastIndexOf('.');
        boolean sound = dot > path.lastIndexOf('/')
                && AudioDecoder.EXTENSIONS.contains(path.substring(dot + 1).toLowerCase(Locale.ROOT));
        return sound ? path.substring(0, dot) : path;
    }

    static String normal(String text) {
        return OTHER.matcher(text.replace('\u2019', '\''))
                .replaceAll(" ")
                .strip()
                .toUpperCase(Locale.ROOT);
    }

    /** The words of a normal text. */
    static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }
}
