/** Diffusion: the noise schedule, what a denoiser is trained for, how images are drawn with it, and how far they lie from real ones. */
@NullMarked
package io.github.dyt4j.training.diffusion;

import org.jspecify.annotations.NullMarked;
