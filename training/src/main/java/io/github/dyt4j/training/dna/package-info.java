/** DNA: FASTA and its indexes, windows of genomes, labelled sequences, all as the tokens of {@link io.github.dyt4j.models.Bases}. */
@NullMarked
package io.github.dyt4j.training.dna;

import org.jspecify.annotations.NullMarked;
