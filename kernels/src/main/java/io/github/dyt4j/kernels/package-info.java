/** Fused forward and backward of every norm on memory segments, with the Vector API; a scalar oracle of each. */
@NullMarked
package io.github.dyt4j.kernels;

import org.jspecify.annotations.NullMarked;
