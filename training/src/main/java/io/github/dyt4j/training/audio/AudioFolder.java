package io.github.dyt4j.training.audio;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.audio.AudioData.Wanted;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A folder of clips. Where its own folders are LibriSpeech's ({@code train-*}, {@code dev-*}, {@code test-*}; also {@code train}, {@code dev}, {@code valid}, {@code test}), all of
 * {@code train} is trained on and {@code dev} judged by, or {@code test} where there is no {@code dev}. Else a hash of each clip's name decides, its path without the first folder and the ending:
 * the same prompt in several languages or by several speakers, a folder each, is on one side.
 */
public final class AudioFolder {
    private static final int NAMED = 3;

    private AudioFolder() {}

    /** @throws UserError for a folder that is not there, or has too few clips that can be used, and for what Wanted does not allow to be left out */
    public static AudioData open(Path root, Wanted wanted) {
        require(root);
        Manifest manifest = Manifest.of(root);
        if (manifest.entries().isEmpty()) {
            throw new UserError(root + " holds no sound: no file there ends as " + AudioDecoder.FORMATS + " do.");
        }
        FolderClips.Shared shared = FolderClips.Shared.of(root, wanted.rate(), wanted.skipBad());
        Transcripts transcripts = Transcripts.of(root);
        SortedMap<String, List<String>> left = new TreeMap<>(); // paths by reason
        List<Manifest.Entry> used = new ArrayList<>();
        Map<String, String> texts = new TreeMap<>();
        for (Manifest.Entry e : manifest.entries()) {
            String text = e.bad() || !wanted.transcribed() ? "" : transcripts.text(root, e.path());
            String reason = reason(shared, e, text, wanted);
            if (reason.isEmpty()) {
                used.add(e);
                texts.put(e.path(), text);
            } else {
                left.computeIfAbsent(reason, _ -> new ArrayList<>()).add(e.path());
            }
        }
        boolean layout = used.stream().anyMatch(e -> side(e.path()).equals("train"));
        String judge = used.stream().anyMatch(e -> side(e.path()).equals("dev")) ? "dev" : "test";
        List<Manifest.Entry> train = new ArrayList<>();
        List<Manifest.Entry> test = new ArrayList<>();
        for (Manifest.Entry e : used) {
            String side = layout ? side(e.path()) : heldOut(name(e.path()), wanted.heldOut()) ? judge : "train";
            if (side.equals("train")) {
                train.add(e);
            } else if (side.equals(judge)) {
                test.add(e);
            }
        }
        if (train.isEmpty() || test.isEmpty()) {
            throw few(root, manifest, left, train.size(), test.size(), layout, wanted);
        }
        return new AudioData(
                clips(shared, train, texts),
                clips(shared, test, texts),
                root + ": " + hours(shared, train) + " to train on; " + hours(shared, test) + " to judge by, "
                        + (layout ? judge + "'s" : "by a hash of their names") + rates(used, wanted.rate())
                        + omitted(left));
    }

    private static void require(Path root) {
        if (!Files.exists(root)) {
            throw new UserError("The data folder " + root + " does not exist.\n"
                    + "Give --data a folder of " + AudioDecoder.FORMATS
                    + " files, as LibriSpeech's; or leave it away for the digits that come with dyt4j.");
        }
        if (!Files.isDirectory(root)) {
            throw new UserError(root + " is a file, and speech is a folder of " + AudioDecoder.FORMATS + " files.");
        }
    }

    /** Why a clip is left out; empty where it is not. */
    private static String reason(FolderClips.Shared shared, Manifest.Entry e, String text, Wanted wanted) {
        if (e.bad()) {
            Path file = shared.root().resolve(e.path());
            if (!wanted.skipBad()) {
                throw new UserError(file + " " + e.fault() + "." + FolderClips.REMEDY);
            }
            shared.bad().put(file, e.fault());
            return "that cannot be read";
        }
        long samples = shared.samples(e);
        return samples < wanted.shortest()
                ? "of fewer than " + wanted.shortest() + " samples"
                : samples > Math.min(wanted.longest(), Integer.MAX_VALUE)
                        ? "of more than " + wanted.longest() + " samples"
                        : wanted.transcribed() && text.isEmpty() ? "without a transcript" : "";
    }

    private static FolderClips clips(
            FolderClips.Shared shared, List<Manifest.Entry> entries, Map<String, String> texts) {
        return new FolderClips(
                shared,
                List.copyOf(entries),
                entries.stream().map(e -> texts.getOrDefault(e.path(), "")).toList());
    }

    /** Which of LibriSpeech's sides the first folder names; empty where it names none. */
    private static String side(String path) {
        String first = path.contains("/") ? path.substring(0, path.indexOf('/')) : "";
        for (String side : List.of("train", "dev", "valid", "test")) {
            if (first.equals(side) || first.startsWith(side + "-")) {
                return side.equals("valid") ? "dev" : side;
            }
        }
        return "";
    }

    /** What decides the side of a clip: its path from its first folder on, without its ending. */
    private static String name(String path) {
        return Transcripts.stem(path.substring(path.indexOf('/') + 1));
    }

    static boolean heldOut(String name, double share) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            long first =
                    (digest[0] & 0xFFL) << 24 | (digest[1] & 0xFF) << 16 | (digest[2] & 0xFF) << 8 | (digest[3] & 0xFF);
            return first < share * 0x1p32;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static UserError few(
            Path root,
            Manifest manifest,
            SortedMap<String, List<String>> left,
            int train,
            int test,
            boolean layout,
            Wanted wanted) {
        if (wanted.transcribed()
                && left.getOrDefault("without a transcript", List.of()).size() * 2L
                        > manifest.entries().size()) {
            return new UserError(root + " has transcripts for " + (train + test) + " of "
                    + manifest.entries().size() + " clips, too few to train on.\n"
                    + "They are looked for in " + Transcripts.LAYOUTS + ".");
        }
        return new UserError(root + " has " + train + " clips to train on and " + test + " to judge by"
                + (layout
                        ? " in its folders train-*, dev-* and test-*"
                        : ", by a share held_out of " + wanted.heldOut())
                + omitted(left) + ": both sides need one at least.\nTake more clips"
                + (layout ? " or a dev-* folder." : " or another held_out."));
    }

    private static String hours(FolderClips.Shared shared, List<Manifest.Entry> entries) {
        double minutes = entries.stream().mapToLong(shared::samples).sum() / (60.0 * shared.rate());
        return String.format(
                Locale.ROOT,
                "%,d clips (%.1f %s)",
                entries.size(),
                minutes < 120 ? minutes : minutes / 60,
                minutes < 120 ? "minutes" : "hours");
    }

    private static String rates(List<Manifest.Entry> entries, int rate) {
        SortedMap<Integer, Long> others = entries.stream()
                .filter(e -> e.rate() != rate)
                .collect(Collectors.groupingBy(Manifest.Entry::rate, TreeMap::new, Collectors.counting()));
        return others.isEmpty()
                ? ""
                : "; resampled to " + rate + " Hz: "
                        + others.entrySet().stream()
                                .map(e -> e.getValue() + " clips of " + e.getKey() + " Hz")
                                .collect(Collectors.joining(", "));
    }

    private static String omitted(SortedMap<String, List<String>> left) {
        return left.entrySet().stream()
                .map(e -> "; left out: " + e.getValue().size() + " " + e.getKey() + " ("
                        + String.join(
                                ", ",
                                e.getValue()
                                        .subList(0, Math.min(NAMED, e.getValue().size())))
                        + (e.getValue().size() > NAMED ? ", …)" : ")"))
                .collect(Collectors.joining());
    }
}
