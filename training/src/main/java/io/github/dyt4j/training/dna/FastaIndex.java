package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A FASTA file with samtools' index beside it, {@code FILE.fai}: of each record name, length, place of its first base, bases a line and bytes a
 * line, with tabs between. Base i lies at {@code place + i / bases · bytes + i mod bases}. Letters are checked as they are read.
 */
final class FastaIndex implements AutoCloseable {
    private static final int LONGEST_HEADER = 1 << 20;

    /** A line of the index. */
    record Row(String name, long length, long offset, long lineBases, long lineBytes) {
        long place(long i) {
            return offset + i / lineBases * lineBytes + i % lineBases;
        }
    }

    private final Path file;
    private final RandomBytes bytes;
    private final List<Row> rows = new ArrayList<>();

    private FastaIndex(Path file, RandomBytes bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /** Null where there is no index beside the file, or it is packed and bgzip's is not there. */
    static @Nullable FastaIndex beside(Path file) {
        Path fai = Path.of(file + ".fai");
        Path gzi = Path.of(file + ".gzi");
        if (!Files.isRegularFile(fai)) {
            return null;
        }
        try {
            boolean packed = packed(file);
            if (packed && !Files.isRegularFile(gzi)) {
                return null;
            }
            RandomBytes bytes = packed ? BlockGzip.open(file, gzi) : new RandomBytes.Plain(FileChannel.open(file));
            FastaIndex index = new FastaIndex(file, bytes);
            try {
                index.read(fai);
                return index;
            } catch (RuntimeException | Error | IOException e) {
                bytes.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UserError("Cannot read " + file + " by its index: " + e.getMessage() + ".", e);
        }
    }

    private static boolean packed(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return in.read() == 0x1f && in.read() == 0x8b;
        }
    }

    private void read(Path fai) throws IOException {
        long end = 0;
        int number = 0;
        for (String line : Files.readAllLines(fai)) {
            number++;
            if (!line.isBlank()) {
                Row row = row(line, fai + ":" + number);
                requireHeader(row, end);
                end = row.place(row.length() - 1) + 1;
                rows.add(row);
            }
        }
        if (rows.isEmpty()) {
            throw new UserError(fai + " is empty." + anew());
        }
        bytes.read(end - 1, new byte[1], 1);
    }

    private Row row(String line, String where) {
        String[] f = line.split("\t", -1);
        try {
            Row row = new Row(
                    f[0], Long.parseLong(f[1]), Long.parseLong(f[2]), Long.parseLong(f[3]), Long.parseLong(f[4]));
            if (row.length() == 0) {
                throw new UserError(where + ": the record " + row.name() + " of " + file + " has no bases."
                        + "\nTake it out of the file, and make its index anew.");
            }
            if (row.length() > 0 && row.offset() > 0 && row.lineBases() > 0 && row.lineBytes() >= row.lineBases()) {
                return row;
            }
        } catch (ArrayIndexOutOfBoundsException | NumberFormatException _) {
            // said below, as of numbers that cannot be
        }
        throw new UserError(
                where + ": this is no line of an index: name, length, offset, bases and bytes of a line." + anew());
    }

    /** Between the record before and this one's first base there is its own name: else the index is another file's. */
    private void requireHeader(Row row, long from) throws IOException {
        long gap = row.offset() - from;
        byte[] text = new byte[Math.clamp(gap, 0, LONGEST_HEADER)];
        try {
            bytes.read(from, text, text.length);
        } catch (java.io.EOFException _) {
            throw foreign(row.name());
        }
        String header = new String(text, StandardCharsets.UTF_8).strip();
        if (gap <= 0
                || gap > LONGEST_HEADER
                || !header.startsWith(">")
                || !header.substring(1).strip().split("\\s+", 2)[0].equals(row.name())) {
            throw foreign(row.name());
        }
    }

    private UserError foreign(String record) {
        return new UserError("The index " + file + ".fai is not that of " + file + ": the record " + record
                + " does not lie where it says." + anew());
    }

    private String anew() {
        return "\nMake it anew, samtools faidx " + file.getFileName() + ", or delete it: then the file is read whole.";
    }

    List<Row> rows() {
        return rows;
    }

    /** A record's bases. */
    Strand strand(Row row) {
        return new Strand() {
            @Override
            public long length() {
                return row.length();
            }

            @Override
            public void read(long from, int count, byte[] out, int offset) {
                if (count > 0) {
                    FastaIndex.this.read(row, from, count, out, offset);
                }
            }
        };
    }

    private void read(Row row, long from, int count, byte[] out, int offset) {
        long first = row.place(from);
        byte[] text = new byte[Math.toIntExact(row.place(from + count - 1) + 1 - first)];
        try {
            bytes.read(first, text, text.length);
        } catch (IOException e) {
            throw new UserError("Cannot read " + file + ": " + e.getMessage() + ".", e);
        }
        int n = 0;
        for (int i = 0; i < text.length; i++) {
            boolean base = (from % row.lineBases() + i) % row.lineBytes() < row.lineBases();
            byte letter = text[i];
            boolean blank = letter >= 0 && letter <= ' ';
            if (blank == base || letter == '>') {
                throw foreign(row.name());
            }
            if (base) {
                int token = Letters.token(letter);
                if (token < 0) {
                    throw Letters.wrong(
                            file + ", record " + row.name() + ", base " + (from + n + 1) + ", line "
                                    + ((from + n) / row.lineBases() + 1) + " of the record",
                            letter);
                }
                out[offset + n++] = (byte) token;
            }
        }
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }
}
