package io.github.dyt4j.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenShardsTest {
    @TempDir
    Path dir;

    /** Ids of one, two and four bytes. */
    @ParameterizedTest
    @ValueSource(ints = {200, 256, 257, 65536, 65537, 200000})
    void readsAcrossShardsWhatWasWritten(int vocabulary) throws IOException {
        int[] ids = write(vocabulary);
        try (TokenShards shards = TokenShards.open(dir)) {
            assertThat(shards.tokens()).isEqualTo(ids.length);
            assertThat(shards.documents()).isEqualTo(9);
            assertThat(shards.bytes()).isEqualTo(9 * 5);
            Random random = new Random(vocabulary);
            for (int i = 0; i < 100; i++) {
                int from = random.nextInt(ids.length);
                int count = random.nextInt(ids.length - from + 1);
                long[] out = new long[count + 2];
                shards.read(from, count, out, 1);
                assertThat(out[0] + out[count + 1]).isZero();
                for (int k = 0; k < count; k++) {
                    assertThat(out[1 + k]).isEqualTo(ids[from + k]);
                }
            }
            assertThatThrownBy(() -> shards.read(ids.length - 1, 2, new long[2], 0))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void aTokenBeyondTheVocabularyIsRefused() throws IOException {
        write(200);
        byte[] bytes = Files.readAllBytes(dir.resolve("00000.tok"));
        bytes[3] = (byte) 200;
        Files.write(dir.resolve("00000.tok"), bytes);
        try (TokenShards shards = TokenShards.open(dir)) {
            assertThatThrownBy(() -> shards.read(0, 5, new long[5], 0))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("token 200");
        }
    }

    /** Whatever an index says, it opens or is refused with a sentence. */
    @Test
    void damagedIndexesAreRefusedWithASentence() throws IOException {
        write(300);
        Path index = dir.resolve("index.txt");
        byte[] sound = Files.readAllBytes(index);
        int refused = 0;
        for (int seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            byte[] bytes = sound.clone();
            for (int i = 0; i <= random.nextInt(3); i++) {
                bytes[random.nextInt(bytes.length)] =
                        random.nextBoolean() ? (byte) ('0' + random.nextInt(10)) : (byte) random.nextInt(256);
            }
            Files.write(index, bytes);
            try (TokenShards shards = TokenShards.open(dir)) {
                shards.read(0, (int) Math.min(10, shards.tokens()), new long[10], 0);
            } catch (UserError e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + ": " + new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1), e);
            }
        }
        assertThat(refused).isGreaterThan(1000);
    }

    private int[] write(int vocabulary) throws IOException {
        Random random = new Random(1);
        int[] all = new int[9 * 8];
        try (var writer = new TokenShards.Writer(dir, vocabulary, 10)) {
            for (int d = 0; d < 9; d++) {
                int[] ids = random.ints(7, 1, vocabulary).toArray();
                System.arraycopy(ids, 0, all, 8 * d, 7);
                writer.document(ids, 0, 5);
            }
        }
        return all;
    }
}
