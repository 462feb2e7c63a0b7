package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;
import io.github.dyt4j.training.data.Rng;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The records of one or more FASTA files, read by place. A file with samtools' index beside it ({@code .fai}, and {@code .gzi} where bgzip packed
 * it) is read where it lies; any other is read whole, a byte a base outside the heap, and checked letter by letter.
 */
public final class Genome implements AutoCloseable {
    /** A record: a chromosome, a contig. */
    public record Contig(String name, long length) {}

    private static final String LAMBDA = "lambda/NC_001416.1.fa.gz";

    private final String source;
    private final List<Contig> contigs = new ArrayList<>();
    private final List<Strand> strands = new ArrayList<>();
    private final Map<String, String> origins = new LinkedHashMap<>();
    private final OffHeap memory = new OffHeap();
    private final List<FastaIndex> indexes = new ArrayList<>();

    private Genome(String source) {
        this.source = source;
    }

    /**
     * A FASTA file, or all in a folder, in the order of their names.
     *
     * @throws UserError for what cannot be read or is no DNA, saying where
     */
    public static Genome open(Path path) {
        List<Path> files = files(path);
        Genome genome = new Genome(path.toString());
        try {
            files.forEach(genome::add);
            return genome;
        } catch (RuntimeException | Error e) {
            genome.close();
            throw e;
        }
    }

    /** The genome of the bacteriophage lambda, 48,502 bases (Sanger et al. 1982; NCBI NC_001416.1, see NOTICE). */
    public static Genome builtIn() {
        Genome genome = new Genome("the built-in genome of the phage lambda");
        try (InputStream in = Genome.class.getResourceAsStream(LAMBDA)) {
            if (in == null) {
                throw new IllegalStateException("the built-in genome is missing from this build: " + LAMBDA);
            }
            genome.read(sink -> Fasta.read(LAMBDA, Fasta.unpacked(in), sink));
            return genome;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Bases drawn at random, where a recipe is tried without its data. */
    public static Genome random(int length) {
        Genome genome = new Genome("random bases");
        Rng rng = Rng.of(0, 0, 0);
        byte[] tokens = new byte[length];
        for (int i = 0; i < length; i++) {
            tokens[i] = (byte) (Bases.A + rng.nextInt(4));
        }
        genome.memory.append(tokens, length);
        genome.put("random", genome.stored(0, length));
        return genome;
    }

    private static List<Path> files(Path path) {
        if (!Files.exists(path)) {
            throw new UserError(path + ": there is no such file or folder."
                    + "\nA genome is a FASTA file, plain or packed, or a folder of them.");
        }
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> inside = Files.list(path)) {
            List<Path> files = inside.filter(f -> Fasta.named(f) && Files.isRegularFile(f))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new UserError(
                        "There is no FASTA file in " + path
                                + ".\nTheir names end in .fa, .fasta, .fna, .ffn or .fas, with .gz after it where they are packed.");
            }
            return files;
        } catch (IOException e) {
            throw new UserError("Cannot read the folder " + path + ": " + e.getMessage() + ".", e);
        }
    }

    private void add(Path file) {
        FastaIndex index = FastaIndex.beside(file);
        if (index == null) {
            try {
                read(sink -> Fasta.read(file, sink));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        } else {
            indexes.add(index);
            for (FastaIndex.Row row : index.rows()) {
                claim(row.name(), file.toString());
                put(row.name(), index.strand(row));
            }
        }
    }

    private interface Reading {
        void into(Fasta.Sink sink) throws IOException;
    }

    private void read(Reading reading) throws IOException {
        List<String> names = new ArrayList<>();
        List<Long> starts = new ArrayList<>();
        reading.into(new Fasta.Sink() {
            @Override
            public void record(String name, String where) {
                claim(name, where);
                names.add(name);
                starts.add(memory.size());
            }

            @Override
            public void bases(byte[] tokens, int count) {
                memory.append(tokens, count);
            }
        });
        starts.add(memory.size());
        for (int i = 0; i < names.size(); i++) {
            put(names.get(i), stored(starts.get(i), starts.get(i + 1) - starts.get(i)));
        }
    }

    private Strand stored(long start, long length) {
        return new Strand() {
            @Override
            public long length() {
                return length;
            }

            @Override
            public void read(long from, int count, byte[] out, int offset) {
                memory.read(start + from, count, out, offset);
            }
        };
    }

    private void claim(String name, String where) {
        String before = origins.putIfAbsent(name, where);
        if (before != null) {
            throw new UserError("The record " + name + " is there twice: " + before + ", and " + where
                    + ".\nGive each record a name of its own.");
        }
    }

    private void put(String name, Strand strand) {
        contigs.add(new Contig(name, strand.length()));
        strands.add(strand);
    }

    public List<Contig> contigs() {
        return List.copyOf(contigs);
    }

    /** Tokens of the bases {@code from} to {@code from + count} of a record. */
    public void read(int contig, long from, int count, byte[] out, int offset) {
        strands.get(contig).read(from, count, out, offset);
    }

    public long bases() {
        return contigs.stream().mapToLong(Contig::length).sum();
    }

    public String describe() {
        return String.format(
                Locale.ROOT,
                "%s: %,d bases in %,d record%s",
                source,
                bases(),
                contigs.size(),
                contigs.size() == 1 ? "" : "s");
    }

    @Override
    public void close() {
        memory.close();
        for (FastaIndex index : indexes) {
            try {
                index.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
