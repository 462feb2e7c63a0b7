"""Golden vectors of the image transforms, made by Pillow, torchvision and timm: every deterministic operation at given parameters.

    python goldens/transforms.py training/src/test/resources/io/github/dyt4j/training/data/transforms.safetensors

Pins: Pillow 12.3.0, torchvision 0.28.0, timm 1.0.29, torch 2.13.0. Tensors are named OPERATION/PARAMETER/…; inputs are input/*, images
(H, W, C) bytes.
"""

import random
import sys

import numpy as np
import torch

_register_fake = torch.library.register_fake


def register_fake(name, *args, **kwargs):
    # A torchvision without its C++ operators still imports; none of them is used here.
    if isinstance(name, str) and name.startswith("torchvision::"):
        return lambda f: f
    return _register_fake(name, *args, **kwargs)


torch.library.register_fake = register_fake

import timm.data.auto_augment as aa  # noqa: E402
import timm.data.mixup as mixup  # noqa: E402
from PIL import Image, ImageEnhance  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402
from timm.data import create_transform  # noqa: E402
from timm.data.random_erasing import RandomErasing  # noqa: E402
from torchvision.transforms import InterpolationMode, functional as F  # noqa: E402
from torchvision.transforms import CenterCrop, Resize  # noqa: E402

OUT = {}
FILTERS = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}


def put(name, array):
    a = np.asarray(array)
    OUT[name] = np.ascontiguousarray(a[..., None] if a.dtype == np.uint8 and a.ndim == 2 else a)


def photo(h, w, seed):
    """Smooth colours, an edge, a disc and some noise: what images are made of."""
    r = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    base = np.stack([120 + 90 * np.sin(x / 5 + c) * np.cos(y / (4 + c)) for c in range(3)], -1)
    base[(x + 2 * y > w) & (x > w // 2)] *= 0.4
    base[(x - w / 3) ** 2 + (y - h / 2) ** 2 < (h / 4) ** 2] += [60, -40, 20]
    return Image.fromarray(np.clip(base + r.normal(0, 9, (h, w, 3)), 3, 250).astype(np.uint8))


RGB = photo(19, 25, 1)
GREY = photo(17, 17, 2).convert("L")
IMAGES = {"rgb": RGB, "grey": GREY}
for kind, image in IMAGES.items():
    put(f"input/{kind}", image)
put("luma/rgb", RGB.convert("L"))

for kind, image in IMAGES.items():
    put(f"flip/{kind}", F.hflip(image))
    for f, mode in FILTERS.items():
        for h, w in (7, 9), (31, 12), (40, 53), (19, 8), (5, 25), (1, 1):
            put(f"resize/{kind}/{f}/{h}/{w}", F.resize(image, [h, w], mode))
        for size in 8, 14, 33:
            put(f"shortest/{kind}/{f}/{size}", Resize(size, mode)(image))
        for top, left, h, w in (2, 3, 11, 9), (0, 0, 17, 5), (4, 1, 3, 16):
            put(f"resizedcrop/{kind}/{f}/{top}/{left}/{h}/{w}/12", F.resized_crop(image, top, left, h, w, [12, 12], mode))
    for size in 8, 11, 16, 22, 30:
        put(f"center/{kind}/{size}", CenterCrop(size)(image))
    for top, left in (0, 0), (5, 2), (8, 7):
        put(f"padcrop/{kind}/4/{top}/{left}/16", F.crop(F.pad(image, 4), top, left, 16, 16))

# RandAugment: each operation by timm's own level function and Pillow, in both directions where there is one.
for kind, image in IMAGES.items():
    fill = (124, 116, 104) if kind == "rgb" else (97,)
    for increasing, names in (0, aa._RAND_TRANSFORMS), (1, aa._RAND_INCREASING_TRANSFORMS):
        for name in names:
            short = name.replace("Increasing", "")
            if increasing and short == name:
                continue  # the same in both lists
            geometric = short in ("Rotate", "ShearX", "ShearY", "TranslateXRel", "TranslateYRel")
            signed = geometric or increasing and short in ("Color", "Contrast", "Brightness", "Sharpness")
            plain = short in ("AutoContrast", "Equalize", "Invert")
            for level in [9.0] if plain else [0.0, 2.7, 9.0, 9.83] if not geometric else [0.0, 3.3, 9.4]:
                for sign in ("+", "-") if signed else ("+",):
                    for f in ("bilinear", "bicubic") if geometric else ("none",):
                        aa._randomly_negate = lambda v, s=sign: -v if s == "-" else v
                        resample = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}.get(f, Image.BICUBIC)
                        hparams = dict(img_mean=fill, interpolation=resample, translate_const=100)
                        op = aa.AugmentOp(name, prob=1.0, magnitude=level, hparams=hparams)
                        put(f"aa/{kind}/{short}/{increasing}/{level}/{sign}/{f}", op(image))

# Extremes that the levels do not reach.
flat = Image.new("RGB", (6, 5), (9, 200, 9))
put("input/flat", flat)
for name in "AutoContrast", "Equalize", "Contrast":
    put(f"aa/flat/{name}/0/9.0/+/none", aa.AugmentOp(name, prob=1.0, magnitude=9.0)(flat))
# A histogram whose last entry makes Equalize's table reach 256.
skewed = Image.fromarray(np.repeat(np.array([0] * 3 + [7] * 509 + [200], np.uint8)[None], 1, 0))
put("input/skewed", skewed)
put("aa/skewed/Equalize/0/9.0/+/none", aa.AugmentOp("Equalize", prob=1.0, magnitude=9.0)(skewed))
for factor in 0.0, 0.35, 1.0, 1.9:
    put(f"sharpness/rgb/{factor}", ImageEnhance.Sharpness(RGB).enhance(factor))

# Whole pipelines with nothing left to chance.
put("eval/rgb/bicubic/0.875/16", create_transform((3, 16, 16), interpolation="bicubic", crop_pct=0.875)(RGB).numpy())
put("eval/rgb/bilinear/1.0/16", create_transform((3, 16, 16), interpolation="bilinear", crop_pct=1.0)(RGB).numpy())
put(
    "eval/grey/bicubic/0.9/12",
    create_transform((1, 12, 12), interpolation="bicubic", crop_pct=0.9, mean=(0.286,), std=(0.353,))(GREY).numpy(),
)
whole = create_transform(
    (1, 17, 17), is_training=True, scale=(1, 1), ratio=(1, 1), hflip=1.0, color_jitter=None, mean=(0.286,), std=(0.353,)
)
put("train/grey/17", whole(GREY).numpy())

# Erasing: timm draws the rectangle, its place is in the name.
noise = np.random.default_rng(3)
x = noise.normal(0, 1, (3, 14, 11)).astype(np.float32)
put("input/chw", x)
for seed in range(4):
    random.seed(seed)
    y = RandomErasing(1.0, mode="const", device="cpu")(torch.tensor(x)).numpy()
    rows, columns = np.flatnonzero((y == 0).all(0).any(1)), np.flatnonzero((y == 0).all(0).any(0))
    put(f"erase/{rows[0]}/{columns[0]}/{len(rows)}/{len(columns)}", y)

# Mixing: λ and the centre of the box given.
n, classes = 5, 4
labels = np.array([0, 3, 1, 2, 3])
batch = noise.normal(0, 1, (n, 2, 9, 7)).astype(np.float32)
put("input/batch", batch)
put("input/labels", labels.astype(np.int32))


class Given(mixup.Mixup):
    def _params_per_batch(self):
        return self.given

    def __call__(self, x, target):  # without timm's demand for an even batch: the middle image is mixed with itself
        return x, mixup.mixup_target(target, self.num_classes, self._mix_batch(x), self.label_smoothing)


for smoothing in 0.0, 0.1:
    for lam in 1.0, 0.3, 0.71:
        m = Given(num_classes=classes, label_smoothing=smoothing)
        m.given = (lam, False)
        y, t = m(torch.tensor(batch), torch.tensor(labels))
        put(f"mixup/{lam}/{smoothing}/pixels", y.numpy())
        put(f"mixup/{lam}/{smoothing}/targets", t.float().numpy())
for lam, cy, cx in (0.3, 4, 3), (0.71, 0, 6), (0.05, 8, 0), (0.99, 5, 5):
    draws = iter([cy, cx])
    mixup.np.random.randint = lambda low, high, size=None: next(draws)
    m = Given(num_classes=classes, label_smoothing=0.1)
    m.given = (lam, True)
    y, t = m(torch.tensor(batch), torch.tensor(labels))
    put(f"cutmix/{lam}/{cy}/{cx}/pixels", y.numpy())
    put(f"cutmix/{lam}/{cy}/{cx}/targets", t.float().numpy())

save_file(OUT, sys.argv[1])
print(len(OUT), "tensors,", sum(a.nbytes for a in OUT.values()), "bytes")
