package io.github.dyt4j.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the pages share: a template that is filled, text made safe, numbers, cells, and ECharts to put inside. */
public final class Html {
    private static final Pattern SLOT = Pattern.compile("\\{\\{(\\w+)}}");
    private static final String ECHARTS = echartsProperty();

    private Html() {}

    /** Each {{slot}} of the template once; what is filled in is not looked at again. */
    public static String fill(Class<?> beside, String template, Map<String, String> slots) {
        return SLOT.matcher(resource(beside, template)).replaceAll(m -> {
            String text = slots.get(m.group(1));
            if (text == null) {
                throw new IllegalStateException(template + " asks for " + m.group());
            }
            return Matcher.quoteReplacement(text);
        });
    }

    public static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** Inside a script element the text may hold no end tag and no comment: in JSON, < stands in strings alone. */
    public static String script(String json) {
        return json.replace("<", "\\u003c");
    }

    public static String column(String name) {
        return "<th scope=\"col\">" + escape(name) + "</th>";
    }

    /** A cell that knows its column's name, for narrow windows that show one block a row. */
    public static String cell(String column, String html) {
        return "<td data-label=\"" + escape(column) + "\"><span>" + html + "</span></td>";
    }

    /** "a", "a and b", "a, b and c". */
    public static String listed(List<String> parts) {
        return parts.size() < 2
                ? String.join("", parts)
                : String.join(", ", parts.subList(0, parts.size() - 1)) + " and " + parts.getLast();
    }

    /** With a true minus sign, and none before a zero. */
    public static String fixed(double v, int digits) {
        String text = String.format(Locale.ROOT, "%." + digits + "f", v);
        return text.matches("-0\\.?0*") ? text.substring(1) : text.replace('-', '−');
    }

    /** A map, and the maps in it, as a list of terms; {@code memoryBytes} reads "memory" and is in GiB. */
    public static String definitions(Map<?, ?> map) {
        return "<dl>" + entries("", map) + "</dl>";
    }

    private static String entries(String prefix, Map<?, ?> map) {
        return map.entrySet().stream()
                .map(e -> e.getValue() instanceof Map<?, ?> inner
                        ? entries(prefix + words(e.getKey()) + ", ", inner)
                        : "<dt>" + escape(prefix + words(e.getKey())) + "</dt><dd>"
                                + escape(shown(e.getKey(), e.getValue())) + "</dd>")
                .collect(Collectors.joining());
    }

    private static String shown(Object key, Object value) {
        return key.toString().endsWith("Bytes") && value instanceof Number n
                ? fixed(n.doubleValue() / (1L << 30), 1) + " GiB"
                : String.valueOf(value);
    }

    /** {@code loadBefore} reads "load before"; a key that is words already stays. */
    private static String words(Object key) {
        String name = key.toString();
        if (name.contains(" ")) {
            return name;
        }
        return name.replaceFirst("Bytes$", "")
                .replace('_', ' ')
                .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                .toLowerCase(Locale.ROOT);
    }

    public static String echartsVersion() {
        return ECHARTS;
    }

    public static String echarts() {
        return resource(Html.class, "/META-INF/resources/webjars/echarts/" + ECHARTS + "/echarts.common.min.js");
    }

    private static String echartsProperty() {
        try (InputStream in = open(Html.class, "/META-INF/maven/org.webjars/echarts/pom.properties")) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The text of a resource beside a class. */
    public static String resource(Class<?> beside, String name) {
        try (InputStream in = open(beside, name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(Class<?> beside, String name) {
        InputStream in = beside.getResourceAsStream(name);
        if (in == null) {
            throw new IllegalStateException(name + " is not on the class path");
        }
        return in;
    }
}
