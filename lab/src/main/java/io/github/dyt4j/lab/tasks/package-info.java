/** What a language model is asked to show what it knows: perplexity and zero-shot tasks. */
@NullMarked
package io.github.dyt4j.lab.tasks;

import org.jspecify.annotations.NullMarked;
