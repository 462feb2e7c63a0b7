package io.github.dyt4j.training;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What went wrong, in one sentence for people. libtorch tells it with the C++ stack behind it, which is for a log. */
public final class Failure {
    private static final Pattern STACK = Pattern.compile("\\R(Exception raised from |frame #)");
    private static final Pattern ALLOCATION = Pattern.compile("tried to allocate (\\d{1,18}) bytes");
    /** Where in libtorch's source it was found; the sentence comes after it. */
    private static final Pattern PLACE = Pattern.compile(
            "\\[enforce fail at [^]]*] [^.]*\\. |.*INTERNAL ASSERT FAILED at [^,]*, please report a bug to PyTorch\\. ");

    private Failure() {}

    /** Without a full stop where the message has none. */
    public static String sentence(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String first = message.lines().findFirst().orElse(message);
        if (!STACK.matcher(message).find()) {
            return first;
        }
        Matcher allocation = ALLOCATION.matcher(first);
        if (allocation.find()) {
            return String.format(
                    Locale.ROOT,
                    "there is not enough memory: %s more were asked for. A smaller batch_size or model needs less.",
                    Footprint.gigabytes(Long.parseLong(allocation.group(1))));
        }
        return "libtorch refused an operation: "
                + PLACE.matcher(first).replaceFirst("").strip();
    }
}
