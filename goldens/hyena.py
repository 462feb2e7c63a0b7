"""Golden vectors of HyenaDNA for models/: python hyena.py [FOLDER]

hyena-{layernorm,dyt}.safetensors   logits, next-base loss and every gradient of a tiny language model
hyena-classes.safetensors           the same of a classifier, with sequences padded on the left
hyena-filter.safetensors            a filter of the published size, so far as it is fixed: features and window

Written from the papers' formulas (Poli et al. 2023, "Hyena Hierarchy"; Nguyen et al. 2023, "HyenaDNA") and the authors' constants. The long
convolution is the sum of its definition, lag by lag, so that no FFT is compared with an FFT. Values are computed in double from weights that
were rounded to float32.
"""

import math
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

from dyt import layernorm_to_dyt
from fill import fill, labels

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
BATCH, LENGTH, L_MAX = 3, 21, 32
WIDTH, DEPTH, INNER, EMB, ORDER, W = 12, 2, 20, 5, 8, 10.0
PADDED_VOCABULARY, PAD, CLASSES = 16, 4, 3


def features(length: int, l_max: int, emb_dim: int) -> torch.Tensor:
    t = torch.arange(length, dtype=torch.float64)[:, None]
    bands = (emb_dim - 1) // 2
    f = torch.linspace(1e-4, bands - 1, bands, dtype=torch.float64)
    angle = f * 2 * math.pi * t / l_max
    return torch.cat([t / (l_max - 1), torch.cos(angle), -torch.sin(angle)], dim=1)


def window(length: int, l_max: int, channels: int) -> torch.Tensor:
    """exp(-|delta| t) + 0.05, falling to 1% at 1.5 lengths in the first channel and at 0.3 in the last."""
    t = torch.arange(length, dtype=torch.float64)[:, None] / (l_max - 1)
    delta = torch.linspace(math.log(0.01) / 1.5, math.log(0.01) / 0.3, channels, dtype=torch.float64)
    return torch.exp(-delta.abs() * t) + 0.05


class Sine(nn.Module):
    def __init__(self, width: int, w: float):
        super().__init__()
        self.freq = nn.Parameter(torch.full((1, width), w))

    def forward(self, x):
        return torch.sin(self.freq * x)


class Filter(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(WIDTH))
        sine = Sine(ORDER, W)
        self.implicit_filter = nn.Sequential(
            nn.Linear(EMB, ORDER), sine, nn.Linear(ORDER, ORDER), sine, nn.Linear(ORDER, ORDER), sine, nn.Linear(ORDER, WIDTH, bias=False)
        )  # fmt: skip

    def forward(self, length: int):
        return self.implicit_filter(features(length, L_MAX, EMB)) * window(length, L_MAX, WIDTH)  # (L, D)


def causal(u: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """y_t = sum over lags s of taps_s u_{t-s}; u (B, L, D), taps (lags, D)."""
    y = torch.zeros_like(u)
    for lag in range(min(len(taps), u.shape[1])):
        moved = torch.cat([torch.zeros_like(u[:, :lag]), u[:, : u.shape[1] - lag]], dim=1)
        y = y + taps[lag] * moved
    return y


class Hyena(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj = nn.Linear(WIDTH, 3 * WIDTH)
        self.out_proj = nn.Linear(WIDTH, WIDTH)
        self.short_filter = nn.Conv1d(3 * WIDTH, 3 * WIDTH, 3, groups=3 * WIDTH)
        self.filter_fn = Filter()

    def forward(self, x):
        taps = self.short_filter.weight[:, 0].flip(1).T  # a Conv1d's last tap is the present
        x1, x2, v = (causal(self.in_proj(x), taps) + self.short_filter.bias).split(WIDTH, dim=2)
        v = x2 * v
        return self.out_proj(x1 * (causal(v, self.filter_fn(x.shape[1])) + self.filter_fn.bias * v))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, INNER)
        self.fc2 = nn.Linear(INNER, WIDTH)

    def forward(self, x):
        h = self.fc1(x)
        return self.fc2(0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3))))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.mixer = Hyena()
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-5)
        self.mlp = MLP()
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-5)

    def forward(self, branch, residual):
        """As the authors order it: first add what the block before has left, then norm the sum."""
        residual = branch if residual is None else residual + branch
        residual = residual + self.mixer(self.norm1(residual))
        return self.mlp(self.norm2(residual)), residual


class HyenaDNA(nn.Module):
    def __init__(self, classes: int = 0):
        super().__init__()
        embeddings = nn.ModuleDict({"word_embeddings": nn.Embedding(PADDED_VOCABULARY, WIDTH)})
        layers = nn.ModuleList([Block() for _ in range(DEPTH)])
        self.backbone = nn.ModuleDict({"embeddings": embeddings, "layers": layers, "ln_f": nn.LayerNorm(WIDTH, eps=1e-5)})
        if classes:
            self.head = nn.Linear(WIDTH, classes)

    def forward(self, tokens):
        embedding = self.backbone["embeddings"]["word_embeddings"]
        branch, residual = embedding(tokens), None
        for block in self.backbone["layers"]:
            branch, residual = block(branch, residual)
        x = self.backbone["ln_f"](residual + branch)
        if not hasattr(self, "head"):
            return x @ embedding.weight.T
        means = [x[i, tokens[i] != PAD].mean(0) for i in range(len(x))]
        return self.head(torch.stack(means))


def refill(model: nn.Module) -> nn.Module:
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(fill(name, tuple(p.shape)))
            if name.endswith("freq"):
                p += 2  # the rule of matrices, around 0, would leave the sines almost straight
    return model.double()


def tokens() -> torch.Tensor:
    return labels("tokens", BATCH * LENGTH, 12).reshape(BATCH, LENGTH)


def padded() -> torch.Tensor:
    t = tokens()
    t[t == PAD] = 7
    t[1, :4] = PAD
    t[2, :17] = PAD
    return t


def write(file: pathlib.Path, model: nn.Module, logits: torch.Tensor, loss: torch.Tensor) -> None:
    loss.backward()
    out = {"logits": logits.detach().float(), "loss": loss.detach().float().reshape(1)}
    for name, p in model.named_parameters():
        out["grad." + name] = p.grad.float().contiguous()
    save_file(out, file, metadata={"torch": torch.__version__})
    file.chmod(0o644)


def language_model(file: pathlib.Path, model: nn.Module) -> None:
    refill(model)
    logits = model(tokens())
    loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens()[:, 1:].flatten())
    write(file, model, logits, loss)


def classifier(file: pathlib.Path) -> None:
    model = refill(HyenaDNA(CLASSES))
    logits = model(padded())
    write(file, model, logits, nn.functional.cross_entropy(logits, labels("labels", BATCH, CLASSES)))


def tables(file: pathlib.Path) -> None:
    out = {"features": features(1026, 1026, 5).float().contiguous(), "window": window(1026, 1026, 16).T.float().contiguous()}
    save_file(out, file, metadata={"torch": torch.__version__})
    file.chmod(0o644)


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    language_model(folder / "hyena-layernorm.safetensors", HyenaDNA())
    language_model(folder / "hyena-dyt.safetensors", layernorm_to_dyt(HyenaDNA()))
    classifier(folder / "hyena-classes.safetensors")
    tables(folder / "hyena-filter.safetensors")


if __name__ == "__main__":
    main()
