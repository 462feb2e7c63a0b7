/** Images in, batches out: data sets by folder layout, transforms with torchvision's and timm's semantics, and a loader. */
@NullMarked
package io.github.dyt4j.training.data;

import org.jspecify.annotations.NullMarked;
