/** Speech in, batches out: decoding, resampling, folders of clips with their transcripts, batches of similar length, and what transcripts are judged by. */
@NullMarked
package io.github.dyt4j.training.audio;

import org.jspecify.annotations.NullMarked;
