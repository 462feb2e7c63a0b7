/** One file a model, with the published weight names and sizes. */
@NullMarked
package io.github.dyt4j.models;

import org.jspecify.annotations.NullMarked;
