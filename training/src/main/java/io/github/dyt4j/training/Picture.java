package io.github.dyt4j.training;

import java.awt.image.BufferedImage;

/**
 * What a run shows of its model.
 *
 * @param name of its file, without the ending: lower case, digits and -
 * @param title a few words
 * @param caption what is to be seen, row by row or column by column
 */
public record Picture(String name, String title, String caption, BufferedImage image) {}
