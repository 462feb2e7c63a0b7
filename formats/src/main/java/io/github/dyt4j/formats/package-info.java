/** safetensors and TensorBoard events: bytes in, bytes out, hostile input refused. */
@NullMarked
package io.github.dyt4j.formats;

import org.jspecify.annotations.NullMarked;
