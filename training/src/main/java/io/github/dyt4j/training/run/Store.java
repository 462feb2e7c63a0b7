package io.github.dyt4j.training.run;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * The few operations on disk that a checkpoint is made of. What they promise is POSIX's and no more: bytes survive a power cut once
 * {@link Output#force} has returned, names (created, renamed, deleted) once {@link #forceFolder} of their folder has.
 */
public interface Store {
    /** A file that is being written. */
    interface Output extends WritableByteChannel {
        /** fsync: returns when all bytes written so far are on the disk. */
        void force() throws IOException;
    }

    /** A new empty file; one that exists is an error. */
    Output create(Path file) throws IOException;

    InputStream read(Path file) throws IOException;

    /** A folder in one that exists; when it is there, nothing happens. */
    void createFolder(Path folder) throws IOException;

    /** fsync of a folder: returns when the names in it are on the disk. */
    void forceFolder(Path folder) throws IOException;

    /** Atomically gives a file or folder another name; a file of that name is replaced, a folder must not be there. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file or an empty folder. */
    void delete(Path path) throws IOException;

    /** What is in a folder, by name; nothing when there is no such folder. */
    List<Path> list(Path folder) throws IOException;

    /** Whether it is a folder itself, not a link to one: nothing in a run may stand for what is outside it. */
    boolean isFolder(Path path);

    /** Deletes a folder and the files in it; nothing happens when it is not there. */
    default void deleteFolder(Path folder) throws IOException {
        if (isFolder(folder)) {
            for (Path file : list(folder)) {
                delete(file);
            }
            delete(folder);
        }
    }

    /** Atomically gives a file this content: whoever looks, also after a power cut, sees the old content or the new. */
    default void replace(Path file, byte[] content) throws IOException {
        Path beside = file.resolveSibling(file.getFileName() + ".tmp");
        Path folder = above(file);
        if (list(folder).stream().anyMatch(p -> p.getFileName().equals(beside.getFileName()))) {
            delete(beside);
        }
        try (Output out = create(beside)) {
            writeFully(out, ByteBuffer.wrap(content));
            out.force();
        }
        rename(beside, file);
        forceFolder(folder);
    }

    /** Creates a folder and those above it, each forced into the one above. */
    default void createFolders(Path folder) throws IOException {
        if (!isFolder(folder)) {
            createFolders(above(folder));
            createFolder(folder);
            forceFolder(above(folder));
        }
    }

    /** The folder that a path is in. */
    static Path above(Path path) {
        Path absolute = path.toAbsolutePath();
        return Objects.requireNonNullElse(absolute.getParent(), absolute);
    }

    static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
