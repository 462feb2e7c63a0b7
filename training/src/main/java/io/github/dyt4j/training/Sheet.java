package io.github.dyt4j.training;

import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Images side by side in one, without text: a machine without fonts draws them too, and the caption says what is where. */
public final class Sheet {
    private static final int GAP = 2;

    private Sheet() {}

    /**
     * Rows of images, each (C, H, W) in [0, 1] with 1 or 3 channels; what is outside is cut.
     *
     * @param scale pixels a side that a pixel becomes
     */
    public static BufferedImage of(List<List<Tensor>> rows, int scale) {
        int columns = rows.stream().mapToInt(List::size).max().orElseThrow();
        Tensor first = rows.getFirst().getFirst();
        int h = Math.toIntExact(first.size(1)) * scale;
        int w = Math.toIntExact(first.size(2)) * scale;
        BufferedImage sheet =
                new BufferedImage(columns * (w + GAP) + GAP, rows.size() * (h + GAP) + GAP, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        for (int y = 0; y < rows.size(); y++) {
            for (int x = 0; x < rows.get(y).size(); x++) {
                g.drawImage(image(rows.get(y).get(x)), GAP + x * (w + GAP), GAP + y * (h + GAP), w, h, null);
            }
        }
        g.dispose();
        return sheet;
    }

    /** One image, (C, H, W) in [0, 1]. */
    public static BufferedImage image(Tensor t) {
        int channels = Math.toIntExact(t.size(0));
        int h = Math.toIntExact(t.size(1));
        int w = Math.toIntExact(t.size(2));
        BufferedImage image = new BufferedImage(w, h, BufferedImage.TYPE_INT_RGB);
        float[] v;
        try (var _ = new Scope()) {
            v = Tensors.floats(t);
        }
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                int rgb = 0;
                for (int c = 0; c < 3; c++) {
                    float level = v[(Math.min(c, channels - 1) * h + y) * w + x];
                    rgb = rgb << 8 | Math.clamp(Math.round(255 * level), 0, 255);
                }
                image.setRGB(x, y, rgb);
            }
        }
        return image;
    }
}
