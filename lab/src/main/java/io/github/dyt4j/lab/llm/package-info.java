/** Trained language models as people use them: opened from a run or a Hugging Face folder, written from, scored, exported. */
@NullMarked
package io.github.dyt4j.lab.llm;

import org.jspecify.annotations.NullMarked;
