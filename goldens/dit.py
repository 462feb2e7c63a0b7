"""Golden vectors of the Diffusion Transformer, written from its papers' formulas: python dit.py

models/…/dit-{layernorm,dyt}.safetensors      output, a squared error and every gradient of a tiny model
models/…/dit-parameters.json                  parameter counts of the published sizes, names and shapes of the tiny model
training/…/dit-loss-{layernorm,dyt}.safetensors   weights, the denoising loss with its variance term and every gradient
training/…/dit-draw-{ddpm,ddim}.safetensors   a guided trajectory of four steps, with the noise that went in

Peebles and Xie 2022 (the model), Ho et al. 2020 (DDPM), Nichol and Dhariwal 2021 (the learned variance, respaced steps), Song et al. 2020
(DDIM), Ho and Salimans 2022 (guidance). Everything is computed in double from weights that were rounded to float32.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from fill import fill, labels

ROOT = pathlib.Path(__file__).parent.parent
MODELS = ROOT / "models/src/test/resources/goldens"
TRAINING = ROOT / "training/src/test/resources/goldens"
TINY = dict(size=8, patch=2, channels=4, classes=5, width=24, depth=2, heads=3)
SMALLER = dict(size=8, patch=2, channels=4, classes=5, width=16, depth=1, heads=2)
SIZES = {"s": (384, 12, 6), "b": (768, 12, 12), "l": (1024, 24, 16), "xl": (1152, 28, 16)}
BATCH, STEPS, SCALE = 4, 1000, 2.5


class Alpha(nn.Module):
    """tanh(alpha x): Dynamic Tanh where the architecture gives no gamma and beta."""

    def __init__(self, width: int):
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), 0.5))

    def forward(self, x):
        return torch.tanh(self.alpha * x)


def norm(kind: str, width: int) -> nn.Module:
    return Alpha(width) if kind == "dyt" else nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)


def modulated(x, shift, scale):
    return x * (1 + scale)[:, None] + shift[:, None]


def adaln(width: int, parts: int) -> nn.Module:
    return nn.Sequential(nn.SiLU(), nn.Linear(width, parts * width))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        b, n, e = x.shape
        q, k, v = (z.reshape(b, n, self.heads, -1).transpose(1, 2) for z in self.qkv(x).split(e, -1))
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(e // self.heads), -1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, n, e))


class Mlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, kind: str, width: int, heads: int):
        super().__init__()
        self.norm1 = norm(kind, width)
        self.attn = Attention(width, heads)
        self.norm2 = norm(kind, width)
        self.mlp = Mlp(width)
        self.adaLN_modulation = adaln(width, 6)

    def forward(self, x, c):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaLN_modulation(c).chunk(6, -1)
        x = x + gate1[:, None] * self.attn(modulated(self.norm1(x), shift1, scale1))
        return x + gate2[:, None] * self.mlp(modulated(self.norm2(x), shift2, scale2))


class FinalLayer(nn.Module):
    def __init__(self, kind: str, width: int, out: int):
        super().__init__()
        self.norm_final = norm(kind, width)
        self.linear = nn.Linear(width, out)
        self.adaLN_modulation = adaln(width, 2)

    def forward(self, x, c):
        shift, scale = self.adaLN_modulation(c).chunk(2, -1)
        return self.linear(modulated(self.norm_final(x), shift, scale))


class XEmbedder(nn.Module):
    def __init__(self, channels: int, width: int, patch: int):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)


class TEmbedder(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t):
        omega = torch.exp(-math.log(10000) * torch.arange(128, dtype=torch.float64) / 128)
        angle = t.double()[:, None] * omega
        waves = torch.cat([torch.cos(angle), torch.sin(angle)], -1)
        return self.mlp(waves.to(self.mlp[0].weight.dtype))


class YEmbedder(nn.Module):
    def __init__(self, classes: int, width: int):
        super().__init__()
        self.embedding_table = nn.Embedding(classes + 1, width)


def positions(width: int, side: int) -> torch.Tensor:
    """By quarters: sine of the column, cosine of the column, sine of the row, cosine of the row."""
    omega = 1.0 / 10000 ** (np.arange(width // 4) / (width // 4))
    rows, columns = np.divmod(np.arange(side * side), side)
    parts = [f(place[:, None] * omega) for place in (columns, rows) for f in (np.sin, np.cos)]
    return torch.from_numpy(np.concatenate(parts, 1)).float()[None]


class DiT(nn.Module):
    def __init__(self, kind: str, size: int, patch: int, channels: int, classes: int, width: int, depth: int, heads: int):
        super().__init__()
        self.patch, self.channels, self.classes, self.size = patch, channels, classes, size
        self.pos_embed = nn.Parameter(positions(width, size // patch), requires_grad=False)
        self.x_embedder = XEmbedder(channels, width, patch)
        self.t_embedder = TEmbedder(width)
        self.y_embedder = YEmbedder(classes, width)
        self.blocks = nn.ModuleList([Block(kind, width, heads) for _ in range(depth)])
        self.final_layer = FinalLayer(kind, width, patch * patch * 2 * channels)

    def forward(self, x, t, y):
        b, p, side = len(x), self.patch, self.size // self.patch
        c = self.t_embedder(t) + self.y_embedder.embedding_table(y)
        x = self.x_embedder.proj(x).flatten(2).transpose(1, 2) + self.pos_embed
        for block in self.blocks:
            x = block(x, c)
        x = self.final_layer(x, c).reshape(b, side, side, p, p, -1)
        return x.permute(0, 5, 1, 3, 2, 4).reshape(b, -1, self.size, self.size)


def make(kind: str, sizes: dict) -> DiT:
    model = DiT(kind, **sizes)
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(fill(name, tuple(parameter.shape)))
    return model


class Schedule:
    """beta from 1e-4 to 0.02 in equal steps, or the betas that leave alpha-bar as it is at fewer steps."""

    def __init__(self, kept: list[int] | None = None):
        bars = np.cumprod(1 - np.linspace(1e-4, 0.02, STEPS))
        self.kept = list(range(STEPS)) if kept is None else kept
        self.bar = bars[self.kept]
        self.before = np.append(1.0, self.bar[:-1])
        self.beta = 1 - self.bar / self.before
        self.posterior = self.beta * (1 - self.before) / (1 - self.bar)
        self.least = np.log(np.append(self.posterior[1], self.posterior[1:]))
        self.most = np.log(self.beta)
        self.of_start = self.beta * np.sqrt(self.before) / (1 - self.bar)
        self.of_noised = (1 - self.before) * np.sqrt(1 - self.beta) / (1 - self.bar)


def at(values: np.ndarray, t: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(values)[t][:, None, None, None]


def bits_of_pixels(x, mean, log_std):
    """-log2 of a Gaussian's mass between x - 1/255 and x + 1/255, the outermost open to the side (Ho et al. 2020, eq. 13)."""

    def cdf(z):
        return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))

    upper = cdf((x - mean + 1 / 255) * torch.exp(-log_std))
    lower = cdf((x - mean - 1 / 255) * torch.exp(-log_std))
    mass = torch.where(x < -0.999, upper, torch.where(x > 0.999, 1 - lower, upper - lower))
    return -torch.log(mass.clamp(min=1e-12)) / math.log(2)


def loss(model, x0, t, y, noise):
    s = Schedule()
    noised = at(np.sqrt(s.bar), t) * x0 + at(np.sqrt(1 - s.bar), t) * noise
    predicted, place = model(noised, t, y).chunk(2, 1)
    least, most = at(s.least, t), at(s.most, t)
    log_variance = (place + 1) / 2 * most + (1 - place) / 2 * least

    def posterior_mean(start):
        return at(s.of_start, t) * start + at(s.of_noised, t) * noised

    start = (noised - at(np.sqrt(1 - s.bar), t) * predicted.detach()) / at(np.sqrt(s.bar), t)
    mean, true_mean = posterior_mean(start), posterior_mean(x0)
    kl = 0.5 * (log_variance - least - 1 + torch.exp(least - log_variance) + (true_mean - mean) ** 2 * torch.exp(-log_variance))
    first = (t == 0)[:, None, None, None]
    bound = torch.where(first, bits_of_pixels(x0, mean, log_variance / 2), kl / math.log(2))
    return ((predicted - noise) ** 2).mean(), bound.mean()


@torch.no_grad()
def draw(model, sampler: str, y, kept: list[int], clip: bool) -> dict[str, torch.Tensor]:
    s = Schedule(kept)
    shape = (BATCH, model.channels, model.size, model.size)
    tensors = {"noise.0": fill("noise.0", shape, kind="input")}
    x = tensors["noise.0"].double()
    nobody = torch.full_like(y, model.classes)
    for i in reversed(range(len(kept))):
        t = torch.full((BATCH,), kept[i])
        with_class, without = model(x, t, y), model(x, t, nobody)
        c = model.channels
        eps = without[:, :c] + SCALE * (with_class[:, :c] - without[:, :c])
        start = (x - math.sqrt(1 - s.bar[i]) * eps) / math.sqrt(s.bar[i])
        if clip:
            start = start.clamp(-1, 1)
            eps = (x - math.sqrt(s.bar[i]) * start) / math.sqrt(1 - s.bar[i])
        step = len(kept) - i
        if sampler == "ddim":
            x = math.sqrt(s.before[i]) * start + math.sqrt(1 - s.before[i]) * eps
        else:
            x = s.of_start[i] * start + s.of_noised[i] * x
            if i > 0:
                noise = tensors[f"noise.{step}"] = fill(f"noise.{step}", shape, kind="input")
                place = (with_class[:, c:] + 1) / 2
                x = x + torch.exp((place * s.most[i] + (1 - place) * s.least[i]) / 2) * noise.double()
        tensors[f"x.{step}"] = x.float()
    return tensors


def trained(model) -> dict[str, torch.Tensor]:
    return {n: p for n, p in model.named_parameters() if p.requires_grad}


def refuse_ill_conditioned(file: str, single: dict, double: dict) -> None:
    """The gradient of alpha is one long sum: where it nearly cancels no float32 arithmetic meets 1e-4."""
    for name, g in double.items():
        off = float((single[name] - g).norm() / g.norm())
        if off > 3e-5:
            raise SystemExit(f"{file}: PyTorch's own float32 is {off:.1e} off in {name}; take another batch")


def save(file: pathlib.Path, tensors: dict[str, torch.Tensor]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({n: z.detach().float().contiguous() for n, z in tensors.items()}, file, metadata={"torch": torch.__version__})
    file.chmod(0o644)


def forward_golden(kind: str) -> None:
    shape = (BATCH, TINY["channels"], TINY["size"], TINY["size"])
    t, y = torch.tensor([0, 17, 400, 999]), torch.tensor([1, 4, TINY["classes"], 0])

    def backward(model, dtype):
        out = model.to(dtype)(fill("input", shape).to(dtype), t, y)
        target = fill("target", tuple(out.shape), kind="input").to(dtype)
        error = ((out - target) ** 2).mean()
        return out, error, dict(zip(trained(model), torch.autograd.grad(error, list(trained(model).values()))))

    _, _, single = backward(make(kind, TINY), torch.float32)
    out, error, double = backward(make(kind, TINY), torch.float64)
    refuse_ill_conditioned(f"dit-{kind}", single, double)
    tensors = {"output": out, "loss": error.reshape(1)} | {"grad." + n: g for n, g in double.items()}
    save(MODELS / f"dit-{kind}.safetensors", tensors)


def loss_golden(kind: str) -> None:
    shape = (BATCH, SMALLER["channels"], SMALLER["size"], SMALLER["size"])
    t, y = torch.tensor([0, 1, 400, 999]), torch.tensor([1, 4, SMALLER["classes"], 0])
    x0, noise = fill("x0.1", shape, kind="input").clamp(-1, 1), fill("noise", shape, kind="input")

    def backward(model, dtype):
        squared, bound = loss(model.to(dtype), x0.to(dtype), t, y, noise.to(dtype))
        whole = squared + bound
        return squared, bound, dict(zip(trained(model), torch.autograd.grad(whole, list(trained(model).values()))))

    weights = {"weight." + n: p.detach().clone() for n, p in trained(make(kind, SMALLER)).items()}
    squared, bound, double = backward(make(kind, SMALLER), torch.float64)
    tensors = weights | {"x0": x0, "noise": noise, "t": t, "y": y}
    tensors |= {"squared": squared.reshape(1), "bound": bound.reshape(1)} | {"grad." + n: g for n, g in double.items()}
    save(TRAINING / f"dit-loss-{kind}.safetensors", tensors)
    print(kind, "squared", squared.item(), "bound", bound.item())


def parameters() -> dict:
    counts, state = {}, {}
    for kind in ("layernorm", "dyt"):
        for name, (width, depth, heads) in SIZES.items():
            for patch in (2, 4, 8):
                model = hollow(kind, patch, width, depth, heads)
                counts[f"dit_{name}_{patch} {kind}"] = sum(p.numel() for p in trained(model).values())
        state[kind] = [[n, list(z.shape)] for n, z in make(kind, TINY).state_dict().items()]
    return {"counts": counts, "state": state}


def hollow(kind: str, patch: int, width: int, depth: int, heads: int) -> DiT:
    with torch.device("meta"):
        return DiT(kind, 32, patch, 4, 1000, width, depth, heads)


def main() -> None:
    for kind in ("layernorm", "dyt"):
        forward_golden(kind)
        loss_golden(kind)
    (MODELS / "dit-parameters.json").write_text(json.dumps(parameters(), separators=(",", ":")) + "\n")
    y = labels("classes", BATCH, SMALLER["classes"])
    for sampler, clip in (("ddpm", False), ("ddim", True)):
        model = make("dyt", SMALLER).double()
        tensors = draw(model, sampler, y, [0, 333, 666, 999], clip)
        save(TRAINING / f"dit-draw-{sampler}.safetensors", tensors | {"y": y})


if __name__ == "__main__":
    main()
