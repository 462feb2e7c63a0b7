package io.github.dyt4j.training.run;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Another store whose n-th change goes wrong. Reading is no change and always works, unless the process is dead. */
final class FaultyStore implements Store {
    enum Fault {
        /** The operation fails once, without effect. */
        FAIL,
        /** The operation takes effect and says that it failed, as a lost answer over a network does. */
        FAIL_LATE,
        /** A write reaches half of its bytes and fails; other operations fail. */
        TEAR,
        /** From here on nothing can be created, written or forced; deleting works. */
        DISK_FULL,
        /** The process dies here: a write reaches half of its bytes, and nothing happens any more. */
        KILL
    }

    /** The death of the process that uses the store; nothing catches it. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private final Store inner;
    private final Fault fault;
    private final int at;
    private int operations;

    FaultyStore(Store inner, Fault fault, int at) {
        this.inner = inner;
        this.fault = fault;
        this.at = at;
    }

    /** Whether the operation that goes wrong was reached. */
    boolean struck() {
        return operations >= at;
    }

    @FunctionalInterface
    private interface Operation<T> {
        T run() throws IOException;
    }

    @FunctionalInterface
    private interface Change {
        void run() throws IOException;
    }

    private void alive() {
        if (fault == Fault.KILL && struck()) {
            throw new Killed();
        }
    }

    private <T> T operation(boolean needsRoom, Operation<T> operation) throws IOException {
        alive();
        operations++;
        if (fault == Fault.DISK_FULL && operations >= at && needsRoom) {
            throw new IOException("No space left on device");
        }
        if (operations != at || fault == Fault.DISK_FULL) {
            return operation.run();
        }
        alive();
        if (fault == Fault.FAIL_LATE) {
            operation.run();
        }
        throw new IOException("Input/output error");
    }

    private void change(boolean needsRoom, Change change) throws IOException {
        var _ = operation(needsRoom, () -> {
            change.run();
            return change;
        });
    }

    @Override
    public Output create(Path file) throws IOException {
        Output out = operation(true, () -> inner.create(file));
        return new Output() {
            @Override
            public int write(ByteBuffer source) throws IOException {
                alive();
                if (operations + 1 == at && (fault == Fault.TEAR || fault == Fault.KILL)) {
                    ByteBuffer half = source.slice(source.position(), source.remaining() / 2);
                    Store.writeFully(out, half);
                }
                return operation(true, () -> out.write(source));
            }

            @Override
            public void force() throws IOException {
                change(true, out::force);
            }

            @Override
            public boolean isOpen() {
                return out.isOpen();
            }

            @Override
            public void close() throws IOException {
                out.close();
            }
        };
    }

    @Override
    public InputStream read(Path file) throws IOException {
        alive();
        return inner.read(file);
    }

    @Override
    public void createFolder(Path folder) throws IOException {
        change(true, () -> inner.createFolder(folder));
    }

    @Override
    public void forceFolder(Path folder) throws IOException {
        change(true, () -> inner.forceFolder(folder));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        change(true, () -> inner.rename(from, to));
    }

    @Override
    public void delete(Path path) throws IOException {
        change(false, () -> inner.delete(path));
    }

    @Override
    public List<Path> list(Path folder) throws IOException {
        alive();
        return inner.list(folder);
    }

    @Override
    public boolean isFolder(Path path) {
        alive();
        return inner.isFolder(path);
    }
}
