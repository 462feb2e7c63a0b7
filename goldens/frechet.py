"""The Frechet distance of two small sets of features, with scipy's general matrix square root: python frechet.py

training/…/frechet.safetensors   features a (40, 7) and b (25, 7) in F32, and their distance
"""

import pathlib

import numpy as np
import scipy.linalg
import torch
from safetensors.torch import save_file

from fill import fill

FILE = pathlib.Path(__file__).parent.parent / "training/src/test/resources/goldens/frechet.safetensors"


def distance(a: np.ndarray, b: np.ndarray) -> float:
    sa, sb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(sa @ sb)
    assert abs(np.imag(root)).max() < 1e-9
    means = a.mean(0) - b.mean(0)
    return float(means @ means + np.trace(sa + sb - 2 * np.real(root)))


def main() -> None:
    mixing = fill("mixing", (7, 7), kind="input")
    a = fill("a", (40, 7), kind="input")
    b = fill("b", (25, 7), kind="input") @ mixing + 0.3
    value = distance(a.double().numpy(), b.double().numpy())
    print(value)
    save_file({"a": a, "b": b.contiguous(), "distance": torch.tensor([value], dtype=torch.float32)}, FILE)
    FILE.chmod(0o644)


if __name__ == "__main__":
    main()
