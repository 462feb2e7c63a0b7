"""Golden vectors of Caduceus, written from its papers' formulas: python caduceus.py [FOLDER]

caduceus-{ph,ps}-{rmsnorm,dyt}.safetensors            logits of a language model, loss and every gradient
caduceus-{ph,ps}-{rmsnorm,dyt}-classes.safetensors    of a classifier, on sequences of several lengths; eval is Ph's mean over both strands
caduceus-sizes.json                                   parameters of the published sizes

Gu and Dao 2023 (Mamba: section 3, algorithm 2, figure 3), Schiff et al. 2024 (BiMamba, PS, Ph). The scan is a plain loop. PS is written as the
paper writes it, with one state of twice the channels whose second half is reversed in length and channels. Everything is computed in
double from weights that were rounded to float32.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from dyt import DyT
from fill import fill_parameters, labels

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
TINY = dict(width=12, depth=2, state=3, kernel=4, expand=2)
SIZES = {"131k": dict(width=256, depth=16, state=16, kernel=4, expand=2), "1k": dict(width=118, depth=4, state=16, kernel=4, expand=2)}
VOCABULARY, PAD, CLASSES = 16, 4, 3
BATCH, LENGTH = 3, 20
ENDS = (20, 13, 7)  # of the classified sequences; the last begins after two places of padding
BEGINS = (0, 0, 2)
COMPLEMENT = torch.tensor([0, 1, 2, 3, 4, 5, 6, 10, 9, 8, 7, 11, 12, 13, 14, 15])  # A 7 with T 10, C 8 with G 9


class RMSNorm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5)


class Mamba(nn.Module):
    def __init__(self, width: int, state: int, kernel: int, expand: int):
        super().__init__()
        inner, self.rank, self.state = expand * width, math.ceil(width / 16), state
        self.in_proj = nn.Linear(width, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, kernel, groups=inner)
        self.x_proj = nn.Linear(inner, self.rank + 2 * state, bias=False)
        self.dt_proj = nn.Linear(self.rank, inner)
        self.A_log = nn.Parameter(torch.ones(inner, state))
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, width, bias=False)

    def forward(self, h):
        x, z = self.in_proj(h).chunk(2, -1)
        kernel = self.conv1d.kernel_size[0]
        u = F.silu(self.conv1d(F.pad(x.transpose(1, 2), (kernel - 1, 0))).transpose(1, 2))
        low, b, c = self.x_proj(u).split([self.rank, self.state, self.state], -1)
        delta = torch.log1p(torch.exp(self.dt_proj(low)))
        a = -torch.exp(self.A_log)
        s = torch.zeros(*u[:, 0].shape, self.state, dtype=u.dtype)
        y = []
        for t in range(u.shape[1]):
            step = delta[:, t, :, None]
            s = torch.exp(step * a) * s + step * b[:, t, None, :] * u[:, t, :, None]
            y.append((s * c[:, t, None, :]).sum(-1) + self.D * u[:, t])
        return self.out_proj(torch.stack(y, 1) * F.silu(z))


class BiMamba(nn.Module):
    def __init__(self, **size):
        super().__init__()
        self.mamba_fwd = Mamba(**size)
        self.mamba_rev = Mamba(**size)
        self.mamba_rev.in_proj.weight = self.mamba_fwd.in_proj.weight
        self.mamba_rev.out_proj.weight = self.mamba_fwd.out_proj.weight

    def forward(self, h):
        return self.mamba_fwd(h) + self.mamba_rev(h.flip(1)).flip(1)


class Strands(nn.Module):
    """What is done to one half of the channels, done to the other half reversed in length and channels."""

    def __init__(self, submodule: nn.Module):
        super().__init__()
        self.submodule = submodule

    def forward(self, h):
        one, other = h.chunk(2, -1)
        return torch.cat([self.submodule(one), self.submodule(other.flip(1, 2)).flip(1, 2)], -1)


def on_strands(module, h, rcps: bool):
    return Strands(module)(h) if rcps else module(h)


class Block(nn.Module):
    def __init__(self, norm, rcps: bool, width: int, **size):
        super().__init__()
        self.rcps = rcps
        self.norm = norm(width)
        mixer = BiMamba(width=width, **size)
        self.mixer = Strands(mixer) if rcps else mixer

    def forward(self, x):
        return x + self.mixer(on_strands(self.norm, x, self.rcps))


def module(**children) -> nn.Module:
    parent = nn.Module()
    for name, child in children.items():
        setattr(parent, name, child)
    return parent


class Caduceus(nn.Module):
    def __init__(self, norm, rcps: bool, classes: int, width: int, depth: int, **size):
        super().__init__()
        self.rcps, self.classes = rcps, classes
        embedding = nn.Embedding(VOCABULARY, width)
        backbone = module(
            embeddings=module(word_embeddings=module(embedding=embedding) if rcps else embedding),
            layers=nn.ModuleList([Block(norm, rcps, width, **size) for _ in range(depth)]),
            norm_f=norm(width),
        )
        self.caduceus = module(backbone=backbone)
        if classes:
            self.head = nn.Linear(width, classes)

    def hidden(self, tokens):
        backbone = self.caduceus.backbone
        words = backbone.embeddings.word_embeddings
        if self.rcps:
            other = words.embedding(COMPLEMENT[tokens].flip(1)).flip(1, 2)
            x = torch.cat([words.embedding(tokens), other], -1)
        else:
            x = words(tokens)
        for block in backbone.layers:
            x = block(x)
        return on_strands(backbone.norm_f, x, self.rcps)

    def lm(self, tokens):
        h = self.hidden(tokens)
        words = self.caduceus.backbone.embeddings.word_embeddings
        if not self.rcps:
            return h @ words.weight.T
        one, other = h.chunk(2, -1)
        weight = words.embedding.weight
        return one @ weight.T + other.flip(2) @ weight[COMPLEMENT].T

    def classify(self, tokens, both: bool):
        """Of sequences with padding, whose other strand is padded on the same side: one backbone on either strand by itself."""
        logits = []
        for strand in (tokens, reverse_complement(tokens)) if both or self.rcps else (tokens,):
            h = self.hidden(strand)[..., : self.head.in_features]
            real = (strand != PAD).to(h.dtype)[..., None]
            logits.append(self.head((h * real).sum(1) / real.sum(1)))
        return sum(logits) / len(logits)


def reverse_complement(tokens):
    out = tokens.clone()
    for row in out:
        real = row != PAD
        row[real] = COMPLEMENT[row[real]].flip(0)
    return out


def bases() -> torch.Tensor:
    return 7 + labels("bases", BATCH * LENGTH, 5).reshape(BATCH, LENGTH)


def padded() -> torch.Tensor:
    tokens = bases()
    for row, begin, end in zip(tokens, BEGINS, ENDS):
        row[:begin] = PAD
        row[end:] = PAD
    return tokens


def save(file: pathlib.Path, model: nn.Module, logits, target, more: dict) -> None:
    loss = F.cross_entropy(logits.flatten(0, -2), target.flatten())
    loss.backward()
    out = {"logits": logits.detach().float().contiguous(), "loss": loss.detach().float().reshape(1)} | more
    for name, p in model.named_parameters():
        out["grad." + name] = p.grad.float().contiguous()
    save_file(out, file, metadata={"torch": torch.__version__})
    file.chmod(0o644)


def make(norm, rcps: bool, classes: int) -> Caduceus:
    model = Caduceus(norm, rcps, classes, **TINY)
    fill_parameters(model)
    return model.double()


def sizes() -> dict:
    counts = {}
    for name, size in SIZES.items():
        for kind, rcps in (("ph", False), ("ps", True)):
            with torch.device("meta"):
                model = Caduceus(RMSNorm, rcps, 0, **size)
            counts[f"caduceus_{kind}_{name}"] = sum(p.numel() for p in model.parameters())
    return counts


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for kind, rcps in (("ph", False), ("ps", True)):
        for name, norm in (("rmsnorm", RMSNorm), ("dyt", DyT)):
            model = make(norm, rcps, 0)
            save(folder / f"caduceus-{kind}-{name}.safetensors", model, model.lm(bases()), labels("target", BATCH * LENGTH, VOCABULARY), {})
            model = make(norm, rcps, CLASSES)
            with torch.no_grad():
                both = {"eval": model.classify(padded(), True).float().contiguous()}
            save(folder / f"caduceus-{kind}-{name}-classes.safetensors", model, model.classify(padded(), False), labels("classes", BATCH, CLASSES), both)
    (folder / "caduceus-sizes.json").write_text(json.dumps(sizes(), indent=1) + "\n")


if __name__ == "__main__":
    main()
