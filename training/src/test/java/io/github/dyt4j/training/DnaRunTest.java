package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.dna.Genome;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DNA in the one training loop: pretraining on a genome, and classes. */
final class DnaRunTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    /** Two epochs of five steps of two batches, which is more than a pass over the data. */
    private Recipe recipe(String... changes) throws IOException {
        Path genome = folder.resolve("genome.fa");
        if (!Files.exists(genome)) {
            StringBuilder text = new StringBuilder(">r\n");
            for (int i = 0; i < 500; i++) {
                text.append(i % 50 == 0 ? "NN" : i % 3 == 0 ? "AC" : i % 3 == 1 ? "GT" : "CA");
            }
            Files.writeString(genome, text.append('\n'));
        }
        Recipe recipe = Recipe.parse("""
                model: caduceus_ph_1k
                d_model: 8
                n_layer: 1
                d_state: 2
                l_max: 16
                norm: dyt(init=calibrated)
                held_out: 0.2
                batch_size: 4
                grad_accum_steps: 2
                epochs: 2
                steps_per_epoch: 5
                lr: 5e-3
                min_lr: 5e-4
                warmup_epochs: 0.6
                weight_decay: 0.1
                smoothing: 0.1
                threads: 1
                """, "tiny-dna.yaml", "tiny-dna").with("data", genome);
        for (String change : changes) {
            recipe = recipe.with(change);
        }
        return recipe;
    }

    private Recipe classes(String... changes) throws IOException {
        Path table = folder.resolve("classes.csv");
        if (!Files.exists(table)) {
            StringBuilder text = new StringBuilder("sequence,label,split\n");
            for (int i = 0; i < 90; i++) {
                String bases = (i % 2 == 0 ? "ACACAC" : "GTTGTT") + "ACGT".charAt(i % 4) + "ACGT".charAt(i / 4 % 4);
                text.append("%s,%s,%s\n".formatted(bases, i % 2 == 0 ? "even" : "odd", i < 60 ? "train" : "test"));
            }
            Files.writeString(table, text);
        }
        Recipe recipe = recipe(changes);
        return recipe.with("head=classes").with("data", table).with("held_out=0.05");
    }

    private void resumes(Recipe recipe) throws IOException {
        Path unbroken = folder.resolve("unbroken");
        TinyRun.train(recipe, unbroken, null);
        for (int stop : new int[] {1, 5, 7}) {
            Path broken = folder.resolve("broken" + stop);
            TinyRun.train(recipe, broken, stop);
            TinyRun.train(recipe, broken, null);
            TinyRun.assertSame(unbroken, broken, 10);
        }
    }

    @Test
    void pretrainingResumesToTheBit() throws IOException {
        resumes(recipe());
    }

    @Test
    void classificationResumesToTheBit() throws IOException {
        resumes(classes("rc_aug=true"));
    }

    @Test
    void maskedBasesAreLearntAndJudged() throws IOException {
        Recipe recipe = recipe(
                "norm=rmsnorm", "steps_per_epoch=60", "grad_accum_steps=1", "lr=2e-2", "rc_aug=false", "batch_size=16");
        RunResult result = Trainer.train(recipe, folder.resolve("run"), Progress.NONE);
        assertThat(result.unit()).isEqualTo("nats/token");
        assertThat(result.bitsPerByte()).isNull();
        try (GenomeSetup setup = (GenomeSetup) TaskSetup.of(recipe)) {
            // A base of a period of three pairs is told by its neighbours.
            assertThat(result.value()).isLessThan(0.7 * setup.compositionEntropy());
            assertThat(setup.describe())
                    .contains("800 bases to train on in windows of 16; judged by 12 held-out windows");
        }
        assertThat(TinyRun.metrics(folder.resolve("run")).getLast().get("accuracy"))
                .satisfies(a -> assertThat((Double) a).isBetween(50.0, 100.0));
        assertThat(result.extras())
                .singleElement()
                .satisfies(e -> assertThat(e.toString()).contains("accuracy"));
    }

    @Test
    void classesAreLearntFromThePretrainedRun() throws IOException {
        TinyRun.train(recipe(), folder.resolve("pretrained"), null);
        List<String> notes = new ArrayList<>();
        Recipe recipe =
                classes("steps_per_epoch=40", "lr=2e-2", "rc_test=false").with("init", folder.resolve("pretrained"));
        RunResult result = Trainer.train(recipe, folder.resolve("run"), new Progress() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
        assertThat(notes).anyMatch(n -> n.contains("new: head.weight, head.bias"));
        assertThat(result.metric()).isEqualTo("accuracy");
        assertThat(result.value()).isGreaterThan(90);
        assertThat(TinyRun.examples(folder.resolve("run"), Objects.requireNonNull(result.examples())))
                .hasSize(30);
        // What was fine-tuned is a start in its turn, though its recipe leaves the number of classes to the data.
        Recipe again = recipe.with("init", folder.resolve("run"))
                .with("steps_per_epoch=1")
                .with("min_lr=0")
                .with("lr=0");
        Trainer.train(again, folder.resolve("again"), new Progress() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
        assertThat(notes).anyMatch(n -> n.startsWith("Begins with") && !n.contains("new:"));
    }

    private static List<long[]> inputs(Batches batches, int count, Function<Batch, long[]> part) {
        List<long[]> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try (var _ = new Scope()) {
                all.add(part.apply(batches.next()));
            }
        }
        return all;
    }

    private static long[] input(Batch batch) {
        return Tensors.longs(batch.input());
    }

    @Test
    void anyPositionGivesTheBatchesOfAnUnbrokenRun() throws IOException {
        for (Recipe recipe : List.of(recipe(), classes("rc_aug=true"))) {
            try (Task task = Task.of(recipe);
                    Task other = Task.of(recipe.with("seed=1"))) {
                int passes = 2 * task.batchesPerEpoch() + 3;
                List<long[]> unbroken = inputs(task.training(0), passes, DnaRunTest::input);
                for (int from = 0; from < passes; from += 5) {
                    List<long[]> rest = inputs(task.training(from), passes - from, DnaRunTest::input);
                    assertThat(rest).usingRecursiveComparison().isEqualTo(unbroken.subList(from, passes));
                }
                assertThat(inputs(other.training(0), 1, DnaRunTest::input).getFirst())
                        .isNotEqualTo(unbroken.getFirst());
                assertThat(unbroken.get(task.batchesPerEpoch())).isNotEqualTo(unbroken.getFirst());
            }
        }
    }

    /** What comes next is the label, of the last base too; the other strand is read where it is asked for, and only there. */
    @Test
    void theNextBaseIsTheLabel() throws IOException {
        Path cycle = Files.writeString(folder.resolve("cycle.fa"), ">r\n" + "ACG".repeat(200) + "\n");
        for (String augmented : List.of("null", "true", "false")) {
            Recipe recipe = recipe("rc_aug=" + augmented).with("data", cycle);
            int forward = 0;
            try (Task task = causal(recipe, Genome.open(cycle))) {
                for (int i = 0; i < 20; i++) {
                    try (var _ = new Scope();
                            Batches batches = task.training(i)) {
                        Batch batch = batches.next();
                        long[] tokens = input(batch);
                        long[] labels = Tensors.longs(batch.labels());
                        for (int row = 0; row < 4; row++) {
                            boolean own = tokens[row * 16] + tokens[row * 16 + 1] + tokens[row * 16 + 2]
                                    == Bases.A + Bases.C + Bases.G;
                            forward += own ? 1 : 0;
                            for (int t = row * 16; t < row * 16 + 16; t++) {
                                assertThat(labels[t]).isEqualTo(own ? after(tokens[t]) : before(tokens[t]));
                            }
                        }
                    }
                }
            }
            if (augmented.equals("false")) {
                assertThat(forward).isEqualTo(80);
            } else {
                assertThat(forward).as(augmented).isBetween(20, 60);
            }
        }
    }

    private static long after(long base) { // ACGACG…
        return base == Bases.G ? Bases.A : base + 1;
    }

    private static long before(long base) { // its other strand, CGTCGT…
        return base == Bases.T ? Bases.C : base + 1;
    }

    private static Task causal(Recipe recipe, Genome genome) {
        return GenomeSetup.of(recipe, genome, new TinyDna.Config(16, true)).build();
    }

    @Test
    void evaluationIsOfTheHeldOutBasesAndAlwaysTheSame() throws IOException {
        Path two = Files.writeString(folder.resolve("two.fa"), ">r\n" + "A".repeat(800) + "C".repeat(200) + "\n");
        try (Task task = causal(recipe().with("data", two), Genome.open(two));
                Batches batches = task.evaluation();
                var _ = new Scope()) {
            while (batches.hasNext()) {
                assertThat(input(batches.next())).containsOnly(Bases.C);
            }
            try (Batches training = task.training(0)) {
                for (int i = 0; i < 30; i++) {
                    assertThat(LongStream.of(input(training.next()))).allMatch(t -> t == Bases.A || t == Bases.T);
                }
            }
        }
        try (Task task = Task.of(recipe())) {
            List<long[]> first = inputs(task.evaluation(), 3, DnaRunTest::input);
            assertThat(inputs(task.evaluation(), 3, DnaRunTest::input))
                    .usingRecursiveComparison()
                    .isEqualTo(first);
            assertThat(first.getFirst()).contains(Bases.MASK);
            assertThat(inputs(task.training(0), 1, DnaRunTest::input).getFirst())
                    .doesNotContain(Bases.MASK);
            assertThat(inputs(task.unmixed(), 1, DnaRunTest::input).getFirst()).contains(Bases.MASK);
        }
    }

    /** As long as the longest, cut to the centre where that is more than l_max, padded at the right. */
    @Test
    void sequencesAreOfOneLength() throws IOException {
        Path table = Files.writeString(
                folder.resolve("lengths.csv"), "sequence,label,split\nACGTACGT,x,train\nCC,y,train\nGG,x,test\n");
        Recipe recipe =
                classes("batch_size=1", "grad_accum_steps=1", "rc_test=true").with("data", table);
        try (Task task = Task.of(recipe);
                var _ = new Scope()) {
            assertThat(task.setup().examples().tokens()).isEqualTo(8);
            assertThat(task.describe()).contains("of 8 bases").contains("judged on both strands");
            Batch batch = task.evaluation().next();
            long[] padded = {Bases.G, Bases.G, Bases.PAD, Bases.PAD, Bases.PAD, Bases.PAD, Bases.PAD, Bases.PAD};
            assertThat(input(batch)).isEqualTo(padded);
            long[] other = padded.clone();
            other[0] = Bases.C;
            other[1] = Bases.C;
            assertThat(Tensors.longs(batch.views().getLast())).isEqualTo(other);
        }
        try (Task task = Task.of(recipe.with("l_max=5").with("rc_test=false"));
                var _ = new Scope()) {
            assertThat(task.describe()).contains("of 5 bases; 1 longer ones are cut to their centre");
            assertThat(task.evaluation().next().views()).hasSize(1);
            Batches training = task.training(0);
            List<long[]> both = List.of(input(training.next()), input(training.next()));
            assertThat(both)
                    .anySatisfy(t -> assertThat(t).containsExactly(Bases.C, Bases.G, Bases.T, Bases.A, Bases.C));
        }
    }

    /** Soft targets sum to one and favour the label. */
    @Test
    void smoothingIsInTheTargets() throws IOException {
        try (Task task = Task.of(classes("smoothing=0.2"));
                var _ = new Scope()) {
            Batch batch = task.training(0).next();
            float[] targets = Tensors.floats(Objects.requireNonNull(batch.targets()));
            long[] labels = Tensors.longs(batch.labels());
            for (int i = 0; i < 4; i++) {
                assertThat(targets[2 * i + (int) labels[i]]).isCloseTo(0.9f, within(1e-6f));
                assertThat(targets[2 * i + 1 - (int) labels[i]]).isCloseTo(0.1f, within(1e-6f));
            }
            assertThat(task.evaluation().next().targets()).isNull();
        }
    }

    private static void refused(Recipe recipe, String... said) {
        assertThatThrownBy(() -> TaskSetup.of(recipe).close())
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(said);
    }

    @Test
    void keysThatMeanNothingHereAreRefused() throws IOException {
        refused(recipe("smoothing=0.2"), "smoothing is for images, and caduceus_ph_1k learns from DNA");
        refused(recipe("smoothing=0.1", "mixup=0.8"), "mixup is for images");
        refused(recipe("tokenizer=bpe-300"), "tokenizer is for text");
        refused(recipe("rc_test=true"), "rc_test is for head: classes");
        refused(recipe("probe_images=3"), "probe_images is for pretraining without labels");
        refused(recipe("data=jdk"), "The data jdk are text, and caduceus_ph_1k learns from DNA");
        refused(recipe("seq_len=17"), "seq_len is 17, and caduceus_ph_1k takes sequences of up to 16 bases");
        refused(recipe("held_out=0.001"), "leaves nothing to be judged by");
        refused(recipe("intervals=nowhere.bed"), "intervals: nowhere.bed: there is no such file");
        assertThatThrownBy(() -> Task.of(recipe("batch_size=1000")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("50 training sequences of 16 tokens do not fill one batch of 1000");
        refused(
                classes("seq_len=8"),
                "seq_len is for pretraining on a genome, and caduceus_ph_1k learns from labelled");
        refused(classes("mlm_probability=0.3"), "mlm_probability is for pretraining on a genome");
        refused(classes("mixup=0.3"), "mixup is for images");
        refused(classes("num_classes=2").with("data=builtin"), "num_classes is 2, but the data has 3 classes");
        refused(Recipe.defaults().with("rc_aug=true"), "rc_aug is for models of DNA, and vit_tiny_patch16_224");
        assertThatThrownBy(() -> GenomeSetup.open(recipe("mlm_probability=0.3"), new TinyDna.Config(16, true)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("mlm_probability is for models that see both sides of a base");
    }

    @Test
    void theBuiltInDataAreForBoth() throws IOException {
        Recipe genome = recipe("data=builtin");
        try (TaskSetup setup = TaskSetup.of(genome)) {
            assertThat(setup.describe()).contains("the built-in genome of the phage lambda: 48,502 bases in 1 record");
            assertThat(setup.noise()).isFalse();
        }
        try (TaskSetup setup = TaskSetup.of(classes().with("data=builtin"))) {
            assertThat(setup.describe()).contains("3 classes (EI, IE, N)");
            assertThat(setup.trainingExamples()).isEqualTo(2400);
        }
    }

    @Test
    void withoutItsDataARecipeIsTriedOnRandomBases() throws IOException {
        Path none = folder.resolve("none");
        for (Recipe recipe : List.of(recipe().with("data", none), classes().with("data", none))) {
            try (TaskSetup setup = TaskSetup.trial(recipe, 8);
                    Task task = setup.build();
                    var _ = new Scope()) {
                assertThat(setup.noise()).isTrue();
                assertThat(setup.trainingExamples()).isGreaterThanOrEqualTo(8);
                assertThat(input(task.training(0).next()))
                        .contains(Bases.A, Bases.C, Bases.G, Bases.T)
                        .hasSize(64);
            }
            refused(recipe, "none: there is no such file or folder");
        }
    }

    @Test
    void thePathOfIntervalsIsAPath() throws IOException {
        Recipe absolute = recipe("intervals=a.bed").withAbsolutePaths();
        assertThat(absolute.text("intervals"))
                .isEqualTo(Path.of("a.bed").toAbsolutePath().toString());
    }
}
