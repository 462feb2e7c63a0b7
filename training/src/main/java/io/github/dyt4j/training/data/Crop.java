package io.github.dyt4j.training.data;

/** The part of an image below and right of (top, left); beyond the image's edges it is 0, as in torchvision. */
record Crop(int top, int left, int height, int width) {
    Image of(Image image) {
        if (top == 0 && left == 0 && height == image.height() && width == image.width()) {
            return image;
        }
        int c = image.channels();
        Image out = Image.blank(width, height, c);
        int x0 = Math.max(left, 0);
        int x1 = Math.min(left + width, image.width());
        int y1 = Math.min(top + height, image.height());
        for (int y = Math.max(top, 0); y < y1 && x0 < x1; y++) {
            int from = (y * image.width() + x0) * c;
            int to = ((y - top) * width + x0 - left) * c;
            System.arraycopy(image.pixels(), from, out.pixels(), to, (x1 - x0) * c);
        }
        return out;
    }
}
