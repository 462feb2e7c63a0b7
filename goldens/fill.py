"""Weights, inputs and labels by one formula, so that a fixture need not hold them.

    z    = splitmix64(crc32(name) * 2^32 + index)
    u    = (z >> 40) * 2^-23 - 1                     in [-1, 1), exact in float32
    fill = centre + scale * u                        in double, then rounded to float32

Every step is exact or correctly rounded, so Java's `Fill` computes the same bits.
"""

import math
import zlib

import numpy as np
import torch


def hashes(name: str, count: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(zlib.crc32(name.encode()) << 32)
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(name: str, count: int) -> np.ndarray:
    return (hashes(name, count) >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1.0


def centre_and_scale(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    if name == "input":
        return 0.0, math.sqrt(3.0)  # unit variance
    if name in ("cls_token", "pos_embed"):
        return 0.0, 0.5
    if name.endswith("embed_scale"):
        return 2.0, 0.5
    if name.endswith("alpha"):
        return 0.5, 0.1
    if len(shape) > 1:
        return 0.0, 1.0 / math.sqrt(math.prod(shape[1:]))
    return (1.0, 0.2) if name.endswith("weight") else (0.0, 0.1)


def fill(name: str, shape: tuple[int, ...], kind: str | None = None) -> torch.Tensor:
    """The tensor `name` of this shape; `kind` names the rule where it is not the name itself."""
    centre, scale = centre_and_scale(kind or name, shape)
    values = centre + scale * uniform(name, math.prod(shape))
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def fill_parameters(model: torch.nn.Module) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(fill(name, tuple(parameter.shape)))


def labels(name: str, count: int, classes: int) -> torch.Tensor:
    return torch.from_numpy((hashes(name, count) % np.uint64(classes)).astype(np.int64))


def sketch(name: str, gradient: torch.Tensor) -> torch.Tensor:
    """[norm, 8 entries spread evenly, 8 sums with random signs] of a gradient too large to keep.

    The sign of element i in sum k is bit k of its hash. A difference D between two gradients shows in each sum as a random number
    of variance |D|^2, so the eight together see an error anywhere in the tensor, which a few entries cannot.
    """
    g = gradient.detach().double().flatten().numpy()
    z = hashes(name, g.size)
    entries = [g[k * (g.size - 1) // 7] for k in range(8)]
    sums = [(g * (1.0 - 2.0 * ((z >> np.uint64(k)) & np.uint64(1)).astype(np.float64))).sum() for k in range(8)]
    return torch.tensor([math.sqrt((g * g).sum())] + entries + sums, dtype=torch.float32)
