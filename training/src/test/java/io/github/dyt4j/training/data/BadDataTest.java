package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a data folder can be wrong: a UserError of at most three lines that names the path and what is known or to be done. */
class BadDataTest {
    @TempDir
    Path dir;

    private void refused(Path folder, Object... parts) {
        UserError e = catchThrowableOfType(UserError.class, () -> ImageData.open(folder));
        assertThat(e).as("refused").isNotNull();
        String message = String.valueOf(e.getMessage());
        assertThat(message.lines().count()).isLessThanOrEqualTo(3);
        for (Object part : parts) {
            assertThat(message).contains(part.toString());
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void text(Path file) {
        Samples.write(file, "text".getBytes(StandardCharsets.UTF_8));
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path d, java.io.@org.jspecify.annotations.Nullable IOException e)
                    throws IOException {
                Files.delete(d);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    @Test
    void aMissingFolder() {
        Path missing = dir.resolve("nowhere");
        refused(missing, missing, "does not exist", "train/CLASS", "images-idx3");
    }

    @Test
    void aFileForAFolder() {
        text(dir.resolve("file"));
        refused(dir.resolve("file"), dir.resolve("file"), "is a file, not a folder", "train/CLASS");
    }

    @Test
    void anEmptyFolder() {
        refused(dir, dir, "is empty", "train/CLASS", "images-idx3");
    }

    @Test
    void anUnknownLayout() {
        text(dir.resolve("shard-000.tar"));
        text(dir.resolve("shard-001.tar"));
        refused(dir, dir, "layout", "shard-000.tar, shard-001.tar", "train/CLASS", "images-idx3");
    }

    @Test
    void noTestSplit() throws IOException {
        Samples.imageFolder(dir, "val", 1, "a", "b");
        delete(dir.resolve("val"));
        Files.createDirectories(dir.resolve("eval"));
        refused(dir, dir, "no test split", "eval", "val, test, validation");
    }

    @Test
    void noClassFolders() {
        text(dir.resolve("train/a.jpg"));
        refused(dir, dir.resolve("train"), "no class folders", "a.jpg", "CLASS");
    }

    @Test
    void oneClass() {
        Samples.imageFolder(dir, "val", 2, "only");
        refused(dir, dir.resolve("train"), "one class only", "only");
    }

    @Test
    void classesThatDiffer() throws IOException {
        Samples.imageFolder(dir, "val", 1, "a", "b", "c");
        delete(dir.resolve("val/c"));
        Samples.write(dir.resolve("val/d/x.png"), new byte[] {1});
        refused(dir, dir.resolve("train"), dir.resolve("val"), "differ", "c", "d");
    }

    @Test
    void anEmptyClassFolder() throws IOException {
        Samples.imageFolder(dir, "val", 1, "a", "b");
        Files.createDirectories(dir.resolve("train/c"));
        Files.createDirectories(dir.resolve("val/c"));
        refused(dir, dir.resolve("train/c"), "is empty");
    }

    @Test
    void aFileOfZeroBytes() {
        Samples.imageFolder(dir, "val", 2, "a", "b");
        Path file = dir.resolve("train/b/9.jpg");
        Samples.write(file, new byte[0]);
        refused(dir, file, "zero bytes", "--skip-bad");
        ImageDataset data = ImageData.open(dir, true).train();
        assertThat(data.size()).isEqualTo(4);
        assertThat(data.skipped()).containsExactly(file + " is empty (zero bytes)");
        assertThat(data.describe()).contains("4 images").contains("1 files left out");
    }

    @Test
    void aFileThatIsNoImage() {
        Samples.imageFolder(dir, "val", 2, "a", "b");
        Path file = dir.resolve("val/b/notes.txt");
        text(file);
        refused(dir, file, "is not an image", "--skip-bad");
        ImageDataset data = ImageData.open(dir, true).test();
        assertThat(data.size()).isEqualTo(4);
        assertThat(data.skipped()).hasSize(1);
    }

    @Test
    void aFileThatOnlyDecodingFinds() {
        Samples.imageFolder(dir, "val", 2, "a", "b");
        Path jpg = dir.resolve("train/b/0.jpg");
        Samples.write(jpg, Arrays.copyOf(read(jpg), read(jpg).length / 2));
        ImageDataset strict = ImageData.open(dir).train();
        UserError e = catchThrowableOfType(UserError.class, () -> strict.image(2));
        assertThat(e).hasMessageContaining(jpg.toString()).hasMessageContaining("--skip-bad");
        ImageDataset lenient = ImageData.open(dir, true).train();
        assertThat(lenient.tryImage(2)).isEmpty();
        assertThat(lenient.tryImage(2)).isEmpty();
        assertThat(lenient.tryImage(1)).isPresent();
        assertThat(lenient.skipped()).hasSize(1);
    }

    @Test
    void nothingButBadFiles() {
        Samples.write(dir.resolve("train/a/1.jpg"), new byte[0]);
        Samples.write(dir.resolve("train/b/1.jpg"), new byte[0]);
        text(dir.resolve("val/a/1.jpg"));
        text(dir.resolve("val/b/1.jpg"));
        UserError e = catchThrowableOfType(UserError.class, () -> ImageData.open(dir, true));
        assertThat(e).hasMessageContaining(dir.resolve("train").toString()).hasMessageContaining("no image");
    }

    // IDX

    private Path idx(String name) {
        Samples.idxFolder(dir, "-", false);
        return dir.resolve(name);
    }

    private static byte[] changed(byte[] bytes, int at, int value) {
        byte[] out = bytes.clone();
        ByteBuffer.wrap(out).putInt(at, value);
        return out;
    }

    @Test
    void aWrongMagicNumber() {
        Path file = idx("train-images-idx3-ubyte");
        Samples.write(file, changed(read(file), 0, 0x12345678));
        refused(dir, file, "0x12345678", "0x00000803");
    }

    @Test
    void swappedFiles() {
        Path file = idx("t10k-images-idx3-ubyte");
        Samples.write(file, Samples.labels(10, 3));
        refused(dir, file, "swapped");
    }

    @Test
    void aWrongCount() {
        Path file = idx("train-labels-idx1-ubyte");
        Samples.write(file, changed(read(file), 4, 31));
        refused(dir, file, "promises 31 labels", "30");
        Samples.write(file, changed(read(file), 4, 29));
        refused(dir, file, "goes on after the 29 labels");
        for (int count : new int[] {0, -1}) {
            Samples.write(file, changed(read(file), 4, count));
            refused(dir, file, "holds " + count + " labels");
        }
    }

    @Test
    void sizesThatCannotBe() {
        Path file = idx("train-images-idx3-ubyte");
        Samples.write(file, changed(read(file), 8, Integer.MAX_VALUE));
        refused(dir, file, "2147483647 x 4");
        Samples.write(file, changed(changed(Samples.idx(0x803, 30, 5, 4), 4, Integer.MAX_VALUE), 8, 16000));
        refused(dir, file, "2147483647 images");
    }

    @Test
    void labelsOfAnotherSet() {
        Path file = idx("train-labels-idx1-ubyte");
        Samples.write(file, Samples.labels(29, 3));
        refused(dir, file, dir.resolve("train-images-idx3-ubyte"), "30 images", "29 labels");
    }

    @Test
    void truncatedIdx() {
        Path file = idx("train-images-idx3-ubyte");
        byte[] whole = read(file);
        for (int length : new int[] {0, 1, 3, 4, 15, 16, 17, whole.length - 1}) {
            Samples.write(file, Arrays.copyOf(whole, length));
            refused(dir, file, "truncated");
        }
    }

    @Test
    void truncatedOrDamagedGzip() {
        Samples.idxFolder(dir, "-", true);
        Path file = dir.resolve("train-images-idx3-ubyte.gz");
        byte[] whole = read(file);
        for (int length : new int[] {5, 12, whole.length / 2, whole.length - 9, whole.length - 4}) {
            Samples.write(file, Arrays.copyOf(whole, length));
            refused(dir, file, "truncated");
        }
        byte[] damaged = whole.clone();
        damaged[whole.length - 6] ^= 1; // its checksum
        Samples.write(file, damaged);
        refused(dir, file, "damaged");
    }

    @Test
    void oneOfTheFourFilesIsMissing() throws IOException {
        Files.delete(idx("t10k-labels-idx1-ubyte"));
        refused(dir, dir, "t10k-labels-idx1-ubyte", "missing");
    }

    @Test
    void oneLabelOnly() {
        Path file = idx("train-labels-idx1-ubyte");
        byte[] labels = Samples.labels(30, 1);
        Arrays.fill(labels, 8, 38, (byte) 2);
        Samples.write(file, labels);
        refused(dir, dir, "one class only", "2");
    }
}
