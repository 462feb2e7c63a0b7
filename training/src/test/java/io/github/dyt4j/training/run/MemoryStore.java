package io.github.dyt4j.training.run;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that keeps apart what processes see and what a power cut would leave: of a file, the bytes at its last force; of a
 * folder, the names at its last force, and perhaps some of the changes since: whole ones and in their order, as file systems with a
 * journal keep them. {@link #powerCut} makes the second the first.
 */
final class MemoryStore implements Store {
    private sealed interface Node {}

    private static final class FileNode implements Node {
        byte[] seen = {};
        byte[] forced = {};
    }

    private static final class FolderNode implements Node {
        final TreeMap<String, Node> seen;
        TreeMap<String, Node> forced;
        final List<TreeMap<String, Node>> since = new ArrayList<>();

        FolderNode(TreeMap<String, Node> names) {
            seen = names;
            forced = new TreeMap<>(names);
        }

        void changed() {
            since.add(new TreeMap<>(seen));
        }
    }

    private FolderNode root = new FolderNode(new TreeMap<>());

    /** All that was not forced is lost. */
    void powerCut() {
        cut(null);
    }

    /** Of what was not forced some is lost: each file's tail from any byte on, each folder's changes from any one on. */
    void powerCut(RandomGenerator random) {
        cut(random);
    }

    private void cut(@Nullable RandomGenerator random) {
        root = (FolderNode) survivor(root, random);
    }

    private static Node survivor(Node node, @Nullable RandomGenerator random) {
        return switch (node) {
            case FileNode file -> {
                FileNode left = new FileNode();
                left.forced = bytes(file, random);
                left.seen = left.forced;
                yield left;
            }
            case FolderNode folder -> {
                int reached = random == null ? 0 : random.nextInt(folder.since.size() + 1);
                TreeMap<String, Node> names =
                        new TreeMap<>(reached == 0 ? folder.forced : folder.since.get(reached - 1));
                names.replaceAll((_, child) -> survivor(child, random));
                yield new FolderNode(names);
            }
        };
    }

    private static byte[] bytes(FileNode file, @Nullable RandomGenerator random) {
        if (random == null || Arrays.equals(file.seen, file.forced)) {
            return file.forced;
        }
        return Arrays.copyOf(file.seen, random.nextInt(file.forced.length, file.seen.length + 1));
    }

    private @Nullable Node find(Path path) {
        Node node = root;
        for (Path name : path.toAbsolutePath()) {
            if (!(node instanceof FolderNode folder)) {
                return null;
            }
            Node next = folder.seen.get(name.toString());
            if (next == null) {
                return null;
            }
            node = next;
        }
        return node;
    }

    private FolderNode folder(Path path) throws IOException {
        if (find(path) instanceof FolderNode folder) {
            return folder;
        }
        throw new FileNotFoundException(path + " (no such folder)");
    }

    private FolderNode parent(Path path) throws IOException {
        return folder(Store.above(path));
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private void add(Path path, Node node) throws IOException {
        FolderNode folder = parent(path);
        if (folder.seen.putIfAbsent(name(path), node) != null) {
            throw new FileAlreadyExistsException(path.toString());
        }
        folder.changed();
    }

    @Override
    public Output create(Path path) throws IOException {
        FileNode file = new FileNode();
        add(path, file);
        return new Output() {
            private boolean open = true;

            @Override
            public int write(ByteBuffer source) throws IOException {
                if (!open) {
                    throw new ClosedChannelException();
                }
                int n = source.remaining();
                byte[] longer = Arrays.copyOf(file.seen, file.seen.length + n);
                source.get(longer, file.seen.length, n);
                file.seen = longer;
                return n;
            }

            @Override
            public void force() {
                file.forced = file.seen;
            }

            @Override
            public boolean isOpen() {
                return open;
            }

            @Override
            public void close() {
                open = false;
            }
        };
    }

    @Override
    public InputStream read(Path path) throws IOException {
        if (find(path) instanceof FileNode file) {
            return new ByteArrayInputStream(file.seen);
        }
        throw new FileNotFoundException(path.toString());
    }

    @Override
    public void createFolder(Path path) throws IOException {
        if (!isFolder(path)) {
            add(path, new FolderNode(new TreeMap<>()));
        }
    }

    @Override
    public void forceFolder(Path path) throws IOException {
        FolderNode folder = folder(path);
        folder.forced = new TreeMap<>(folder.seen);
        folder.since.clear();
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Node node = find(from);
        if (node == null) {
            throw new FileNotFoundException(from.toString());
        }
        if (find(to) instanceof FolderNode) {
            throw new FileAlreadyExistsException(to.toString());
        }
        FolderNode folder = parent(from);
        if (folder != parent(to)) {
            throw new IOException("only within a folder");
        }
        folder.seen.remove(name(from));
        folder.seen.put(name(to), node);
        folder.changed();
    }

    @Override
    public void delete(Path path) throws IOException {
        if (find(path) instanceof FolderNode doomed && !doomed.seen.isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
        }
        FolderNode folder = parent(path);
        if (folder.seen.remove(name(path)) == null) {
            throw new FileNotFoundException(path.toString());
        }
        folder.changed();
    }

    @Override
    public List<Path> list(Path path) {
        return find(path) instanceof FolderNode folder
                ? folder.seen.keySet().stream().map(path::resolve).toList()
                : List.of();
    }

    @Override
    public boolean isFolder(Path path) {
        return find(path) instanceof FolderNode;
    }
}
