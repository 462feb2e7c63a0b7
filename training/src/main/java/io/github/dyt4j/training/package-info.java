/** Data sets, transforms, recipes, the training loop and its checkpoints. */
@NullMarked
package io.github.dyt4j.training;

import org.jspecify.annotations.NullMarked;
