"""Golden vectors of timm's VisionTransformer for models/: python vit.py [FOLDER]

vit-tiny-*.safetensors   logits, loss and every gradient in full
vit-base-*.safetensors   logits, loss and a sketch of every gradient (see fill.sketch)
vit-train.json           the losses of 20 AdamW steps
vit-parameters.json      parameter counts of the published sizes, and the names and shapes of the tiny model in state-dict order

Everything is computed in double from weights that were rounded to float32, so a fixture bears no rounding error of its own.
"""

import json
import pathlib
import sys

import timm
import torch
from safetensors.torch import save_file

from dyt import layernorm_to_dyt
from fill import fill, fill_parameters, labels, sketch

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
TINY = dict(img_size=16, patch_size=4, in_chans=3, embed_dim=24, depth=2, num_heads=3, num_classes=10)
BASE = dict(img_size=32)
BATCH, STEPS = 3, 20


def make(name: str, norm: str, pool: str, **sizes) -> torch.nn.Module:
    model = timm.create_model(name, global_pool=pool, **sizes)
    return layernorm_to_dyt(model) if norm == "dyt" else model


def backward(model: torch.nn.Module, batch: str) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    model.zero_grad()
    dtype = next(model.parameters()).dtype
    x = fill("input" + batch, (BATCH, 3, *model.patch_embed.img_size), kind="input").to(dtype)
    logits = model(x)
    loss = torch.nn.functional.cross_entropy(logits, labels("labels" + batch, BATCH, model.num_classes))
    loss.backward()
    return logits.detach(), loss.detach(), {name: p.grad.clone() for name, p in model.named_parameters()}


def gradients(file: pathlib.Path, model: torch.nn.Module, batch: str, keep) -> None:
    fill_parameters(model)
    _, _, single = backward(model, batch)
    logits, loss, double = backward(model.double(), batch)
    # The gradient of alpha is one long sum: on some batches it nearly cancels, and then no float32 arithmetic could meet 1e-4.
    worst = max((float((single[n] - g).norm() / g.norm()), n) for n, g in double.items() if n.endswith("alpha") or g.numel() > 1)
    if worst[0] > 3e-5:
        sys.exit(f"{file.name}: PyTorch's own float32 is {worst[0]:.1e} off in {worst[1]}; take another batch than '{batch}'")
    tensors = {"logits": logits.float(), "loss": loss.float().reshape(1)}
    for name, gradient in double.items():
        tensors["grad." + name] = keep(name, gradient).contiguous()
    save_file(tensors, file, metadata={"torch": torch.__version__, "timm": timm.__version__})
    file.chmod(0o644)


def train(norm: str, pool: str) -> list[float]:
    """AdamW, lr 2e-3, decay 0.05 on tensors of two or more axes alone, four batches of 8 in turn."""
    model = make("vit_tiny_patch16_224", norm, pool, **TINY).double()
    fill_parameters(model)
    decay = [p for p in model.parameters() if p.ndim > 1]
    no_decay = [p for p in model.parameters() if p.ndim <= 1]
    groups = [dict(params=decay, weight_decay=0.05), dict(params=no_decay, weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, lr=2e-3, betas=(0.9, 0.999), eps=1e-8)
    losses = []
    for step in range(STEPS):
        x = fill(f"input.{step % 4}", (8, 3, 16, 16), kind="input").double()
        loss = torch.nn.functional.cross_entropy(model(x), labels(f"labels.{step % 4}", 8, 10))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def parameters() -> dict:
    widths = {"tiny": 192, "small": 384, "base": 768, "large": 1024}
    counts = {}
    for size in widths:
        for patch in (4, 8, 16, 32):
            for norm in ("layernorm", "dyt"):
                for pool in ("token", "avg"):
                    with torch.device("meta"):
                        model = make(f"vit_{size}_patch16_224", norm, pool, patch_size=patch)
                    counts[f"vit_{size}_patch{patch}_224 {norm} {pool}"] = sum(p.numel() for p in model.parameters())
    tiny = {}
    for norm in ("layernorm", "dyt"):
        for pool in ("token", "avg"):
            model = make("vit_tiny_patch16_224", norm, pool, **TINY)
            tiny[f"{norm} {pool}"] = [[name, list(tensor.shape)] for name, tensor in model.state_dict().items()]
    return {"counts": counts, "state": tiny}


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    cases = [(norm, pool) for norm in ("layernorm", "dyt") for pool in ("token", "avg")]
    for norm, pool in cases:
        tiny = make("vit_tiny_patch16_224", norm, pool, **TINY)
        gradients(folder / f"vit-tiny-{norm}-{pool}.safetensors", tiny, "", lambda _, g: g.float())
    for norm, pool in (("layernorm", "token"), ("dyt", "avg")):
        base = make("vit_base_patch16_224", norm, pool, **BASE)
        gradients(folder / f"vit-base-{norm}-{pool}.safetensors", base, ".5", sketch)
    losses = {f"{norm} {pool}": train(norm, pool) for norm, pool in cases}
    (folder / "vit-train.json").write_text(json.dumps(losses, indent=1) + "\n")
    (folder / "vit-parameters.json").write_text(json.dumps(parameters(), indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
