package io.github.dyt4j.training;

import io.github.dyt4j.models.Dino;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.ImageTransforms;
import io.github.dyt4j.training.probe.FrozenFeatures;
import io.github.dyt4j.training.probe.PrincipalPlane;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** What a DINO run shows: where the class token looks, and how the features of the test images lie. */
final class DinoPictures {
    private static final int ROWS = 8;
    private static final int IMAGE = 112; // about how wide an image is on the sheet
    private static final int PLANE = 560;
    private static final double DOT = 4;

    private record Hue(String name, int rgb) {}

    private static final List<Hue> HUES = List.of(
            new Hue("blue", 0x1F77B4),
            new Hue("orange", 0xFF7F0E),
            new Hue("green", 0x2CA02C),
            new Hue("red", 0xD62728),
            new Hue("purple", 0x9467BD),
            new Hue("brown", 0x8C564B),
            new Hue("pink", 0xE377C2),
            new Hue("grey", 0x7F7F7F),
            new Hue("olive", 0xBCBD22),
            new Hue("cyan", 0x17BECF));

    private final ImageTransforms transforms;
    private final List<String> classes;
    private final SequencedMap<Long, float[]> first = new LinkedHashMap<>();

    DinoPictures(ImageTransforms transforms, List<String> classes) {
        this.transforms = transforms;
        this.classes = classes;
    }

    /** Takes of a batch (B, C, S, S) the first image of every class that is not there yet. */
    void look(Tensor images, Tensor labels) {
        long[] own = Tensors.longs(labels);
        for (int i = 0; i < own.length && first.size() < ROWS; i++) {
            if (!first.containsKey(own[i])) {
                first.put(own[i], Tensors.floats(images.select(0, i)));
            }
        }
    }

    List<Picture> of(Dino model, FrozenFeatures features) {
        return List.of(attention(model), plane(features));
    }

    private Picture attention(Dino model) {
        int size = transforms.imgSize();
        int channels = transforms.channels();
        List<List<Tensor>> rows = new ArrayList<>();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            for (float[] pixels : first.values()) {
                Tensor x = Tensors.of(pixels, 1, channels, size, size);
                Tensor maps = model.attention(x); // (1, H, N)
                long heads = maps.size(1);
                long grid = size / model.config().patchSize();
                maps = maps.div(maps.amax(new long[] {2}, true)).view(1, heads, grid, grid);
                maps = torch.upsample_nearest2d(maps, size, size); // (1, H, S, S)
                List<Tensor> row = new ArrayList<>();
                row.add(ImageSetup.plain(x, transforms).select(0, 0));
                for (long h = 0; h < heads; h++) {
                    row.add(maps.select(0, 0).narrow(0, h, 1));
                }
                rows.add(row);
            }
            return new Picture(
                    "attention",
                    "Where the class token looks",
                    "A test image a row (" + names()
                            + "), then what each head of the teacher's last block attends to from the "
                            + "class token: a patch's share of attention, the largest of each map white.",
                    Sheet.of(rows, Math.max(1, IMAGE / size)));
        }
    }

    private String names() {
        return first.keySet().stream().map(k -> classes.get(k.intValue())).collect(Collectors.joining(", "));
    }

    private Picture plane(FrozenFeatures features) {
        PrincipalPlane plane = PrincipalPlane.of(features);
        int colours = Math.min(HUES.size(), classes.size());
        String legend = IntStream.range(0, colours)
                .mapToObj(i -> classes.get(i) + " " + HUES.get(i).name())
                .collect(Collectors.joining(", "));
        return new Picture(
                "features",
                "The features of the test images",
                String.format(
                        Locale.ROOT,
                        "The teacher's features of %s on the plane of their two largest principal components, which holds %.0f%% of their variance: "
                                + "%s.",
                        colours < classes.size() ? "the first " + colours + " classes" : "every test image",
                        100 * plane.share(),
                        legend),
                scatter(plane.points(), features.labels(), colours));
    }

    private static BufferedImage scatter(float[] points, int[] labels, int colours) {
        double[] low = {Double.MAX_VALUE, Double.MAX_VALUE};
        double[] high = {-Double.MAX_VALUE, -Double.MAX_VALUE};
        for (int i = 0; i < points.length; i++) {
            low[i % 2] = Math.min(low[i % 2], points[i]);
            high[i % 2] = Math.max(high[i % 2], points[i]);
        }
        double span = Math.max(Math.max(high[0] - low[0], high[1] - low[1]), 1e-12);
        BufferedImage image = new BufferedImage(PLANE, PLANE, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, PLANE, PLANE);
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < colours) {
                g.setColor(new Color(HUES.get(labels[i]).rgb()));
                double x = place(points[2 * i], low[0], high[0], span);
                double y = PLANE - place(points[2 * i + 1], low[1], high[1], span);
                g.fill(new Ellipse2D.Double(x - DOT / 2, y - DOT / 2, DOT, DOT));
            }
        }
        g.dispose();
        return image;
    }

    /** In pixels, the middle of the points in the middle of the picture and both axes at one scale. */
    private static double place(double value, double low, double high, double span) {
        return PLANE * (0.5 + 0.96 * (value - (low + high) / 2) / span);
    }
}
