package io.github.dyt4j.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Which vectors the kernels use, chosen once: the widest that the JVM prefers on this machine, unless {@value #PROPERTY} says 128, 256
 * or 512. The widest was the fastest wherever it was measured (docs/kernels.md). 128-bit vectors hold a half of 256-bit ones: sums may
 * differ in their last bits.
 */
final class Species {
    static final String PROPERTY = "dyt4j.vector.bits";

    static final VectorSpecies<Float> F32 = of(System.getProperty(PROPERTY));

    private Species() {}

    /** Whether this machine has registers as wide as the species, which otherwise Java emulates, hundreds of times slower. */
    static boolean hasHardware() {
        return F32.vectorBitSize() <= FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }

    private static VectorSpecies<Float> of(@Nullable String bits) {
        return switch (bits) {
            case null -> FloatVector.SPECIES_PREFERRED;
            case "128" -> FloatVector.SPECIES_128;
            case "256" -> FloatVector.SPECIES_256;
            case "512" -> FloatVector.SPECIES_512;
            default -> {
                System.err.println("dyt4j: " + PROPERTY + "=" + bits + " is none of 128, 256 and 512; "
                        + FloatVector.SPECIES_PREFERRED.vectorBitSize() + " is used");
                yield FloatVector.SPECIES_PREFERRED;
            }
        };
    }
}
