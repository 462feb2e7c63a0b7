package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.Digest;
import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A series of checkpoints in one folder: {@code FOLDER/NAME-STEP/} with its files and a {@code manifest.json} of their sizes and
 * SHA-256.
 *
 * <p>A save writes {@code NAME-STEP.tmp}, forces each file, the manifest last, then the folder; renames it and forces the folder above;
 * and only then deletes what is older than the newest {@code keep}. So a kill or a power cut at any moment leaves a good checkpoint, if
 * there was one. What is complete is decided by the manifest, never by the folder's name: a checkpoint counts when all its files are there
 * with the right bytes.
 *
 * @param folder usually {@code RUN/checkpoints}; made when missing
 * @param name of the series: {@code step} for those to resume from, {@code best} for the best so far
 * @param keep how many to keep, at least one
 */
public record Checkpoint(Store store, Path folder, String name, int keep) {
    /** Writes a file's content. */
    @FunctionalInterface
    public interface Content {
        void writeTo(WritableByteChannel out) throws IOException;
    }

    /**
     * A checkpoint that is whole.
     *
     * @param folder where its files are
     * @param ignored what was found and passed over because newer but torn, each with the reason; empty when all is well
     */
    public record Found(long step, Path folder, List<String> ignored) {
        public Path file(String name) {
            return folder.resolve(name);
        }
    }

    public Checkpoint {
        if (keep < 1 || !name.matches("[a-z]+")) {
            throw new IllegalArgumentException("keep " + keep + ", name '" + name + "'");
        }
    }

    /**
     * Writes the checkpoint of this step; when it returns, it is on the disk and the old ones are pruned.
     *
     * @param content by file name; written in this order
     * @throws UserError when the disk is full; the partial folder is gone and the checkpoints before are as they were
     */
    public Path save(long step, SequencedMap<String, Content> content) throws IOException {
        Path target = folder.resolve(name + "-" + step);
        Path partial = folder.resolve(name + "-" + step + ".tmp");
        try {
            prepare();
            write(partial, step, content);
            publish(partial, target);
        } catch (IOException | RuntimeException e) {
            boolean full = DiskFull.is(e, folder);
            discard(partial, e);
            if (full) {
                throw new UserError(diskFull(partial, e), e);
            }
            throw e;
        }
        prune(step);
        return target;
    }

    /**
     * The newest checkpoint whose files are all there with the right sizes and digests; torn ones are passed over. Changes nothing, so it
     * may be asked while another process writes.
     */
    public Optional<Found> latest() throws IOException {
        List<String> ignored = new ArrayList<>();
        for (Candidate candidate : candidates()) {
            Optional<String> fault = Manifest.fault(store, candidate.path, candidate.step);
            if (fault.isEmpty()) {
                return Optional.of(new Found(candidate.step, candidate.path, List.copyOf(ignored)));
            }
            ignored.add(candidate.path.getFileName() + ": " + fault.get());
        }
        return Optional.empty();
    }

    private record Candidate(long step, boolean old, Path path) {}

    /** Folders of this series by their names, newest first; one that was moved aside for a newer copy of itself comes after that. */
    private List<Candidate> candidates() throws IOException {
        Pattern pattern = Pattern.compile(Pattern.quote(name) + "-(\\d{1,18})(\\.old)?");
        List<Candidate> candidates = new ArrayList<>();
        for (Path path : store.list(folder)) {
            Matcher m = pattern.matcher(path.getFileName().toString());
            if (m.matches() && store.isFolder(path)) {
                candidates.add(new Candidate(Long.parseLong(m.group(1)), m.group(2) != null, path));
            }
        }
        candidates.sort(Comparator.comparingLong(Candidate::step).reversed().thenComparing(Candidate::old));
        return candidates;
    }

    /** Makes the folder, and clears away what a killed save left of itself. */
    private void prepare() throws IOException {
        store.createFolders(folder);
        for (Path path : store.list(folder)) {
            String file = path.getFileName().toString();
            if (file.startsWith(name + "-") && file.endsWith(".tmp")) {
                store.deleteFolder(path);
            }
        }
    }

    private void write(Path partial, long step, SequencedMap<String, Content> content) throws IOException {
        store.createFolder(partial);
        Manifest manifest = new Manifest(step);
        for (Map.Entry<String, Content> file : content.entrySet()) {
            Manifest.requirePlain(file.getKey());
            try (Store.Output out = store.create(partial.resolve(file.getKey()))) {
                Digest digest = new Digest(out);
                file.getValue().writeTo(digest);
                out.force();
                manifest.add(file.getKey(), digest.bytes(), digest.hex());
            }
        }
        try (Store.Output out = store.create(partial.resolve(Manifest.FILE))) {
            Store.writeFully(out, ByteBuffer.wrap(manifest.toJson()));
            out.force();
        }
        store.forceFolder(partial);
    }

    /** Gives the whole folder its name; one that has it already is moved aside, where {@link #latest} finds it between the two renames. */
    private void publish(Path partial, Path target) throws IOException {
        if (store.isFolder(target)) {
            Path replaced = folder.resolve(target.getFileName() + ".old");
            store.deleteFolder(replaced);
            store.rename(target, replaced);
        }
        store.rename(partial, target);
        store.forceFolder(folder);
    }

    /** Deletes what is older than the newest few. Half of a deleted one may be left by a kill: its manifest tells. */
    private void prune(long newest) throws IOException {
        int kept = 0;
        for (Candidate candidate : candidates()) {
            boolean wanted = !candidate.old && (candidate.step > newest || kept++ < keep);
            if (!wanted) {
                store.deleteFolder(candidate.path);
            }
        }
    }

    private void discard(Path partial, Throwable cause) {
        try {
            store.deleteFolder(partial);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private String diskFull(Path partial, Throwable cause) {
        String survivor;
        try {
            survivor = latest().map(f -> "The last good checkpoint is " + f.folder + ".")
                    .orElse("There is no earlier checkpoint.");
        } catch (IOException e) {
            survivor = "The checkpoints before it were not touched.";
        }
        return "The disk is full: cannot write " + partial + " (" + cause.getMessage() + ").\n" + survivor
                + "\nFree some space and give the same command again: it goes on from there.";
    }
}
