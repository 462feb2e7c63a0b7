/** A run on disk: its folder, its checkpoints and its records, written so that a kill at any moment loses nothing that was promised. */
@NullMarked
package io.github.dyt4j.training.run;

import org.jspecify.annotations.NullMarked;
