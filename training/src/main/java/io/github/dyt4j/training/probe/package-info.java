/** What frozen features are worth: a linear probe and nearest neighbours. */
@NullMarked
package io.github.dyt4j.training.probe;

import org.jspecify.annotations.NullMarked;
