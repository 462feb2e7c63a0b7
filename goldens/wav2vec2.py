"""Golden vectors of transformers' Wav2Vec2ForPreTraining and Wav2Vec2ForCTC for models/: python wav2vec2.py [FOLDER]

wav2vec2-pretrain-*.safetensors   hidden states, losses, perplexity and every gradient in full; hidden frames, distractors and Gumbel noise stand in it
wav2vec2-ctc-*.safetensors        logits, loss and every gradient in full, of a batch without padding, or with padding and hidden frames
wav2vec2-parameters.json          parameter counts of the published sizes

The arithmetic is double on weights that were rounded to float32; where transformers goes down to float32 by itself (softmax, cosines), it is
kept from it. Dynamic Tanh stands in the place of the norms outside the convolutions, as in its authors' patch for fairseq.
"""

import json
import pathlib
import sys
from contextlib import contextmanager
from unittest import mock

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC, Wav2Vec2ForPreTraining
from transformers.models.wav2vec2.modeling_wav2vec2 import _compute_mask_indices, _sample_negative_indices

from dyt import layernorm_to_dyt
from fill import fill, labels

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
BATCH, SAMPLES, FRAMES, NEGATIVES, TEMPERATURE = 3, 400, 19, 7, 1.5
LENGTHS = (400, 331, 257)
NO_DROPOUT = dict(
    hidden_dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, feat_proj_dropout=0.0, feat_quantizer_dropout=0.0,
    final_dropout=0.0, layerdrop=0.0, mask_feature_prob=0.0,
)  # fmt: skip
TINY = dict(
    conv_dim=[16, 12, 16], conv_kernel=[10, 3, 2], conv_stride=[5, 2, 2],
    hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
    num_conv_pos_embedding_groups=4, num_codevectors_per_group=8, num_codevector_groups=2, codevector_dim=12, proj_codevector_dim=10,
    num_negatives=NEGATIVES, vocab_size=11, pad_token_id=0, layer_norm_eps=1e-6, attn_implementation="eager", **NO_DROPOUT,
)  # fmt: skip
# An even kernel of the position embedding and an odd one.
CASES = {
    "group-post": dict(feat_extract_norm="group", do_stable_layer_norm=False, num_conv_pos_embeddings=8),
    "layer-pre": dict(feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True, num_conv_pos_embeddings=7),
}
SIZES = {
    "wav2vec2_base": dict(),
    # As in "Transformers without Normalization": pre-norm, with Base's convolutions.
    "wav2vec2_large": dict(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096, do_stable_layer_norm=True,
        codevector_dim=768, proj_codevector_dim=768,
    ),
}  # fmt: skip


def make(kind: type, norm: str, **config):
    model = kind(Wav2Vec2Config(**config))
    if norm == "dyt":
        layernorm_to_dyt(model.wav2vec2.feature_projection)
        layernorm_to_dyt(model.wav2vec2.encoder)
    return model


def fill_parameters(model: torch.nn.Module) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Of unit variance, as the quantiser starts: else all entries would be as likely, and the biases outweigh them.
            kind = "input" if name in ("quantizer.codevectors", "quantizer.weight_proj.weight") else None
            parameter.copy_(fill(name, tuple(parameter.shape), kind))


@contextmanager
def given_noise(noise: torch.Tensor):
    """Gumbel noise is minus the logarithm of an exponential draw; and float() leaves a double as it is."""
    drawn = lambda self, *_: self.copy_(torch.exp(-noise.reshape(self.shape).to(self.dtype)))  # noqa: E731
    with mock.patch.object(torch.Tensor, "exponential_", drawn), mock.patch.object(torch.Tensor, "float", lambda self: self):
        yield


def gradients_of(model, loss) -> dict[str, torch.Tensor]:
    model.zero_grad()
    loss.backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    # Softmax does not see what is added to every key: the true gradient of their bias is zero, so it stands beside those of q and v.
    for name in [n for n in gradients if n.endswith("q_proj.bias")]:
        parts = [gradients.pop(name.replace("q_proj", part)) for part in ("q_proj", "k_proj", "v_proj")]
        gradients[name.replace("q_proj", "qkv_proj")] = torch.cat(parts)
    return gradients


def save(file: pathlib.Path, single: dict, double: dict, outputs: dict) -> None:
    # As in vit.py: sums that nearly cancel would be beyond any float32 arithmetic.
    scale = 1e-6 * float(torch.stack([g.norm() for g in double.values()]).norm())
    worst = max((float((single[n] - g).norm() / max(float(g.norm()), scale)), n) for n, g in double.items())
    if worst[0] > 3e-5:
        sys.exit(f"{file.name}: PyTorch's own float32 is {worst[0]:.1e} off in {worst[1]}; take another batch")
    tensors = {n: t.detach().float().reshape(t.shape or (1,)).contiguous() for n, t in outputs.items()}
    tensors |= {"grad." + n: g.float().contiguous() for n, g in double.items()}
    save_file(tensors, file, metadata={"torch": torch.__version__, "transformers": transformers.__version__})
    file.chmod(0o644)


def pretrain(file: pathlib.Path, norm: str, case: dict) -> None:
    model = make(Wav2Vec2ForPreTraining, norm, **TINY, **case).train()
    model.set_gumbel_temperature(TEMPERATURE)
    fill_parameters(model)
    np.random.seed(1)
    mask = _compute_mask_indices((BATCH, FRAMES), 0.65, 4, min_masks=2)
    negatives = torch.from_numpy(_sample_negative_indices((BATCH, FRAMES), NEGATIVES, mask).astype(np.int64))
    mask = torch.from_numpy(mask)
    uniform = (fill("noise", (BATCH, FRAMES, 2, 8), kind="input") / 3**0.5 + 1) / 2
    noise = -torch.log(-torch.log(uniform.clamp(1e-6, 1 - 1e-6)))
    results = []
    for dtype in (torch.float32, torch.float64):
        model.to(dtype)
        x = fill("input", (BATCH, SAMPLES), kind="input").to(dtype)
        with given_noise(noise):
            out = model(x, mask_time_indices=mask, sampled_negative_indices=negatives)
        results.append(gradients_of(model, out.loss))
    # A distractor that has the target's codes is left out: there must be some, and they must be found.
    q = out.projected_quantized_states.detach().reshape(-1, 10)
    near = (q[negatives] - q[:, None].reshape(BATCH, FRAMES, 1, 10)).abs().amax(-1)[mask]
    assert (near == 0).any() and not ((near > 0) & (near < 1e-6)).any()
    outputs = {
        "in.mask": mask, "in.negatives": negatives, "in.noise": noise,
        "contrastive": out.contrastive_loss, "diversity": out.diversity_loss, "perplexity": out.codevector_perplexity, "loss": out.loss,
    }  # fmt: skip
    with torch.no_grad():
        outputs["hidden"] = model.eval().wav2vec2(x).last_hidden_state
    save(file, *results, outputs)


def ctc(file: pathlib.Path, norm: str, case: dict, padded: bool) -> None:
    model = make(Wav2Vec2ForCTC, norm, **TINY, **case).eval()
    fill_parameters(model)
    targets = labels("labels", BATCH * 5, 10).reshape(BATCH, 5) + 1
    np.random.seed(2)
    hidden = torch.from_numpy(_compute_mask_indices((BATCH, FRAMES), 0.4, 3))
    results = []
    for dtype in (torch.float32, torch.float64):
        model.to(dtype)
        x = fill("input", (BATCH, SAMPLES), kind="input").to(dtype)
        if padded:
            seen = torch.arange(SAMPLES)[None] < torch.tensor(LENGTHS)[:, None]
            state = model.wav2vec2(x * seen, attention_mask=seen.long(), mask_time_indices=hidden).last_hidden_state
            logits = model.lm_head(state)
            frames = model._get_feat_extract_output_lengths(torch.tensor(LENGTHS))
            loss = torch.nn.functional.ctc_loss(
                logits.log_softmax(-1).transpose(0, 1), targets, frames, torch.full((BATCH,), 5), blank=0, reduction="sum"
            )
        else:
            with mock.patch.object(torch.nn.functional, "log_softmax", lambda t, dim, dtype: t.log_softmax(dim)):
                out = model(x, labels=targets)
            logits, loss = out.logits, out.loss
        results.append(gradients_of(model, loss))
    outputs = {"logits": logits, "loss": loss}
    if padded:
        outputs["in.hidden"] = hidden
    save(file, *results, outputs)


def counts() -> dict[str, int]:
    result = {}
    for name, size in SIZES.items():
        for head, kind in (("contrastive", Wav2Vec2ForPreTraining), ("ctc", Wav2Vec2ForCTC)):
            for norm in ("layernorm", "dyt"):
                with torch.device("meta"):
                    model = make(kind, norm, **size)
                result[f"{name} {head} {norm}"] = sum(p.numel() for p in model.parameters())
    return result


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    (folder / "wav2vec2-parameters.json").write_text(json.dumps(counts(), indent=1) + "\n")
    for norm in ("layernorm", "dyt"):
        for name, case in CASES.items():
            pretrain(folder / f"wav2vec2-pretrain-{name}-{norm}.safetensors", norm, case)
            ctc(folder / f"wav2vec2-ctc-{name}-{norm}.safetensors", norm, case, padded=name == "layer-pre")


if __name__ == "__main__":
    main()
