package io.github.dyt4j.lab.bench;

import static io.github.dyt4j.lab.Html.escape;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Time and memory by length as a picture: two panels whose axes are both logarithmic, so that what grows with the length lies along the
 * dashed lines, each of them drawn back from one layer's longest sequence.
 */
public final class LengthChart {
    private static final List<String> COLOURS = List.of("#1f78a4", "#c0561f", "#3d8b4f", "#8a5bb5");
    private static final String INK = "#777";
    private static final int WIDTH = 440;
    private static final int HEIGHT = 330;
    private static final int LEFT = 62;
    private static final int TOP = 44;
    private static final int RIGHT = 24;
    private static final int BOTTOM = 44;

    private LengthChart() {}

    /** A file of its own; empty panels where no row is of lengths. */
    public static String file(List<BenchRow> rows) {
        return svg(rows).replaceFirst("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ") + "\n";
    }

    /** To stand inside a page. */
    static String svg(List<BenchRow> all) {
        List<BenchRow> rows = all.stream().filter(LengthTable::tells).toList();
        return String.format(
                        Locale.ROOT,
                        "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"time and memory by length\" "
                                + "font-family=\"sans-serif\" font-size=\"12\">",
                        2 * WIDTH,
                        HEIGHT,
                        2 * WIDTH)
                + new Panel(0, "forward and backward, ms", rows, LengthTable::millis).draw()
                + new Panel(WIDTH, "peak of memory, MB", rows, LengthTable::megabytes).draw()
                + "</svg>";
    }

    /** @param left where it begins */
    private record Panel(int left, String title, List<BenchRow> rows, ToDoubleFunction<BenchRow> value) {
        String draw() {
            StringBuilder text = new StringBuilder(label(left + LEFT, 16, "start", INK, title));
            List<BenchRow> seen =
                    rows.stream().filter(r -> value.applyAsDouble(r) > 0).toList();
            if (seen.isEmpty()) {
                return text.toString();
            }
            Axis x = Axis.of(seen.stream().mapToDouble(BenchRow::rows).toArray(), 2, left + LEFT, left + WIDTH - RIGHT);
            Axis y = Axis.of(seen.stream().mapToDouble(value).toArray(), 10, HEIGHT - BOTTOM, TOP);
            for (double tick : x.ticks()) {
                text.append(line(x.at(tick), HEIGHT - BOTTOM, x.at(tick), HEIGHT - BOTTOM + 4, INK, ""));
                text.append(label(x.at(tick), HEIGHT - BOTTOM + 17, "middle", INK, tokens(tick)));
            }
            text.append(label((x.from + x.to) / 2, HEIGHT - 8, "middle", INK, "tokens"));
            for (double tick : y.ticks()) {
                text.append(line(x.from, y.at(tick), x.to, y.at(tick), "#9994", ""));
                text.append(label(x.from - 6, y.at(tick) + 4, "end", INK, plain(tick)));
            }
            List<String> layers = LengthTable.layers(rows);
            for (int i = 0; i < layers.size(); i++) {
                String layer = layers.get(i);
                String colour = COLOURS.get(i % COLOURS.size());
                List<BenchRow> own = seen.stream()
                        .filter(r -> r.norm().equals(layer))
                        .sorted((a, b) -> Long.compare(a.rows(), b.rows()))
                        .toList();
                text.append(label(left + LEFT + 8 + 150.0 * i, 34, "start", colour, layer));
                if (!own.isEmpty()) {
                    text.append(curve(own, x, y, colour));
                }
            }
            return text.toString();
        }

        private String curve(List<BenchRow> own, Axis x, Axis y, String colour) {
            BenchRow first = own.getFirst();
            BenchRow last = own.getLast();
            double most = value.applyAsDouble(last);
            double begin = Math.max(first.rows(), last.rows() * y.least / most);
            String points = own.stream()
                    .map(r -> point(x.at(r.rows()), y.at(value.applyAsDouble(r))))
                    .collect(Collectors.joining(" "));
            String dots = own.stream()
                    .map(r -> String.format(
                            Locale.ROOT,
                            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
                            x.at(r.rows()),
                            y.at(value.applyAsDouble(r)),
                            colour))
                    .collect(Collectors.joining());
            return line(
                            x.at(begin),
                            y.at(most * begin / last.rows()),
                            x.at(last.rows()),
                            y.at(most),
                            colour,
                            " stroke-dasharray=\"3 4\"")
                    + "<polyline fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"2\" points=\"" + points
                    + "\"/>" + dots;
        }
    }

    /** A logarithmic axis over whole powers of a base, from one place of the picture to another. */
    private record Axis(double least, double most, int base, double from, double to) {
        static Axis of(double[] values, int base, double from, double to) {
            double least = Double.MAX_VALUE;
            double most = 0;
            for (double v : values) {
                least = Math.min(least, v);
                most = Math.max(most, v);
            }
            double low = Math.floor(power(least, base) + 1e-9);
            double high = Math.max(low + 1, Math.ceil(power(most, base) - 1e-9));
            return new Axis(Math.pow(base, low), Math.pow(base, high), base, from, to);
        }

        private static double power(double v, int base) {
            return Math.log(v) / Math.log(base);
        }

        double at(double v) {
            return from + (to - from) * Math.log(v / least) / Math.log(most / least);
        }

        /** Every power, or every so many where they would stand too close. */
        List<Double> ticks() {
            int powers = (int) Math.round(power(most / least, base));
            int step = Math.max(1, Math.ceilDiv(powers, 8));
            return IntStream.rangeClosed(0, powers / step)
                    .mapToObj(i -> least * Math.pow(base, (double) i * step))
                    .toList();
        }
    }

    private static String tokens(double v) {
        return v >= 1024 ? plain(v / 1024) + "k" : plain(v);
    }

    private static String plain(double v) {
        return v >= 1 ? String.format(Locale.ROOT, "%.0f", v) : String.format(Locale.ROOT, "%.3g", v);
    }

    private static String point(double x, double y) {
        return String.format(Locale.ROOT, "%.1f,%.1f", x, y);
    }

    private static String line(double x1, double y1, double x2, double y2, String colour, String more) {
        return String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"%s/>",
                x1,
                y1,
                x2,
                y2,
                colour,
                more);
    }

    private static String label(double x, double y, String anchor, String colour, String text) {
        return String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>",
                x,
                y,
                anchor,
                colour,
                escape(text));
    }
}
