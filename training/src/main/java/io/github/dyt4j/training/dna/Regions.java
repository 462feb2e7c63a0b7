package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.data.Rng;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Where of a genome is trained and where it is judged; the two have no base in common. */
public record Regions(List<Region> training, List<Region> heldOut) {
    private static final long NAMES = 0x6E616D6573L;

    /**
     * By a share of every record: its last bases are held out where they make up a window, and of records that are too short for that, whole ones
     * by a hash of their names.
     *
     * @param window bases
     */
    public static Regions of(Genome genome, double share, int window) {
        List<Region> training = new ArrayList<>();
        List<Region> heldOut = new ArrayList<>();
        List<Genome.Contig> contigs = genome.contigs();
        for (int i = 0; i < contigs.size(); i++) {
            long length = contigs.get(i).length();
            long held = Math.round(share * length);
            if (held >= window) {
                training.add(new Region(i, 0, length - held));
                heldOut.add(new Region(i, length - held, length));
            } else {
                int hash = contigs.get(i).name().hashCode();
                (Rng.of(NAMES, 0, hash).chance(share) ? heldOut : training).add(new Region(i, 0, length));
            }
        }
        if (heldOut.isEmpty() || training.isEmpty()) {
            throw new UserError(String.format(
                    Locale.ROOT,
                    "A share of %s of %,d bases in %,d records leaves nothing to %s in windows of %,d bases.%nTake a %s held_out or a smaller l_max.",
                    share,
                    genome.bases(),
                    contigs.size(),
                    heldOut.isEmpty() ? "be judged by" : "train on",
                    window,
                    heldOut.isEmpty() ? "larger" : "smaller"));
        }
        return new Regions(training, heldOut);
    }

    /**
     * By a BED file with a fourth column: record, start (from 0), end (after the last base), split. {@code train} is trained on; judged by is
     * {@code valid} (or val, validation), or {@code test} where there is no such line. Basenji's and HyenaDNA's intervals are written so.
     *
     * @throws UserError for a line that is none, an unknown record, an interval past its record's end, or one that lies in both splits
     */
    public static Regions read(Path bed, Genome genome) {
        List<String> names = genome.contigs().stream().map(Genome.Contig::name).toList();
        List<Region> train = new ArrayList<>();
        List<Region> valid = new ArrayList<>();
        List<Region> test = new ArrayList<>();
        if (!Files.isRegularFile(bed)) {
            throw new UserError("intervals: " + bed + ": there is no such file.");
        }
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(Fasta.unpacked(Files.newInputStream(bed)), StandardCharsets.UTF_8))) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank() || line.matches("(#|track|browser).*")) {
                    continue;
                }
                String where = bed + ":" + number;
                String[] fields = line.strip().split("\t| +");
                Region region = region(fields, where, genome, names);
                switch (fields[3]) {
                    case "train" -> train.add(region);
                    case "valid", "val", "validation" -> valid.add(region);
                    case "test" -> test.add(region);
                    default ->
                        throw new UserError(
                                where + ": the split is train, valid or test, and not '" + fields[3] + "'.");
                }
            }
        } catch (IOException e) {
            throw new UserError("Cannot read " + bed + ": " + e.getMessage() + ".", e);
        }
        List<Region> heldOut = valid.isEmpty() ? test : valid;
        if (train.isEmpty() || heldOut.isEmpty()) {
            throw new UserError(bed + " has no interval " + (train.isEmpty() ? "to train on" : "to be judged by")
                    + ": its fourth column says train, and valid or test.");
        }
        requireApart(bed, genome, train, heldOut);
        return new Regions(train, heldOut);
    }

    private static Region region(String[] fields, String where, Genome genome, List<String> names) {
        if (fields.length < 4 || !fields[1].matches("\\d{1,18}") || !fields[2].matches("\\d{1,18}")) {
            throw new UserError(
                    where + ": an interval is record, start, end and split (train, valid or test), with tabs"
                            + " between; this line is not.");
        }
        int contig = names.indexOf(fields[0]);
        if (contig < 0) {
            throw new UserError(where + ": there is no record '" + fields[0] + "' in the genome."
                    + Nearest.hint(fields[0], Set.copyOf(names)));
        }
        Region region = new Region(contig, Long.parseLong(fields[1]), Long.parseLong(fields[2]));
        long length = genome.contigs().get(contig).length();
        if (region.to() > length) {
            throw new UserError(
                    where + ": the interval ends at base " + region.to() + " of " + fields[0] + ", which has " + length
                            + ".\nThe intervals are of another assembly than the genome, or must be cut to it.");
        }
        if (region.length() <= 0) {
            throw new UserError(
                    where + ": the interval ends at " + region.to() + ", not after its start, " + region.from() + ".");
        }
        return region;
    }

    private record Side(Region region, int split) {}

    private static void requireApart(Path bed, Genome genome, List<Region> training, List<Region> heldOut) {
        List<Side> all = Stream.concat(
                        training.stream().map(r -> new Side(r, 0)),
                        heldOut.stream().map(r -> new Side(r, 1)))
                .sorted(Comparator.comparingInt((Side s) -> s.region().contig())
                        .thenComparingLong(s -> s.region().from()))
                .toList();
        // The furthest end so far of either split: comparing neighbours alone would miss what a long interval covers.
        List<Region> furthest = new ArrayList<>(List.of(new Region(-1, 0, 0), new Region(-1, 0, 0)));
        for (Side side : all) {
            Region region = side.region();
            Region other = furthest.get(1 - side.split());
            if (other.contig() == region.contig() && other.to() > region.from()) {
                throw new UserError(String.format(
                        Locale.ROOT,
                        "%s: the intervals %d to %d and %d to %d of %s overlap, and one is trained on and the other judged by.",
                        bed,
                        other.from(),
                        other.to(),
                        region.from(),
                        region.to(),
                        genome.contigs().get(region.contig()).name()));
            }
            Region before = furthest.get(side.split());
            if (before.contig() != region.contig() || before.to() < region.to()) {
                furthest.set(side.split(), region);
            }
        }
    }
}
