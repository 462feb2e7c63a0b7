package io.github.dyt4j.training;

import io.github.dyt4j.training.audio.Sounds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Clips in which every letter is a tone, with their transcripts, and a wav2vec 2.0 of a few thousand parameters. */
final class TinySpeech {
    static final int RATE = 1000;
    private static final int CLIPS = 48;
    private static final int LETTER = 120;
    private static final double[] HERTZ = {40, 110, 260};

    private TinySpeech() {}

    /** Writes the clips. */
    static Path data(Path folder) throws IOException {
        Random random = new Random(1);
        StringBuilder transcripts = new StringBuilder();
        for (int i = 0; i < CLIPS; i++) {
            int length = 3 + random.nextInt(4);
            StringBuilder text = new StringBuilder();
            for (int k = 0; k < length; k++) {
                boolean space = k > 0 && k < length - 1 && text.charAt(k - 1) != ' ' && random.nextInt(3) == 0;
                text.append(space ? ' ' : (char) ('A' + random.nextInt(HERTZ.length)));
            }
            Sounds.write(folder.resolve(i + ".wav"), Sounds.wav(spoken(text.toString(), random), RATE, 1));
            transcripts.append(i).append(".wav\t").append(text).append('\n');
        }
        Files.writeString(folder.resolve("transcripts.tsv"), transcripts);
        return folder;
    }

    private static float[] spoken(String text, Random random) {
        float[] x = new float[text.length() * LETTER];
        for (int i = 0; i < x.length; i++) {
            char c = text.charAt(i / LETTER);
            boolean sounds = c != ' ' && i % LETTER < 0.8 * LETTER;
            x[i] = (float) (0.02 * random.nextGaussian()
                    + (sounds ? 0.5 * Math.sin(2 * Math.PI * HERTZ[c - 'A'] * i / RATE) : 0));
        }
        return x;
    }

    /** Two epochs of two batches a step with everything on that has a state or takes chances. */
    static Recipe pretraining(Path data) {
        return Recipe.parse("""
                model: wav2vec2_base
                head: contrastive
                conv_dim: [16, 16]
                conv_kernel: [10, 4]
                conv_stride: [5, 4]
                hidden_size: 16
                intermediate_size: 32
                num_hidden_layers: 2
                num_attention_heads: 2
                norm_order: pre
                num_conv_pos_embeddings: 8
                num_conv_pos_embedding_groups: 2
                num_codevectors_per_group: 8
                codevector_dim: 8
                proj_codevector_dim: 8
                num_negatives: 5
                mask_time_length: 3
                layerdrop: 0.2
                norm: dyt(init=calibrated)
                sample_rate: 1000
                max_sample_size: 500
                gumbel_temperature_decay: 0.9
                held_out: 0.25
                batch_size: 4
                grad_accum_steps: 2
                epochs: 2
                steps_per_epoch: 5
                lr: 5e-3
                min_lr: 1e-5
                warmup_epochs: 0.5
                clip_grad: 1
                threads: 1
                workers: 1
                """, "tiny-speech.yaml", "tiny-speech").with("data", data.toString());
    }

    /** The same model on transcripts. */
    static Recipe spelling(Path data) {
        Recipe recipe = pretraining(data);
        for (String change : new String[] {
            "head=ctc",
            "max_sample_size=none",
            "gumbel_temperature_decay=0.999995",
            "layerdrop=0",
            "dropout=0",
            "mask_time_prob=0.1",
            "mask_feature_prob=0.1",
            "mask_feature_length=2"
        }) {
            recipe = recipe.with(change);
        }
        return recipe;
    }
}
