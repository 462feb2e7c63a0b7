package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDataTest {
    @Test
    void theBuiltInSubsetIsBalanced() {
        ImageData data = ImageData.builtIn();
        assertThat(data.train().size()).isEqualTo(12_000);
        assertThat(data.test().size()).isEqualTo(2_000);
        assertThat(data.classes()).hasSize(10).contains("Ankle boot");
        for (int c = 0; c < 10; c++) {
            int k = c;
            assertThat(IntStream.range(0, 12_000).filter(i -> data.train().label(i) == k))
                    .hasSize(1_200);
            assertThat(IntStream.range(0, 2_000).filter(i -> data.test().label(i) == k))
                    .hasSize(200);
        }
        Image first = data.train().image(0);
        assertThat(first.width()).isEqualTo(28);
        assertThat(first.height()).isEqualTo(28);
        assertThat(first.channels()).isEqualTo(1);
        assertThat(data.classes().get(data.train().label(0))).isEqualTo("Ankle boot"); // as in the full set
        assertThat(data.describe()).contains("built-in").contains("12000").contains("2000");
    }

    @ParameterizedTest
    @CsvSource({"-,true,", "-,false,", ".,true,", ".,false,raw", "-,true,MNIST/raw"})
    void idxFilesAreFoundByTheirNames(String separator, boolean gz, String inner, @TempDir Path dir) {
        Samples.idxFolder(inner == null ? dir : dir.resolve(inner), separator, gz);
        ImageData data = ImageData.open(dir);
        assertThat(data.layout()).contains("IDX").contains(dir.toString());
        assertThat(data.train().size()).isEqualTo(30);
        assertThat(data.test().size()).isEqualTo(10);
        assertThat(data.classes()).containsExactly("0", "1", "2");
        Image second = data.train().image(1);
        assertThat(second.height()).isEqualTo(5);
        assertThat(second.width()).isEqualTo(4);
        assertThat(second.at(3, 4, 0)).isEqualTo(39);
        assertThat(data.train().label(29)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"val", "test", "validation"})
    void imageFoldersAreFoundByTheirSplits(String split, @TempDir Path dir) {
        Samples.imageFolder(dir, split, 3, "dog", "cat", "Ant");
        ImageData data = ImageData.open(dir);
        assertThat(data.layout()).contains("train/").contains(split + "/");
        assertThat(data.classes()).containsExactly("Ant", "cat", "dog");
        assertThat(data.train().size()).isEqualTo(9);
        assertThat(IntStream.range(0, 9).map(data.test()::label)).containsExactly(0, 0, 0, 1, 1, 1, 2, 2, 2);
        assertThat(data.train().name(3)).endsWith("cat/0.jpg");
        assertThat(data.train().image(3).channels()).isEqualTo(3);
        assertThat(data.train().image(3)).isSameAs(data.train().image(3)); // kept while there is room
        assertThat(data.train().skipped()).isEmpty();
    }

    @Test
    void hiddenFilesAreNoData(@TempDir Path dir) {
        Samples.imageFolder(dir, "val", 2, "a", "b");
        Samples.write(dir.resolve("train/a/.DS_Store"), new byte[] {1});
        Samples.write(dir.resolve("train/b/Thumbs.db"), new byte[] {1});
        Samples.write(dir.resolve("train/.cache/x"), new byte[] {1});
        assertThat(ImageData.open(dir).train().size()).isEqualTo(4);
        assertThat(ImageData.open(dir).classes()).containsExactly("a", "b");
    }
}
