"""Golden vectors of DINO (Caron et al. 2021) for models/: python dino.py [FOLDER]

dino-NORM.safetensors        features, attention, loss, every gradient of the student, the next centre, the next teacher
dino-NORM-free.safetensors   loss and gradients where the last layer's magnitude is trained (norm_last_layer: false)
dino-parameters.json         parameter counts of the published sizes

The backbone is timm's; the head, the loss and the positions of small crops are written from the paper's formulas (sections 3.1 and 3.2) and the
behaviour of the authors' program. Everything is computed in double from weights that were rounded to float32.
"""

import json
import math
import pathlib
import sys

import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from dyt import layernorm_to_dyt
from fill import fill

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
TINY = dict(img_size=16, patch_size=4, in_chans=3, embed_dim=24, depth=2, num_heads=3)
HEAD = dict(out_dim=32, head_hidden_dim=40, bottleneck_dim=16)
BATCH, LOCALS, LOCAL_SIZE = 3, 3, 8
STUDENT_TEMP, TEACHER_TEMP, MOMENTUM = 0.1, 0.05, 0.9


class Head(nn.Module):
    """MLP of three layers, unit length, then weight-normalised prototypes without bias."""

    def __init__(self, dim: int, out_dim: int, head_hidden_dim: int, bottleneck_dim: int, norm_last_layer: bool):
        super().__init__()
        h = head_hidden_dim
        self.mlp = nn.Sequential(nn.Linear(dim, h), nn.GELU(), nn.Linear(h, h), nn.GELU(), nn.Linear(h, bottleneck_dim))
        self.last_layer = nn.Module()
        self.last_layer.weight_g = nn.Parameter(torch.ones(out_dim, 1), requires_grad=not norm_last_layer)
        self.last_layer.weight_v = nn.Parameter(torch.empty(out_dim, bottleneck_dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.mlp(x)
        z = z / z.norm(dim=1, keepdim=True)
        v = self.last_layer.weight_v
        return z @ (self.last_layer.weight_g * v / v.norm(dim=1, keepdim=True)).T


class Network(nn.Module):
    def __init__(self, norm: str, norm_last_layer: bool, vit: dict, head: dict, name: str = "vit_tiny_patch16_224"):
        super().__init__()
        self.backbone = timm.create_model(name, num_classes=0, **vit)
        if norm == "dyt":
            layernorm_to_dyt(self.backbone)
        self.backbone.patch_embed.strict_img_size = False
        self.head = Head(self.backbone.embed_dim, norm_last_layer=norm_last_layer, **head)

    def positions(self, rows: int) -> torch.Tensor:
        """The authors give interpolate a scale of (n + 0.1) / side, and it is by that scale that it samples."""
        p = self.backbone.pos_embed
        side = math.isqrt(p.shape[1] - 1)
        if rows == side:
            return p
        scale = (rows + 0.1) / side
        grid = p[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
        return torch.cat([p[:, :1], grid.flatten(2).transpose(1, 2)], 1)

    def tokens(self, x: torch.Tensor) -> torch.Tensor:
        b = self.backbone
        return torch.cat([b.cls_token.expand(len(x), -1, -1), b.patch_embed(x)], 1) + self.positions(x.shape[-1] // b.patch_embed.patch_size[0])

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return self.backbone.norm(self.backbone.blocks(self.tokens(x)))[:, 0]

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        x = self.tokens(x)
        *before, last = self.backbone.blocks
        for block in before:
            x = block(x)
        b, n, e = x.shape
        heads = last.attn.num_heads
        q, k, _ = last.attn.qkv(last.norm1(x)).reshape(b, n, 3, heads, e // heads).permute(2, 0, 3, 1, 4)
        return ((q @ k.transpose(2, 3)) / math.sqrt(e // heads)).softmax(-1)[:, :, 0, 1:]

    def forward(self, crops: list[torch.Tensor]) -> list[torch.Tensor]:
        return [self.head(self.features(x)) for x in crops]


def fill_network(network: Network, prefix: str) -> None:
    with torch.no_grad():
        for name, p in network.named_parameters():
            if p.requires_grad or not name.endswith("weight_g"):
                p.copy_(fill(f"{prefix}.{name}", tuple(p.shape)))


def loss(student: list[torch.Tensor], teacher: list[torch.Tensor], center: torch.Tensor) -> torch.Tensor:
    terms = []
    for i, t in enumerate(teacher):
        p = ((t - center) / TEACHER_TEMP).softmax(-1).detach()
        terms += [-(p * (s / STUDENT_TEMP).log_softmax(-1)).sum(-1).mean() for j, s in enumerate(student) if i != j]
    return sum(terms) / len(terms)


def step(student: Network, teacher: Network, batch: str) -> dict[str, torch.Tensor]:
    dtype = student.backbone.pos_embed.dtype
    sizes = [TINY["img_size"]] * 2 + [LOCAL_SIZE] * LOCALS
    crops = [fill(f"crop.{i}{batch}", (BATCH, 3, s, s), kind="input").to(dtype) for i, s in enumerate(sizes)]
    center = fill("center", (1, HEAD["out_dim"])).to(dtype)
    student.zero_grad()
    with torch.no_grad():
        said = teacher(crops[:2])
    value = loss(student(crops), said, center)
    value.backward()
    logits = torch.cat(said)
    p = ((logits - center) / TEACHER_TEMP).softmax(-1)
    result = {
        "loss": value.detach(),
        "entropy": -(p * p.log()).sum(-1).mean(),
        "next.center": 0.9 * center + 0.1 * logits.mean(0, keepdim=True),
        "features": teacher.features(crops[0]).detach(),
        "features.small": teacher.features(crops[2]).detach(),
        "attention": teacher.attention(crops[0]).detach(),
        "attention.small": teacher.attention(crops[2]).detach(),
    }
    own = dict(student.named_parameters())
    for name, parameter in teacher.named_parameters():
        result["next.teacher." + name] = (MOMENTUM * parameter + (1 - MOMENTUM) * own[name]).detach()
    for name, parameter in student.named_parameters():
        if parameter.requires_grad:
            result["grad.student." + name] = parameter.grad.clone()
    return result


def write(folder: pathlib.Path, norm: str, norm_last_layer: bool, batch: str) -> None:
    networks = []
    for prefix in ("student", "teacher"):
        network = Network(norm, norm_last_layer, TINY, HEAD)
        fill_network(network, prefix)
        networks.append(network)
    file = folder / f"dino-{norm}{'' if norm_last_layer else '-free'}.safetensors"
    single = step(*networks, batch)
    double = step(*(n.double() for n in networks), batch)
    # As in vit.py: a batch on which the gradient of alpha nearly cancels says nothing of anybody's float32.
    worst = max((float((single[n] - g).norm() / g.norm()), n) for n, g in double.items() if n.endswith("alpha") or g.numel() > 1)
    if worst[0] > 3e-5:
        sys.exit(f"{file.name}: PyTorch's own float32 is {worst[0]:.1e} off in {worst[1]}; take another batch than '{batch}'")
    kept = {n: t.float().reshape(t.shape or (1,)).contiguous() for n, t in double.items() if norm_last_layer or n == "loss" or n.startswith("grad.")}
    save_file(kept, file, metadata={"torch": torch.__version__, "timm": timm.__version__})
    file.chmod(0o644)


def parameters() -> dict[str, int]:
    counts = {}
    for size in ("tiny", "small", "base"):
        for patch in (8, 16):
            for norm in ("layernorm", "dyt"):
                for normed in (True, False):
                    with torch.device("meta"):
                        head = dict(out_dim=65536, head_hidden_dim=2048, bottleneck_dim=256)
                        network = Network(norm, normed, dict(patch_size=patch), head, f"vit_{size}_patch16_224")
                    count = sum(p.numel() for p in network.parameters() if p.requires_grad)
                    counts[f"dino_vit_{size}_patch{patch} {norm} {str(normed).lower()}"] = count
    return counts


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for norm in ("layernorm", "dyt"):
        for norm_last_layer in (True, False):
            write(folder, norm, norm_last_layer, ".2")
    (folder / "dino-parameters.json").write_text(json.dumps(parameters(), indent=1) + "\n")


if __name__ == "__main__":
    main()
