package io.github.dyt4j.training;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Method;
import io.github.dyt4j.training.RecipeKey.Kind;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * Every key of a recipe with its default, in the order in which a resolved recipe is written. Names are timm's where timm has one; those of
 * a language model's sizes are Hugging Face's.
 */
public final class RecipeKeys {
    private static final SequencedMap<String, RecipeKey> ALL = new LinkedHashMap<>();
    private static final List<String> FLAG = List.of("true", "false");
    private static final List<String> MODEL_ARGUMENTS = List.of(
            "img_size",
            "patch_size",
            "in_chans",
            "num_classes",
            "embed_dim",
            "depth",
            "num_heads",
            "mlp_ratio",
            "global_pool",
            "drop_path_rate",
            "method",
            "depths",
            "dims",
            "ls_init_value",
            "layers",
            "width",
            "stem",
            "head_hidden_size",
            "drop_rate",
            "decoder_embed_dim",
            "decoder_depth",
            "decoder_num_heads",
            "mask_ratio",
            "norm_pix_loss",
            "out_dim",
            "head_hidden_dim",
            "bottleneck_dim",
            "norm_last_layer",
            "class_dropout_prob",
            "learn_sigma",
            "zero_init",
            "vocab_size",
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
            "max_position_embeddings",
            "rope_theta",
            "tie_word_embeddings",
            "attention_bias",
            "gradient_checkpointing",
            "head",
            "d_model",
            "n_layer",
            "d_inner",
            "l_max",
            "emb_dim",
            "filter_order",
            "sine_freq",
            "d_state",
            "d_conv",
            "expand",
            "rcps",
            "conv_dim",
            "conv_kernel",
            "conv_stride",
            "feat_extract_norm",
            "norm_order",
            "num_conv_pos_embeddings",
            "num_conv_pos_embedding_groups",
            "num_codevectors_per_group",
            "num_codevector_groups",
            "codevector_dim",
            "proj_codevector_dim",
            "mask_time_prob",
            "mask_time_length",
            "mask_feature_prob",
            "mask_feature_length",
            "num_negatives",
            "contrastive_logits_temperature",
            "diversity_loss_weight",
            "feature_penalty_weight",
            "feature_grad_mult",
            "conv_bias",
            "dropout",
            "attention_dropout",
            "activation_dropout",
            "layerdrop");

    /** What says nothing to a model of text, and what says nothing to one of images; the model itself refuses arguments that it has not. */
    private static final List<String> OF_IMAGES = List.of(
            "skip_bad",
            "scale",
            "ratio",
            "interpolation",
            "crop_pct",
            "mean",
            "std",
            "hflip",
            "aa",
            "reprob",
            "mixup",
            "cutmix",
            "mixup_prob",
            "mixup_switch_prob",
            "smoothing");

    private static final List<String> OF_TEXT = List.of("tokenizer", "seq_len", "held_out", "eval_sequences");

    static {
        text("name", "recipe", "the name in folder names and reports; by default that of the file");

        text("model", "vit_tiny_patch16_224", "a model's name: timm's for images, llama_* for text");
        text("norm", "layernorm", "what sits in every norm slot, as dyt or dyt(alpha=0.8, init=calibrated)");
        argument("img_size", 8, "side of the model's input in pixels");
        argument("patch_size", 1, "side of a patch in pixels");
        argument("in_chans", 1, "channels of an image; null: the data's");
        argument("num_classes", 2, "classes; null: the data's");
        argument("embed_dim", 1, "width of the residual stream");
        argument("depth", 1, "number of blocks");
        argument("num_heads", 1, "attention heads");
        optionalNumber("mlp_ratio", "null", 0.01, 1000, "hidden width of the MLP in units of embed_dim");
        optionalChoice("global_pool", List.of("avg", "token"), "pooling before the head");
        optionalNumber("drop_path_rate", "null", 0, 0.99, "stochastic depth of the last block, rising linearly from 0");
        optionalChoice("method", Method.keys(), "a way to train without any norm, in its place: norm is identity then");
        optionalNumbers("depths", "null", 1, 1000, "blocks of each of ConvNeXt's four stages");
        optionalNumbers("dims", "null", 1, 100000, "channels of each of ConvNeXt's four stages");
        optionalNumber("ls_init_value", "null", 0, 1000, "start of ConvNeXt's layer scale");
        optionalNumbers("layers", "null", 1, 1000, "blocks (ResNet) or convolutions (VGG) of each stage");
        argument(
                "width",
                1,
                "channels of the first stage of ResNet or VGG; each stage doubles them, VGG's up to eightfold");
        argument("head_hidden_size", 1, "hidden width of VGG's classifier");
        optionalChoice(
                "stem",
                List.of("imagenet", "cifar"),
                "what ResNet begins with: a quarter of the resolution, or a 3x3 convolution that keeps it");
        optionalNumber("drop_rate", "null", 0, 0.99, "dropout in VGG's classifier");
        argument("decoder_embed_dim", 1, "width of MAE's decoder");
        argument("decoder_depth", 1, "blocks of MAE's decoder");
        argument("decoder_num_heads", 1, "attention heads of MAE's decoder");
        optionalNumber("mask_ratio", "null", 0.01, 0.99, "share of the patches that MAE hides");
        optionalChoice("norm_pix_loss", FLAG, "whether MAE's targets are normalised by each patch's mean and variance");
        argument("out_dim", 2, "outputs of DINO's head");
        argument("head_hidden_dim", 1, "hidden width of DINO's head");
        argument("bottleneck_dim", 1, "width before the last layer of DINO's head");
        optionalChoice("norm_last_layer", FLAG, "whether the last layer of DINO's head keeps rows of norm 1");
        optionalNumber("class_dropout_prob", "null", 0, 1, "how often DiT is trained without its class");
        optionalChoice("learn_sigma", FLAG, "whether DiT predicts the variance too");
        optionalChoice(
                "zero_init", FLAG, "whether DiT starts with its modulations and head at 0; null: with row norms alone");
        argument("vocab_size", 2, "tokens that the model knows; null: the tokenizer's");
        argument("hidden_size", 1, "width of the residual stream of LLaMA or wav2vec 2.0");
        argument("intermediate_size", 1, "hidden width of LLaMA's SwiGLU or wav2vec 2.0's MLP");
        argument("num_hidden_layers", 1, "number of blocks of LLaMA or wav2vec 2.0");
        argument("num_attention_heads", 1, "heads of queries");
        argument("num_key_value_heads", 1, "heads of keys and values; fewer than those of queries share them");
        argument("head_dim", 2, "width of a head; null: hidden_size / num_attention_heads");
        argument("max_position_embeddings", 2, "the longest sequence that the model takes");
        optionalNumber("rope_theta", "null", 1e-3, 1e12, "base of the rotary positions' wavelengths");
        optionalChoice("tie_word_embeddings", FLAG, "whether the head is the embedding");
        optionalChoice("attention_bias", List.of("qkv", "all"), "which of attention's products have a bias");
        optionalChoice("gradient_checkpointing", FLAG, "whether backward computes each block again, to keep less");
        optionalChoice(
                "head",
                List.of("lm", "classes", "contrastive", "ctc"),
                "what a model of DNA (lm, classes) or of speech (contrastive, ctc) ends in: lm and contrastive pretrain");
        argument("d_model", 1, "width of the residual stream of a model of DNA");
        argument("n_layer", 1, "number of blocks of a model of DNA");
        argument("d_inner", 1, "hidden width of HyenaDNA's MLP");
        argument("l_max", 2, "the longest sequence that a model of DNA takes");
        argument("emb_dim", 3, "features of a position in HyenaDNA's filters: 1 + 2 for each frequency");
        argument("filter_order", 1, "hidden width of HyenaDNA's filter network");
        optionalNumber("sine_freq", "null", 1e-3, 1e6, "frequency of the sines in HyenaDNA's filter network");
        argument("d_state", 1, "states of each channel of Caduceus' scans");
        argument("d_conv", 1, "width of the convolution before Caduceus' scans");
        argument("expand", 1, "channels of Caduceus' scans in units of d_model");
        optionalChoice(
                "rcps", FLAG, "whether Caduceus is equivariant by sharing parameters between strands (PS), else Ph");
        optionalNumbers("conv_dim", "null", 1, 100000, "channels of each of wav2vec 2.0's convolutions");
        optionalNumbers("conv_kernel", "null", 1, 1000, "their kernels");
        optionalNumbers("conv_stride", "null", 1, 1000, "their strides");
        optionalChoice(
                "feat_extract_norm",
                List.of("group", "layer"),
                "norms of wav2vec 2.0's convolutions: a group norm in the first, or a layer norm in each");
        optionalChoice("norm_order", List.of("pre", "post"), "whether norms come before or after attention and MLP");
        argument("num_conv_pos_embeddings", 1, "kernel of wav2vec 2.0's position embedding");
        argument("num_conv_pos_embedding_groups", 1, "its groups");
        argument("num_codevectors_per_group", 2, "entries of each of the quantiser's codebooks");
        argument("num_codevector_groups", 1, "codebooks");
        argument("codevector_dim", 1, "width of a quantised vector");
        argument("proj_codevector_dim", 1, "width in which vectors are told apart");
        optionalNumber(
                "mask_time_prob", "null", 0, 1, "share of the frames that masked spans would cover if none overlapped");
        argument("mask_time_length", 1, "frames of a masked span");
        optionalNumber("mask_feature_prob", "null", 0, 1, "the same of channels, in fine-tuning");
        argument("mask_feature_length", 1, "channels of a masked span");
        argument("num_negatives", 1, "distractors of each masked frame");
        optionalNumber("contrastive_logits_temperature", "null", 1e-4, 100, "temperature of the contrastive loss");
        optionalNumber("diversity_loss_weight", "null", 0, 1000, "weight of the penalty on unused entries");
        optionalNumber("feature_penalty_weight", "null", 0, 1000, "weight of the penalty on large features");
        optionalNumber("feature_grad_mult", "null", 0, 1, "what the convolutions get of their gradients");
        optionalChoice("conv_bias", FLAG, "whether wav2vec 2.0's convolutions have a bias");
        optionalNumber("dropout", "null", 0, 0.99, "dropout of the residual stream");
        optionalNumber("attention_dropout", "null", 0, 0.99, "dropout of attention's probabilities");
        optionalNumber("activation_dropout", "null", 0, 0.99, "dropout of the MLP's hidden layer");
        optionalNumber("layerdrop", "null", 0, 0.99, "how often a block is left out of a step");

        text(
                "data",
                "builtin",
                "a folder of images, IDX files or speech, or builtin for what comes with dyt4j; for language models text files, JSON lines or "
                        + "Parquet, or jdk for the sources of the running JDK; for models of DNA FASTA, or labelled sequences for head: classes");
        optionalText("init", "null", "the folder of a run whose weights this one begins with");
        choice(
                "skip_bad",
                "false",
                List.of("true", "false"),
                "whether training goes on without files of images or sound that cannot be read");
        integer(
                "sample_rate",
                "16000",
                1,
                "samples a second that a model of speech hears: clips of other rates are resampled");
        argument(
                "max_sample_size",
                1,
                "samples that a clip is cropped to at most in pretraining; for CTC longer clips are left out");
        argument("min_sample_size", 1, "samples that a clip has at least; shorter ones are left out");
        number("max_gumbel_temperature", "2", 1e-4, 1000, "temperature of wav2vec 2.0's quantiser at the first step");
        number("min_gumbel_temperature", "0.5", 1e-4, 1000, "the temperature that it does not fall below");
        number("gumbel_temperature_decay", "0.999995", 1e-6, 1, "what a step leaves of it");
        integer(
                "freeze_finetune_updates",
                "0",
                0,
                "optimizer steps in which fine-tuning with CTC moves the head alone");
        numbers("scale", "[0.08, 1]", 0.0001, 1, "area of the random crop, as a share of the image");
        numbers("ratio", "[0.75, 1.3333333333333333]", 0.01, 100, "aspect ratio of the random crop");
        choice("interpolation", "bicubic", List.of("bilinear", "bicubic", "random"), "of every resize");
        number("crop_pct", "0.875", 0.01, 1, "share of the resized test image that the centre crop keeps");
        optionalNumbers(
                "mean", "null", -1000, 1000, "per channel, of pixels in [0, 1]; null: ImageNet's, 0.5 for grey");
        optionalNumbers("std", "null", 1e-6, 1000, "per channel, of pixels in [0, 1]; null: ImageNet's, 0.5 for grey");
        number("hflip", "0.5", 0, 1, "probability of a horizontal flip");
        optionalText("aa", "null", "RandAugment as timm writes it: rand-m9-mstd0.5-inc1");
        number("reprob", "0", 0, 1, "probability of random erasing");
        number("mixup", "0", 0, 100, "alpha of mixup; 0: off");
        number("cutmix", "0", 0, 100, "alpha of cutmix; 0: off");
        number("mixup_prob", "1", 0, 1, "probability that a batch is mixed at all");
        number("mixup_switch_prob", "0.5", 0, 1, "probability of cutmix where both are on");
        number("smoothing", "0.1", 0, 0.99, "label smoothing");
        numbers("global_crops_scale", "[0.4, 1]", 0.0001, 1, "area of DINO's two global crops");
        integer("local_crops_number", "8", 0, "DINO's small crops an image");
        numbers("local_crops_scale", "[0.05, 0.4]", 0.0001, 1, "area of DINO's small crops");
        integer("local_crops_size", "96", 1, "side of DINO's small crops in pixels");
        number("student_temp", "0.1", 1e-4, 100, "temperature of DINO's student");
        number("warmup_teacher_temp", "0.04", 1e-4, 100, "temperature of DINO's teacher at the beginning");
        number("teacher_temp", "0.04", 1e-4, 100, "temperature of DINO's teacher after its warm-up");
        number("warmup_teacher_temp_epochs", "0", 0, 1e9, "epochs in which it rises");
        number(
                "momentum_teacher",
                "0.996",
                0,
                1,
                "share that DINO's teacher keeps of itself at the first step; 1 at the last");
        number("freeze_last_layer", "1", 0, 1e9, "epochs in which the last layer of DINO's head stays");
        integer("probe_images", "0", 0, "training images whose features a linear probe and k-NN see; 0: all");
        put("sample_steps", Kind.INTEGER, false, "50", 2, 1000, List.of(), "steps of DiT's sampler");
        choice("sampler", "ddim", List.of("ddim", "ddpm"), "how DiT's images are drawn");
        number("cfg_scale", "1.5", 0, 100, "classifier-free guidance; 1: none");
        optionalText(
                "inception",
                "null",
                "safetensors with the weights of the FID's Inception v3, in which the FID is measured then too");
        integer("frechet_samples", "1000", 2, "images that are drawn for the Fréchet distance");
        text(
                "tokenizer",
                "bytes",
                "how text becomes tokens: bytes, bpe-N for a BPE of N tokens trained on the training text, or the path of a tokenizer.json");
        argument("seq_len", 2, "tokens of a training sequence; null: max_position_embeddings");
        number("held_out", "0.05", 1e-6, 0.999, "share of text or DNA that is not trained on but judged by");
        integer(
                "eval_sequences",
                "64",
                0,
                "held-out sequences that an evaluation takes, of text the first, of a genome evenly spread; 0: all");
        optionalText(
                "intervals",
                "null",
                "a BED file of what to take of a genome: record, start, end, and train, valid or test; null: all but held_out");
        number("mlm_probability", "0.15", 1e-3, 0.9, "share of the bases that a model of both sides is asked for");
        optionalChoice(
                "rc_aug",
                FLAG,
                "whether DNA is turned to its other strand half of the time; null: in pretraining, of models that are not equivariant");
        optionalChoice(
                "rc_test",
                FLAG,
                "whether a classifier of DNA is judged by the mean of its logits for both strands; null: where it is neither causal nor equivariant");

        integer("batch_size", "128", 1, "images or sequences in one forward pass");
        integer("grad_accum_steps", "1", 1, "forward passes in one optimizer step");
        integer("epochs", "300", 1, "passes over the training set, or stretches of steps_per_epoch");
        argument("steps_per_epoch", 1, "optimizer steps of an epoch, however long the data; null: the data once");
        choice("opt", "adamw", List.of("adamw", "sgd"), "the optimizer; sgd with momentum, and decay in the gradient");
        number("momentum", "0.9", 0, 0.9999999, "of SGD");
        number("lr", "0.001", 0, 1000, "peak learning rate");
        choice(
                "sched",
                "cosine",
                List.of("cosine", "step", "linear", "tri_stage"),
                "how the learning rate falls: in a cosine or a line to min_lr, every decay_epochs to its decay_rate, or held for decay_epochs and "
                        + "then exponentially to its decay_rate at the end");
        number("decay_epochs", "30", 1e-6, 1e9, "epochs between the falls of sched: step, or before that of tri_stage");
        number("decay_rate", "0.1", 0, 1, "what each leaves of the learning rate");
        optionalNumber(
                "layer_decay",
                "null",
                0.01,
                1,
                "of a vision transformer: each layer's learning rate as a share of that of the layer above; null: 1");
        number("min_lr", "1e-6", 0, 1000, "learning rate at the end of the cosine");
        number("warmup_epochs", "5", 0, 1e9, "epochs of warm-up; may be a fraction");
        choice("warmup", "linear", List.of("linear", "quadratic"), "how it rises; quadratic: 1 - (1 - u)^2");
        number("warmup_lr", "0", 0, 1000, "learning rate of the first step");
        number("weight_decay", "0.05", 0, 1000, "on the parameters that decay_on says; of AdamW decoupled");
        choice(
                "decay_on",
                "matrices",
                List.of("matrices", "all"),
                "matrices: not on parameters of one dimension, cls_token and pos_embed; all: on every parameter");
        optionalNumber("weight_decay_end", "null", 0, 1000, "where weight_decay goes in a cosine; null: it stays");
        numbers("betas", "[0.9, 0.999]", 0, 0.9999999, "of AdamW");
        number("eps", "1e-8", 0, 1, "of AdamW");
        optionalNumber("clip_grad", "null", 1e-12, 1e12, "largest norm of all gradients together");
        choice(
                "clip_mode",
                "norm",
                List.of("norm", "parameter"),
                "whether clip_grad is of all gradients together or of each parameter's own");
        optionalNumber(
                "ema_decay", "null", 0, 0.9999999, "decay of the averaged weights, which are then what is evaluated");
        choice("amp", "none", List.of("none", "bf16"), "arithmetic of matrix products");

        integer("seed", "0", 0, "of the initial weights, the order of the data, augmentation and stochastic depth");
        integer("threads", "0", 0, "of libtorch and the kernels; 0: all cores");
        integer("workers", "0", 0, "threads that decode and transform images; 0: half the cores");
        integer("eval_interval", "1", 1, "epochs between evaluations");
        integer("log_interval", "1", 1, "optimizer steps between lines of metrics.jsonl");
        integer(
                "checkpoint_interval",
                "0",
                0,
                "optimizer steps between checkpoints; 0: at the end of every epoch alone");
        optionalText("compare_norms", "null", "what compare takes without --norm, split by ; and the baseline first");
        optionalText("compare_methods", "null", "what compare takes without --method, split by ;");
        optionalNumbers(
                "compare_lrs",
                "null",
                0,
                1000,
                "learning rates of which compare takes the best of each norm or method, as [3e-4, 1e-3]");
        argument("compare_seeds", 1, "what compare takes without --seeds");
        optionalText(
                "finetune",
                "null",
                "recipes, split by ;, that compare trains when this one is done, each run from the run of the same norm and seed");
        optionalText(
                "finetune_data",
                "null",
                "the data of those recipes, or a folder of several data sets, over which the mean is taken; null: their own");
    }

    private RecipeKeys() {}

    /** Keys that speak of images alone: a language model has no use for them. */
    static List<String> ofImages() {
        return OF_IMAGES;
    }

    /** Keys that speak of text alone. */
    static List<String> ofText() {
        return OF_TEXT;
    }

    /** All keys by name, in canonical order. */
    public static SequencedMap<String, RecipeKey> all() {
        return Collections.unmodifiableSequencedMap(ALL);
    }

    /** The keys that go to the model as they are. */
    public static List<String> modelArguments() {
        return MODEL_ARGUMENTS;
    }

    static RecipeKey of(String typed, String where) {
        RecipeKey key = ALL.get(typed);
        if (key == null) {
            throw new UserError(where + ": unknown key '" + typed + "'." + Nearest.hint(typed, ALL.keySet()));
        }
        return key;
    }

    private static void put(
            String name,
            Kind kind,
            boolean optional,
            String initial,
            double min,
            double max,
            List<String> choices,
            String help) {
        ALL.put(name, new RecipeKey(name, kind, optional, initial, min, max, choices, help));
    }

    private static void text(String name, String initial, String help) {
        put(name, Kind.TEXT, false, initial, 0, 0, List.of(), help);
    }

    private static void optionalText(String name, String initial, String help) {
        put(name, Kind.TEXT, true, initial, 0, 0, List.of(), help);
    }

    private static void choice(String name, String initial, List<String> choices, String help) {
        put(name, Kind.TEXT, false, initial, 0, 0, choices, help);
    }

    private static void optionalChoice(String name, List<String> choices, String help) {
        put(name, Kind.TEXT, true, "null", 0, 0, choices, help);
    }

    private static void argument(String name, int min, String help) {
        put(name, Kind.INTEGER, true, "null", min, Integer.MAX_VALUE, List.of(), help);
    }

    private static void integer(String name, String initial, int min, String help) {
        put(name, Kind.INTEGER, false, initial, min, Integer.MAX_VALUE, List.of(), help);
    }

    private static void number(String name, String initial, double min, double max, String help) {
        put(name, Kind.NUMBER, false, initial, min, max, List.of(), help);
    }

    private static void optionalNumber(String name, String initial, double min, double max, String help) {
        put(name, Kind.NUMBER, true, initial, min, max, List.of(), help);
    }

    private static void numbers(String name, String initial, double min, double max, String help) {
        put(name, Kind.NUMBERS, false, initial, min, max, List.of(), help);
    }

    private static void optionalNumbers(String name, String initial, double min, double max, String help) {
        put(name, Kind.NUMBERS, true, initial, min, max, List.of(), help);
    }
}
