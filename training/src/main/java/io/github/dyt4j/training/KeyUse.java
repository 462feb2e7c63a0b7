package io.github.dyt4j.training;

import java.util.List;

/** Keys of recipes that mean something to some objectives alone. */
enum KeyUse {
    CLASSES("classifiers", "aa", "reprob", "mixup", "cutmix", "mixup_prob", "mixup_switch_prob", "smoothing"),
    CROPS(
            "DINO",
            "global_crops_scale",
            "local_crops_number",
            "local_crops_scale",
            "local_crops_size",
            "student_temp",
            "warmup_teacher_temp",
            "teacher_temp",
            "warmup_teacher_temp_epochs",
            "momentum_teacher",
            "freeze_last_layer"),
    SPEECH("speech", "sample_rate", "max_sample_size", "min_sample_size"),
    CONTRASTIVE(
            "speech without transcripts (head: contrastive)",
            "max_gumbel_temperature",
            "min_gumbel_temperature",
            "gumbel_temperature_decay"),
    CTC("speech with transcripts (head: ctc)", "freeze_finetune_updates"),
    PROBE("pretraining without labels", "probe_images"),
    SAMPLES("diffusion", "sample_steps", "sampler", "cfg_scale", "frechet_samples", "inception"),
    DNA("models of DNA", "intervals", "mlm_probability", "rc_aug", "rc_test");

    private final String whose;
    private final List<String> keys;

    KeyUse(String whose, String... keys) {
        this.whose = whose;
        this.keys = List.of(keys);
    }

    /** For whom they are, for people. */
    String whose() {
        return whose;
    }

    List<String> keys() {
        return keys;
    }
}
