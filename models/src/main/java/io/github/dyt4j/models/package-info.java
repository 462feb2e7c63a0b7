/**
 * The models: one file each, read top to bottom, with the published weight names and a table of the published sizes. A model never
 * names a norm; it asks {@link io.github.dyt4j.torch.Norms} for one at a site.
 */
@NullMarked
package io.github.dyt4j.models;

import org.jspecify.annotations.NullMarked;
