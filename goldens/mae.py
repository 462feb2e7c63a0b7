"""Golden vectors of transformers' ViTMAEForPreTraining for models/: python mae.py [FOLDER]

mae-tiny-*.safetensors   positions, prediction, mask, loss and every gradient in full, the noise that hides patches handed in
mae-parameters.json      parameter counts of the published sizes, from their configurations on the Hugging Face Hub

Names and shapes are the authors' own (one layer for q, k and v), as this project has them; transformers renames and splits. The arithmetic
is double on weights that were rounded to float32.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import ViTMAEConfig, ViTMAEForPreTraining

from dyt import layernorm_to_dyt
from fill import fill

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
# 25 patches, of which a quarter is 6.25: the share that is seen is cut down to 6.
TINY = dict(
    image_size=20, patch_size=4, num_channels=3,
    hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=96,
    decoder_hidden_size=16, decoder_num_hidden_layers=2, decoder_num_attention_heads=2, decoder_intermediate_size=64,
)  # fmt: skip
BATCH, PATCHES = 3, 25
DECODER = dict(decoder_hidden_size=512, decoder_num_hidden_layers=8, decoder_num_attention_heads=16, decoder_intermediate_size=2048)
SIZES = {
    "mae_vit_base_patch16": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
    "mae_vit_large_patch16": dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096),
    "mae_vit_huge_patch14": dict(hidden_size=1280, num_hidden_layers=32, num_attention_heads=16, intermediate_size=5120, patch_size=14),
}
OUTSIDE = {
    "vit.embeddings.cls_token": "cls_token",
    "vit.embeddings.position_embeddings": "pos_embed",
    "vit.embeddings.patch_embeddings.projection": "patch_embed.proj",
    "vit.layernorm": "norm",
    "decoder.mask_token": "mask_token",
    "decoder.decoder_pos_embed": "decoder_pos_embed",
    "decoder.decoder_embed": "decoder_embed",
    "decoder.decoder_norm": "decoder_norm",
    "decoder.decoder_pred": "decoder_pred",
}
INSIDE = {
    "layernorm_before": "norm1",
    "attention.q_proj": "attn.qkv.0",
    "attention.k_proj": "attn.qkv.1",
    "attention.v_proj": "attn.qkv.2",
    "attention.o_proj": "attn.proj",
    "layernorm_after": "norm2",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}


def make(norm: str, **config) -> ViTMAEForPreTraining:
    model = ViTMAEForPreTraining(ViTMAEConfig(layer_norm_eps=1e-6, **config))
    return layernorm_to_dyt(model) if norm == "dyt" else model


def own_name(name: str) -> str:
    """This project's name of one of transformers' parameters; q, k and v keep a number that `joined` takes away."""
    for theirs, own in OUTSIDE.items():
        if name == theirs or name.startswith(theirs + "."):
            return own + name[len(theirs) :]
    half, blocks = ("decoder.decoder_layers.", "decoder_blocks.") if name.startswith("decoder") else ("vit.layers.", "blocks.")
    block, rest = name.removeprefix(half).split(".", 1)
    for theirs, own in INSIDE.items():
        if rest.startswith(theirs + "."):
            part, leaf = own, rest[len(theirs) + 1 :]
            return f"{blocks}{block}.{part}.{leaf}"
    raise ValueError(name)


def joined(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    result = {}
    for name, tensor in tensors.items():
        if ".qkv." not in name:
            result[name] = tensor
        elif ".qkv.0." in name:
            parts = [tensors[name.replace(".qkv.0.", f".qkv.{i}.")] for i in range(3)]
            result[name.replace(".qkv.0.", ".qkv.")] = torch.cat(parts)
    return result


def fill_parameters(model: ViTMAEForPreTraining) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            own = own_name(name)
            if not parameter.requires_grad:
                continue  # the positions stay transformers' own
            if ".qkv." in own:
                i = int(own.split(".qkv.")[1][0])
                whole = own.replace(f".qkv.{i}.", ".qkv.")
                shape = (3 * parameter.shape[0], *parameter.shape[1:])
                parameter.copy_(fill(whole, shape).chunk(3)[i])
            else:
                parameter.copy_(fill(own, tuple(parameter.shape)))


def backward(model: ViTMAEForPreTraining):
    model.zero_grad()
    dtype = next(model.parameters()).dtype
    size, channels = model.config.image_size, model.config.num_channels
    x = fill("input", (BATCH, channels, size, size), kind="input").to(dtype)
    out = model(x, noise=fill("noise", (BATCH, PATCHES), kind="input"))
    out.loss.backward()
    gradients = joined({own_name(n): p.grad.clone() for n, p in model.named_parameters() if p.requires_grad})
    return out, gradients


def positions(model: ViTMAEForPreTraining) -> dict[str, torch.Tensor]:
    # transformers 5.18 leaves both at zero, for a checkpoint to fill: the encoder's start skips a patch_embed that is flagged as started, and
    # the decoder has none. So the encoder's is called again, and the decoder's are those of an encoder as narrow.
    narrow = make("layernorm", **{**TINY, "hidden_size": TINY["decoder_hidden_size"], "num_attention_heads": 2})
    for embeddings in (model.vit.embeddings, narrow.vit.embeddings):
        embeddings.patch_embeddings.projection._is_hf_initialized = False
        embeddings.initialize_weights()
    with torch.no_grad():
        model.decoder.decoder_pos_embed.copy_(narrow.vit.embeddings.position_embeddings)
    return {own_name(n): p.detach().clone() for n, p in model.named_parameters() if not p.requires_grad}


def gradients(file: pathlib.Path, norm: str, normalised: bool) -> None:
    model = make(norm, norm_pix_loss=normalised, **TINY)
    fixed = positions(model)
    assert all(p.abs().sum() > 0 for p in fixed.values()), "positions of zeros"
    fill_parameters(model)
    _, single = backward(model)
    out, double = backward(model.double())
    # As in vit.py: sums that nearly cancel would be beyond any float32 arithmetic.
    worst = max((float((single[n] - g).norm() / g.norm()), n) for n, g in double.items())
    if worst[0] > 3e-5:
        sys.exit(f"{file.name}: PyTorch's own float32 is {worst[0]:.1e} off in {worst[1]}; take another batch")
    tensors = {"prediction": out.logits.detach().float(), "mask": out.mask.float(), "loss": out.loss.detach().float().reshape(1)}
    tensors |= fixed
    tensors |= {"grad." + name: g.float().contiguous() for name, g in double.items()}
    save_file(tensors, file, metadata={"torch": torch.__version__, "transformers": transformers.__version__})
    file.chmod(0o644)


def counts() -> dict[str, int]:
    result = {}
    for name, size in SIZES.items():
        for norm in ("layernorm", "dyt"):
            with torch.device("meta"):
                model = make(norm, **size, **DECODER)
            result[f"{name} {norm}"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return result


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for norm in ("layernorm", "dyt"):
        for normalised in (False, True):
            gradients(folder / f"mae-tiny-{norm}-{'normalised' if normalised else 'pixels'}.safetensors", norm, normalised)
    (folder / "mae-parameters.json").write_text(json.dumps(counts(), indent=1) + "\n")


if __name__ == "__main__":
    main()
