package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * FASTA (Pearson and Lipman 1988): lines of bases under a line {@code >name description}. Small letters (soft masking) are read as capital ones,
 * Windows' line ends and empty lines are passed over, lines may be of any length.
 */
final class Fasta {
    private static final int BUFFER = 1 << 16;
    private static final String ENDINGS = "(?i).*\\.(fa|fasta|fna|ffn|fas)(\\.(gz|bgz|bgzf))?";

    /** Is given records in order, each as its name and then its bases in pieces. */
    interface Sink {
        void record(String name, String where);

        void bases(byte[] tokens, int count);
    }

    private final String file;
    private final Sink sink;
    private final byte[] tokens = new byte[BUFFER];
    private final ByteArrayOutputStream header = new ByteArrayOutputStream();
    private int pending;
    private long line = 1;
    private boolean lineStart = true;
    private boolean inHeader;
    private String record = "";
    private long recordLine;
    private long bases;

    private Fasta(String file, Sink sink) {
        this.file = file;
        this.sink = sink;
    }

    /** Whether the file's name is that of a FASTA file. */
    static boolean named(Path file) {
        return String.valueOf(file.getFileName()).matches(ENDINGS);
    }

    /** The name of a FASTA file without its endings. */
    static String stem(Path file) {
        return String.valueOf(file.getFileName())
                .replaceFirst("(?i)\\.(gz|bgz|bgzf)$", "")
                .replaceFirst("\\.[^.]*$", "");
    }

    /** A file as it reads once it is unpacked; whether it is packed its first two bytes say. */
    static InputStream unpacked(InputStream in) throws IOException {
        java.io.BufferedInputStream buffered = new java.io.BufferedInputStream(in, BUFFER);
        buffered.mark(2);
        boolean packed = buffered.read() == 0x1f && buffered.read() == 0x8b;
        buffered.reset();
        return packed ? new GZIPInputStream(buffered, BUFFER) : buffered;
    }

    /** @throws UserError for what is no FASTA of DNA, saying where */
    static void read(Path file, Sink sink) {
        try (InputStream in = unpacked(Files.newInputStream(file))) {
            read(file.toString(), in, sink);
        } catch (java.io.EOFException | ZipException e) {
            throw new UserError(file + " is damaged or cut off: it is no whole gzip file.", e);
        } catch (IOException e) {
            throw new UserError("Cannot read " + file + ": " + e.getMessage() + ".", e);
        }
    }

    static void read(String name, InputStream in, Sink sink) throws IOException {
        Fasta fasta = new Fasta(name, sink);
        byte[] buffer = new byte[BUFFER];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            for (int i = 0; i < n; i++) {
                fasta.take(buffer[i]);
            }
        }
        fasta.end();
    }

    private void take(byte b) {
        if (b == '\n') {
            if (inHeader) {
                begin();
            }
            line++;
            lineStart = true;
        } else if (inHeader) {
            header.write(b);
        } else if (b == '>' && lineStart) {
            finish();
            inHeader = true;
            header.reset();
        } else if (b > ' ' || b < 0) { // everything below is a blank, a tab, a carriage return
            lineStart = false;
            base(b);
        }
    }

    private void begin() {
        inHeader = false;
        record = header.toString(StandardCharsets.UTF_8).strip().split("\\s+", 2)[0];
        recordLine = line;
        bases = 0;
        if (record.isEmpty()) {
            throw new UserError(file + ", line " + line + ": the record has no name.\nA record begins with >name.");
        }
        sink.record(record, file + ", line " + line);
    }

    private void base(byte letter) {
        if (record.isEmpty()) {
            throw new UserError(file + ", line " + line + ": FASTA begins with >name, and this line does not.");
        }
        int token = Letters.token(letter);
        if (token < 0) {
            throw Letters.wrong(file + ", record " + record + ", line " + line, letter);
        }
        tokens[pending++] = (byte) token;
        bases++;
        if (pending == tokens.length) {
            flush();
        }
    }

    private void flush() {
        sink.bases(tokens, pending);
        pending = 0;
    }

    private void finish() {
        flush();
        if (!record.isEmpty() && bases == 0) {
            throw new UserError(file + ", line " + recordLine + ": the record " + record + " has no bases."
                    + "\nTake it out of the file.");
        }
    }

    private void end() {
        if (inHeader) {
            begin();
        }
        finish();
        if (record.isEmpty()) {
            throw new UserError(file + " is empty: FASTA has records, >name and lines of bases.");
        }
    }
}
