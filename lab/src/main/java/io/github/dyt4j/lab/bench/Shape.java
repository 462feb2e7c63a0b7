package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.UserError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** (rows, width): the tokens that a norm sees at once and the channels of each, written {@code 8192x384}. */
public record Shape(long rows, int width) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,12})x(\\d{1,9})");

    /** @throws UserError where it is not two numbers of 1 or more with an x between */
    public static Shape parse(String text) {
        Matcher m = FORM.matcher(text.strip());
        if (!m.matches()) {
            throw new UserError("--shape '" + text + "': write ROWSxWIDTH, as 8192x384.");
        }
        Shape shape = new Shape(Long.parseLong(m.group(1)), Integer.parseInt(m.group(2)));
        if (shape.rows == 0 || shape.width == 0) {
            throw new UserError("--shape '" + text + "': rows and width are 1 or more, as in 8192x384.");
        }
        return shape;
    }

    /** Elements of the tensor. */
    public long size() {
        return rows * width;
    }

    @Override
    public String toString() {
        return rows + "x" + width;
    }
}
