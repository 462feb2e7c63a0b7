/** Text as training sees it: tokenizers, corpora and their token shards. */
@NullMarked
package io.github.dyt4j.training.text;

import org.jspecify.annotations.NullMarked;
