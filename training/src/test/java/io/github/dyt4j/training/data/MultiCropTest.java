package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.Safetensors;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What DINO's crops add to the transforms: bytes against Pillow and torchvision (goldens/crops.py), and the laws of what is drawn. */
class MultiCropTest {
    private static final long SEED = 20250313;
    private static final int N = 4000;
    private static final Map<String, Image> IMAGES = new LinkedHashMap<>();

    static {
        try (Safetensors tensors =
                Safetensors.open(Path.of(Objects.requireNonNull(MultiCropTest.class.getResource("crops.safetensors"))
                        .toURI()))) {
            tensors.entries().forEach((name, e) -> {
                long[] s = e.shape();
                IMAGES.put(
                        name,
                        new Image((int) s[1], (int) s[0], (int) s[2], e.data().toArray(ValueLayout.JAVA_BYTE)));
            });
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Image image(String name) {
        return Objects.requireNonNull(IMAGES.get(name), name);
    }

    static Stream<String> images() {
        return IMAGES.keySet().stream().filter(n -> !n.startsWith("input/"));
    }

    @ParameterizedTest
    @MethodSource("images")
    void bytesArePillows(String name) {
        String[] p = name.split("/");
        Image in = image("input/" + p[1]);
        Image actual = switch (p[0]) {
            case "hue" -> Hue.shift(in, Double.parseDouble(p[2]));
            case "blur" -> GaussianBlur.of(in, Double.parseDouble(p[2]));
            case "solarize" -> Photometric.solarize(in, Integer.parseInt(p[2]));
            case "grey" -> in.withChannels(1).withChannels(in.channels());
            case "way" -> way(in);
            default -> throw new IllegalStateException("no test for " + name);
        };
        assertThat(actual.pixels()).isEqualTo(image(name).pixels());
    }

    private static Image way(Image in) {
        Image x = Resize.to(new Crop(2, 3, 14, 11).of(in), 16, 16, Interpolation.BICUBIC);
        x = Photometric.brightness(Transform.HorizontalFlip.flip(x), 0.71);
        x = Photometric.color(Hue.shift(Photometric.contrast(x, 1.33), -0.06), 1.17);
        return Photometric.solarize(GaussianBlur.of(x, 1.21), 128);
    }

    private static ImageTransforms transforms() {
        return new ImageTransforms(
                16,
                3,
                null,
                null,
                Interpolation.BICUBIC,
                List.of(0.08, 1.0),
                List.of(0.75, 4 / 3.0),
                0.5,
                null,
                0,
                0.875);
    }

    @Test
    void twoFullCropsAndTheSmallOnes() {
        List<Pipeline> views = new MultiCrop(transforms(), List.of(0.4, 1.0), 3, List.of(0.05, 0.4), 8).views();
        assertThat(views).extracting(Pipeline::width).containsExactly(16, 16, 8, 8, 8);
        assertThat(views).extracting(Pipeline::height).containsExactly(16, 16, 8, 8, 8);
        assertThat(views.stream().map(v -> v.transforms().getFirst()))
                .map(t -> (RandomResizedCrop) t)
                .extracting(RandomResizedCrop::minScale, RandomResizedCrop::maxScale)
                .startsWith(org.assertj.core.groups.Tuple.tuple(0.4, 1.0))
                .endsWith(org.assertj.core.groups.Tuple.tuple(0.05, 0.4));
        Image photo = image("input/photo");
        float[] first = new float[views.getLast().size()];
        float[] again = new float[first.length];
        float[] other = new float[first.length];
        views.getLast().apply(photo, Rng.of(SEED, 0, 0), first, 0);
        views.getLast().apply(photo, Rng.of(SEED, 0, 0), again, 0);
        views.getLast().apply(photo, Rng.of(SEED, 0, 1), other, 0);
        assertThat(again).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
    }

    /** Of an image of one colour a crop shows what happened to the colour alone; blur leaves it. */
    @Test
    void theSecondCropIsSolarisedAFifthOfTheTimeAndAFifthIsGrey() {
        Image flat = new Image(1, 1, 3, new byte[] {(byte) 200, 90, 100});
        List<Pipeline> views = new MultiCrop(transforms(), List.of(0.4, 1.0), 0, List.of(0.05, 0.4), 8).views();
        assertThat(views).hasSize(2);
        for (int v = 0; v < 2; v++) {
            int grey = 0;
            int inverted = 0;
            int same = 0;
            for (int i = 0; i < N; i++) {
                Image x = flat;
                Rng rng = Rng.of(SEED, v, i);
                for (Transform t : views.get(v).transforms()) {
                    x = t.apply(x, rng);
                }
                int r = x.at(0, 0, 0);
                int g = x.at(0, 0, 1);
                int b = x.at(0, 0, 2);
                grey += r == g && g == b ? 1 : 0;
                inverted += r < b ? 1 : 0;
                same += r == 200 && g == 90 && b == 100 ? 1 : 0;
            }
            assertThat(grey / (double) N).isCloseTo(0.2, within(0.032));
            assertThat(same / (double) N).isCloseTo(0.2 * 0.8 * (v == 0 ? 1 : 0.8), within(0.03));
            assertThat(inverted == 0).isEqualTo(v == 0);
        }
    }

    @Test
    void jitterDrawsItsFactorsUniformly() {
        Image pixel = new Image(1, 1, 1, new byte[] {100});
        Transform brightness = new ColorJitter(0.4, 0, 0, 0);
        int[] seen = new int[256];
        for (int i = 0; i < N; i++) {
            seen[brightness.apply(pixel, Rng.of(SEED, 0, i)).at(0, 0, 0)]++;
        }
        for (int v = 0; v < 256; v++) {
            boolean possible = v >= 60 && v < 140; // a factor of 0.6 to 1.4: one in eighty each
            assertThat(seen[v]).as("value " + v).isCloseTo(possible ? N / 80 : 0, within(possible ? 35 : 0));
        }
    }
}
