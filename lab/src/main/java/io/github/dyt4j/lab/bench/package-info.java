/** What norms cost: kernels, layers and whole training steps, measured side by side, with the limits of the machine. */
@NullMarked
package io.github.dyt4j.lab.bench;

import org.jspecify.annotations.NullMarked;
