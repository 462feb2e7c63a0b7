/** What is asked of models: compare and its report. */
@NullMarked
package io.github.dyt4j.lab;

import org.jspecify.annotations.NullMarked;
