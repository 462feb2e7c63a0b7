package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every deterministic operation against Pillow, torchvision and timm: bytes are equal, floats are equal or within an ulp where said. */
class GoldenTransformsTest {
    private static final Rng NO_CHANCE = Rng.of(0, 0, 0);

    static Stream<String> images() {
        return Golden.IMAGES.keySet().stream().filter(n -> !n.startsWith("input/"));
    }

    @ParameterizedTest
    @MethodSource("images")
    void bytesArePillows(String name) {
        String[] p = name.split("/");
        Image actual = made(p, Golden.image("input/" + p[1]));
        Image wanted = Golden.image(name);
        assertThat(actual.width()).isEqualTo(wanted.width());
        assertThat(actual.height()).isEqualTo(wanted.height());
        assertThat(actual.pixels()).isEqualTo(wanted.pixels());
    }

    private static Image made(String[] p, Image in) {
        return switch (p[0]) {
            case "luma" -> in.withChannels(1);
            case "flip" -> new Transform.HorizontalFlip(1).apply(in, NO_CHANCE);
            case "resize" -> Resize.to(in, number(p[4]), number(p[3]), filter(p[2]));
            case "shortest" -> new Resize(number(p[3]), filter(p[2])).apply(in, NO_CHANCE);
            case "resizedcrop" -> {
                Image part = new Crop(number(p[3]), number(p[4]), number(p[5]), number(p[6])).of(in);
                yield Resize.to(part, number(p[7]), number(p[7]), filter(p[2]));
            }
            case "center" -> new CenterCrop(number(p[2])).apply(in, NO_CHANCE);
            case "padcrop" -> {
                int pad = number(p[2]);
                yield new Crop(number(p[3]) - pad, number(p[4]) - pad, number(p[5]), number(p[5])).of(in);
            }
            case "sharpness" -> Photometric.sharpness(in, Double.parseDouble(p[2]));
            case "aa" -> {
                AugmentOp op = AugmentOp.valueOf(p[2]);
                double argument = op.argument(Double.parseDouble(p[4]), p[3].equals("1"), p[5].equals("-"));
                int[] fill = in.channels() == 3 ? new int[] {124, 116, 104} : new int[] {97};
                Interpolation f = p[6].equals("none") ? Interpolation.BICUBIC : filter(p[6]);
                yield op.apply(in, argument, f, fill);
            }
            default -> throw new IllegalStateException("no test for " + String.join("/", p));
        };
    }

    private static int number(String text) {
        return Integer.parseInt(text);
    }

    private static Interpolation filter(String name) {
        return Interpolation.valueOf(name.toUpperCase(Locale.ROOT));
    }

    static Stream<String> evaluations() {
        return Golden.FLOATS.keySet().stream().filter(n -> n.startsWith("eval/"));
    }

    @ParameterizedTest
    @MethodSource("evaluations")
    void evaluationIsTimms(String name) {
        String[] p = name.split("/");
        Image in = Golden.image("input/" + p[1]);
        boolean grey = in.channels() == 1;
        Pipeline pipeline = new ImageTransforms(
                        number(p[4]),
                        in.channels(),
                        grey ? List.of(0.286) : null,
                        grey ? List.of(0.353) : null,
                        filter(p[2]),
                        List.of(0.08, 1.0),
                        List.of(0.75, 1.33),
                        0.5,
                        "rand-m9",
                        0.5,
                        Double.parseDouble(p[3]))
                .evaluation();
        float[] out = new float[pipeline.size()];
        pipeline.apply(in, NO_CHANCE, out, 0);
        assertThat(out).isEqualTo(Golden.floats(name));
    }

    @Test
    void trainingWithNothingLeftToChanceIsTimms() {
        Pipeline pipeline = new ImageTransforms(
                        17,
                        1,
                        List.of(0.286),
                        List.of(0.353),
                        Interpolation.BICUBIC,
                        List.of(1.0, 1.0),
                        List.of(1.0, 1.0),
                        1,
                        null,
                        0,
                        1)
                .training();
        float[] out = new float[pipeline.size() + 3];
        pipeline.apply(Golden.image("input/grey"), NO_CHANCE, out, 3);
        assertThat(java.util.Arrays.copyOfRange(out, 3, out.length)).isEqualTo(Golden.floats("train/grey/17"));
    }

    static Stream<String> erasings() {
        return Golden.FLOATS.keySet().stream().filter(n -> n.startsWith("erase/"));
    }

    @ParameterizedTest
    @MethodSource("erasings")
    void erasingARectangleIsTimms(String name) {
        String[] p = name.split("/");
        RandomErasing.Box box = new RandomErasing.Box(number(p[1]), number(p[2]), number(p[3]), number(p[4]));
        float[] x = Golden.floats("input/chw").clone();
        RandomErasing.of(1, RandomErasing.Mode.CONST, 1).fill(x, 0, 3, 14, 11, box, NO_CHANCE);
        assertThat(x).isEqualTo(Golden.floats(name));
    }

    static Stream<String> mixes() {
        return Golden.FLOATS.keySet().stream()
                .filter(n -> n.contains("mix/") || n.startsWith("mixup/"))
                .filter(n -> n.endsWith("/pixels"))
                .map(n -> n.substring(0, n.lastIndexOf('/')));
    }

    @ParameterizedTest
    @MethodSource("mixes")
    void mixingIsTimms(String name) {
        String[] p = name.split("/");
        double lambda = Double.parseDouble(p[1]);
        int[] labels = java.util.Objects.requireNonNull(Golden.INTS.get("input/labels"));
        float[] x = Golden.floats("input/batch").clone(); // (5, 2, 9, 7)
        double smoothing = 0.1;
        if (p[0].equals("cutmix")) {
            Mixup.Box box = Mixup.box(lambda, 9, 7, number(p[2]), number(p[3]));
            Mixup.cut(x, 5, 2, 9, 7, box);
            lambda = 1 - box.share(9, 7);
        } else {
            smoothing = Double.parseDouble(p[2]);
            if (lambda < 1) {
                Mixup.blend(x, 5, lambda);
            }
        }
        near(x, Golden.floats(name + "/pixels"));
        near(Mixup.smoothing(smoothing, 4).targets(labels, lambda), Golden.floats(name + "/targets"));
    }

    /** Within two ulps of f32: torch may fuse multiply and add. */
    private static void near(float[] actual, float[] wanted) {
        assertThat(actual).hasSameSizeAs(wanted);
        for (int i = 0; i < wanted.length; i++) {
            assertThat(Math.abs(actual[i] - wanted[i]))
                    .isLessThanOrEqualTo(2 * Math.ulp(Math.max(Math.abs(wanted[i]), 1)));
        }
    }

    @Test
    void everyOperationOfTimmsListIsThere() {
        assertThat(Golden.IMAGES.keySet().stream()
                        .filter(n -> n.startsWith("aa/rgb/"))
                        .map(n -> n.split("/")[2])
                        .distinct())
                .containsExactlyInAnyOrder(
                        Stream.of(AugmentOp.values()).map(Enum::name).toArray(String[]::new));
    }
}
