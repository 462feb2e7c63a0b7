/** Norm layers with the fused kernels inside libtorch's autograd; scopes, seeds, threads, optimizers. */
@NullMarked
package io.github.dyt4j.torch;

import org.jspecify.annotations.NullMarked;
