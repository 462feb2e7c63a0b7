package io.github.dyt4j.formats;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Token ids on disk, mapped into memory: a folder with {@code index.txt} and shards {@code 00000.tok}, … of at most so many tokens each. An id
 * takes one, two or four bytes, little-endian, by the size of the vocabulary. Documents stand one after another; one that does not fit a
 * shard goes on in the next.
 *
 * <p>Everything wrong with a folder is a {@link UserError} that names the file.
 */
public final class TokenShards implements AutoCloseable {
    /** Tokens of a shard unless told otherwise. */
    public static final long SHARD = 1L << 28;

    private static final String INDEX = "index.txt";
    private static final Pattern FORM = Pattern.compile(
            "dyt4j tokens 1\nvocabulary (\\d{1,9})\ntokens (\\d{1,18})\nshard (\\d{1,18})\ndocuments (\\d{1,18})\nbytes (\\d{1,18})\n");
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path folder;
    private final Arena arena;
    private final List<MemorySegment> shards;
    private final long[] header;

    private TokenShards(Path folder, Arena arena, List<MemorySegment> shards, long[] header) {
        this.folder = folder;
        this.arena = arena;
        this.shards = shards;
        this.header = header;
    }

    /** Opens what {@link Writer} wrote. */
    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the opened folder
    public static TokenShards open(Path folder) {
        long[] header = header(folder.resolve(INDEX));
        Arena arena = Arena.ofShared();
        boolean sound = false;
        try {
            List<MemorySegment> shards = new ArrayList<>();
            long left = header[1];
            for (int i = 0; left > 0; i++) {
                long tokens = Math.min(left, header[2]);
                shards.add(map(folder.resolve(name(i)), tokens * width(header[0]), arena));
                left -= tokens;
            }
            sound = true;
            return new TokenShards(folder, arena, shards, header);
        } finally {
            if (!sound) {
                arena.close();
            }
        }
    }

    private static long[] header(Path index) {
        String text;
        try {
            text = Files.readString(index);
        } catch (NoSuchFileException e) {
            throw new UserError("There is no " + index + ": the folder holds no tokens.", e);
        } catch (IOException e) {
            throw new UserError("Cannot read " + index + ": " + e.getMessage(), e);
        }
        Matcher m = FORM.matcher(text);
        if (!m.matches()) {
            throw new UserError(
                    index + " is not an index of tokens of this version: delete its folder, and it is made anew.");
        }
        long[] header = new long[5];
        for (int i = 0; i < header.length; i++) {
            header[i] = Long.parseLong(m.group(i + 1));
        }
        if (header[0] == 0 || header[2] == 0) {
            throw new UserError(index + " speaks of an empty vocabulary or empty shards.");
        }
        return header;
    }

    private static MemorySegment map(Path shard, long bytes, Arena arena) {
        try (FileChannel channel = FileChannel.open(shard, StandardOpenOption.READ)) {
            if (channel.size() != bytes) {
                throw new UserError(shard + " has " + channel.size() + " bytes where its index says " + bytes
                        + ": it was cut off or belongs elsewhere. Delete its folder, and it is made anew.");
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena);
        } catch (IOException e) {
            throw new UserError("Cannot read the shard " + shard + ": " + e.getMessage(), e);
        }
    }

    /** Ids are below this. */
    public long vocabulary() {
        return header[0];
    }

    public long tokens() {
        return header[1];
    }

    public long documents() {
        return header[3];
    }

    /** Of the text in UTF-8. */
    public long bytes() {
        return header[4];
    }

    /** Copies tokens {@code from} to {@code from + count − 1} to {@code out[offset …]}. */
    public void read(long from, int count, long[] out, int offset) {
        if (from < 0 || count < 0 || from + count > tokens()) {
            throw new IndexOutOfBoundsException("tokens " + from + " to " + (from + count) + " of " + tokens());
        }
        int width = width(header[0]);
        for (int i = 0; i < count; i++) {
            MemorySegment shard = shards.get((int) ((from + i) / header[2]));
            long at = (from + i) % header[2];
            long id = switch (width) {
                case 1 -> shard.get(ValueLayout.JAVA_BYTE, at) & 0xff;
                case 2 -> shard.get(U16, 2 * at) & 0xffff;
                default -> shard.get(U32, 4 * at) & 0xffffffffL;
            };
            if (id >= header[0]) {
                throw new UserError(folder + " holds the token " + id + ", beyond its vocabulary of " + header[0]
                        + ": delete the folder, and it is made anew.");
            }
            out[offset + i] = id;
        }
    }

    @Override
    public void close() {
        arena.close();
    }

    private static int width(long vocabulary) {
        return vocabulary <= 1 << 8 ? 1 : vocabulary <= 1 << 16 ? 2 : 4;
    }

    private static String name(int shard) {
        return String.format("%05d.tok", shard);
    }

    /** Writes a folder; the index comes last, so that one cut short is no folder of tokens. */
    public static final class Writer implements AutoCloseable {
        private final Path folder;
        private final int vocabulary;
        private final long shard;
        private final int width;
        private OutputStream out = OutputStream.nullOutputStream();
        private long tokens;
        private long documents;
        private long bytes;

        /** @param shard the most tokens of a file */
        public Writer(Path folder, int vocabulary, long shard) throws IOException {
            this.folder = Files.createDirectories(folder);
            this.vocabulary = vocabulary;
            this.shard = shard;
            this.width = width(vocabulary);
        }

        /** Adds a document with what ends it, which is {@code size} bytes of text. */
        public void document(int[] ids, int end, long size) throws IOException {
            for (int id : ids) {
                put(id);
            }
            put(end);
            documents++;
            bytes += size;
        }

        private void put(int id) throws IOException {
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException("token " + id + " of a vocabulary of " + vocabulary);
            }
            if (tokens % shard == 0) {
                out.close();
                out = new BufferedOutputStream(
                        Files.newOutputStream(folder.resolve(name((int) (tokens / shard)))), 1 << 16);
            }
            for (int i = 0; i < width; i++) {
                out.write(id >>> (8 * i));
            }
            tokens++;
        }

        @Override
        public void close() throws IOException {
            out.close();
            String index = "dyt4j tokens 1\nvocabulary " + vocabulary + "\ntokens " + tokens + "\nshard " + shard
                    + "\ndocuments " + documents + "\nbytes " + bytes + "\n";
            Files.writeString(folder.resolve(INDEX), index, StandardCharsets.UTF_8);
        }
    }
}
