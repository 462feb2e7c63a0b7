package io.github.dyt4j.training.audio;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Clips of a folder, decoded and resampled when asked for and kept while all sets of the folder take less than an eighth of the heap. */
final class FolderClips implements ClipSet {
    static final String REMEDY = "\nReplace it or take it away, or go on without such files with --skip-bad.";

    /**
     * What the sets of one folder share.
     *
     * @param bad what was left out, by file
     * @param room bytes that may still be kept
     */
    record Shared(
            Path root,
            int rate,
            boolean skipBad,
            Map<Path, String> bad,
            AtomicLong room,
            Map<Integer, Resampler> resamplers) {
        static Shared of(Path root, int rate, boolean skipBad) {
            return new Shared(
                    root,
                    rate,
                    skipBad,
                    new ConcurrentSkipListMap<>(),
                    new AtomicLong(Runtime.getRuntime().maxMemory() / 8),
                    new ConcurrentHashMap<>());
        }

        Resampler from(int other) {
            return resamplers.computeIfAbsent(other, r -> new Resampler(r, rate));
        }

        /** The samples at the set's rate of a file in the manifest. */
        long samples(Manifest.Entry entry) {
            return from(entry.rate()).length(entry.samples());
        }
    }

    private final Shared shared;
    private final List<Manifest.Entry> entries;
    private final List<String> texts;
    private final AtomicReferenceArray<float @Nullable []> kept;

    FolderClips(Shared shared, List<Manifest.Entry> entries, List<String> texts) {
        this.shared = shared;
        this.entries = entries;
        this.texts = texts;
        kept = new AtomicReferenceArray<>(entries.size());
    }

    @Override
    public int size() {
        return entries.size();
    }

    @Override
    public int samples(int i) {
        return Math.toIntExact(shared.samples(entries.get(i)));
    }

    @Override
    public String text(int i) {
        return texts.get(i);
    }

    @Override
    public Optional<float[]> waveform(int i) {
        float[] x = kept.get(i);
        if (x != null) {
            return Optional.of(x);
        }
        Path file = shared.root.resolve(entries.get(i).path());
        if (shared.bad.containsKey(file)) {
            return Optional.empty();
        }
        try {
            Clip clip = AudioDecoder.decode(file);
            Optional<float[]> made = Waveform.normal(shared.from(clip.rate()).apply(clip.samples()));
            if (made.isEmpty()) {
                shared.bad.put(file, "is silent");
            } else if (shared.room.get() > 0 && shared.room.addAndGet(-(long) Float.BYTES * made.get().length) > 0) {
                kept.set(i, made.get());
            }
            return made;
        } catch (IOException e) {
            String clause = AudioDecoder.clause(e);
            if (!shared.skipBad) {
                throw new UserError(file + " " + clause + "." + REMEDY, e);
            }
            shared.bad.put(file, clause);
            return Optional.empty();
        }
    }

    @Override
    public List<String> skipped() {
        return shared.bad.entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue())
                .toList();
    }
}
