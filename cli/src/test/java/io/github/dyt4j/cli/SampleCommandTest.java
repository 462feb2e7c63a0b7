package io.github.dyt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.formats.Safetensors;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Images and latents drawn by runs of seconds; and what is refused, with exit code 2 and at most three lines, before anything is written. */
final class SampleCommandTest {
    private static final String TINY = """
            model: dit_s_4
            patch_size: 4
            embed_dim: 8
            depth: 1
            num_heads: 2
            norm: dyt
            epochs: 1
            warmup_epochs: 0
            batch_size: 4
            sample_steps: 3
            frechet_samples: 4
            """;

    private static final String VIT = """
            model: vit_tiny_patch16_224
            img_size: 8
            patch_size: 4
            embed_dim: 8
            depth: 1
            num_heads: 2
            epochs: 1
            warmup_epochs: 0
            batch_size: 4
            """;

    @TempDir
    private static Path folder = Path.of("");

    private record Ended(int code, String said, String wrote) {}

    @BeforeAll
    static void runs() throws IOException {
        BadData data = new BadData(folder);
        String images = data.images("images").toString();
        trained("pixels", TINY + "img_size: 8\n", images);
        trained("unguided", TINY + "img_size: 8\nclass_dropout_prob: 0\ncfg_scale: 1\n", images);
        trained("vit", VIT, images);
        Path latents = folder.resolve("latents.safetensors");
        Safetensors.write(latents, Map.of(), latents());
        trained("latents", TINY, latents.toString());
    }

    private static void trained(String name, String recipe, String data) throws IOException {
        Path file = Files.writeString(folder.resolve(name + ".yaml"), recipe);
        Ended ended = execute(
                "train",
                file.toString(),
                "--data",
                data,
                "--out",
                folder.resolve(name).toString());
        assertThat(ended.code).as(ended.said).isZero();
    }

    private static List<Safetensors.Entry> latents() {
        Random random = new Random(1);
        ByteBuffer x = ByteBuffer.allocate(4 * 60 * 32).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer y = ByteBuffer.allocate(8 * 60).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 60; i++) {
            y.putLong(i % 3);
            for (int k = 0; k < 32; k++) {
                x.putFloat((float) random.nextGaussian());
            }
        }
        return List.of(
                new Safetensors.Entry("latents", "F32", new long[] {60, 2, 4, 4}, MemorySegment.ofArray(x.array())),
                new Safetensors.Entry("labels", "I64", new long[] {60}, MemorySegment.ofArray(y.array())));
    }

    @Test
    void aRunDrawsAClassARowTheSameWithTheSameSeedWhateverIsBesideIt() throws IOException {
        BufferedImage all = drawn("pixels", "all.png", "--per-class", "3");
        int cell = 8 * 7 + 2; // pixels of 8, seven times as large, and a gap
        assertThat(all.getWidth()).isEqualTo(3 * cell + 2);
        assertThat(all.getHeight()).isEqualTo(2 * cell + 2);
        BufferedImage second = drawn("pixels", "second.png", "--per-class", "2", "--classes", "1");
        assertThat(second.getHeight()).isEqualTo(cell + 2);
        assertThat(difference(all.getSubimage(0, cell, 2 * cell, cell), second.getSubimage(0, 0, 2 * cell, cell)))
                .isLessThanOrEqualTo(1); // rounding may differ with the batch
        BufferedImage other = drawn("pixels", "other.png", "--per-class", "3", "--seed", "9");
        assertThat(difference(all, other)).isGreaterThan(20);
        BufferedImage ddpm = drawn("pixels", "ddpm.png", "--per-class", "3", "--sampler", "ddpm", "--steps", "4");
        assertThat(difference(all, ddpm)).isGreaterThan(20);
    }

    @Test
    void theReportsPictureIsWhatIsDrawnWithoutASeed() throws IOException {
        BufferedImage drawn = drawn("pixels", "as-reported.png");
        BufferedImage reported =
                ImageIO.read(folder.resolve("pixels/pictures/samples.png").toFile());
        assertThat(difference(drawn, reported)).isLessThanOrEqualTo(1);
    }

    @Test
    void latentsAreWrittenAsWhatCanBeTrainedOn() throws IOException {
        Path out = folder.resolve("drawn.safetensors");
        Ended ended = execute(
                "sample",
                folder.resolve("latents").toString(),
                "--classes",
                "2,0",
                "--per-class",
                "5",
                "--out",
                out.toString());
        assertThat(ended.code).as(ended.said).isZero();
        assertThat(ended.wrote).contains("10 latents of 2 classes", "DDIM in 3 steps", "guidance 1.5", "seed 0");
        try (Safetensors file = Safetensors.open(out)) {
            assertThat(file.entry("latents").shape()).containsExactly(10, 2, 4, 4);
            List<Long> labels = new ArrayList<>();
            for (long i = 0; i < 10; i++) {
                labels.add(file.entry("labels").data().get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 8 * i));
            }
            assertThat(labels).containsExactly(2L, 2L, 2L, 2L, 2L, 0L, 0L, 0L, 0L, 0L);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "none | | there is no such run",
                "images | | neither a run",
                "vit | | draws no images",
                "pixels | --classes 2 | Class 2: the model knows the classes 0 to 1",
                "pixels | --classes -1 | 0 to 1",
                "pixels | --classes cat | --classes",
                "pixels | --per-class 0 | --per-class 0",
                "pixels | --per-class 1001 | 1 to 1000",
                "pixels | --steps 1 | 1 steps",
                "pixels | --steps 1001 | 1000 of training",
                "none | --steps 1001 | 1000 of training",
                "pixels | --cfg-scale -1 | 0 to 100",
                "pixels | --cfg-scale 101 | 0 to 100",
                "pixels | --cfg-scale NaN | 0 to 100",
                "unguided | --cfg-scale 2 | class_dropout_prob 0",
                "pixels | --sampler ddimm | Did you mean 'ddim'",
                "pixels | --seed one | --seed",
                "pixels | --out FOLDER/nowhere/x.png | there is no folder",
                "pixels | --out FOLDER/x.safetensors | ends in .png",
                "latents | --out FOLDER/x.png | ends in .safetensors",
                "latents | --classes 3 | 0 to 2"
            })
    void whatIsWrongIsSaid(String run, @org.jspecify.annotations.Nullable String options, String hint) {
        List<String> arguments =
                new ArrayList<>(List.of("sample", folder.resolve(run).toString()));
        if (options != null) {
            arguments.addAll(
                    List.of(options.replace("FOLDER", folder.toString()).split(" ")));
        }
        if (options == null || !options.contains("--out")) {
            arguments.addAll(List.of("--out", folder.resolve("refused.png").toString()));
            if (run.equals("latents")) {
                arguments.set(
                        arguments.size() - 1,
                        folder.resolve("refused.safetensors").toString());
            }
        }
        Ended ended = execute(arguments.toArray(String[]::new));
        assertThat(ended.code).as(ended.said).isEqualTo(2);
        assertThat(ended.said).contains(hint).doesNotContain("\tat ", "Exception");
        assertThat(ended.said.lines().count()).as(ended.said).isBetween(1L, 3L);
        assertThat(folder.resolve("refused.png")).doesNotExist();
        assertThat(folder.resolve("refused.safetensors")).doesNotExist();
    }

    private static BufferedImage drawn(String run, String name, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "sample",
                folder.resolve(run).toString(),
                "--out",
                folder.resolve(name).toString()));
        arguments.addAll(List.of(options));
        Ended ended = execute(arguments.toArray(String[]::new));
        assertThat(ended.code).as(ended.said).isZero();
        return ImageIO.read(folder.resolve(name).toFile());
    }

    /** The largest of any pixel's red. */
    private static int difference(BufferedImage a, BufferedImage b) {
        assertThat(b.getWidth()).isEqualTo(a.getWidth());
        assertThat(b.getHeight()).isEqualTo(a.getHeight());
        int most = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                most = Math.max(most, Math.abs((a.getRGB(x, y) >> 16 & 0xFF) - (b.getRGB(x, y) >> 16 & 0xFF)));
            }
        }
        return most;
    }

    private static Ended execute(String... arguments) {
        StringWriter err = new StringWriter();
        StringWriter out = new StringWriter();
        CommandLine line =
                Dyt4j.commandLine().setErr(new PrintWriter(err, true)).setOut(new PrintWriter(out, true));
        return new Ended(line.execute(arguments), err.toString(), out.toString());
    }
}
