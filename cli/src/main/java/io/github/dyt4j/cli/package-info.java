/** The command line. */
@NullMarked
package io.github.dyt4j.cli;

import org.jspecify.annotations.NullMarked;
