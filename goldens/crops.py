"""Golden vectors of what DINO's crops add to the image transforms, made by Pillow and torchvision: colour jitter's hue and Gaussian blur.

    python goldens/crops.py training/src/test/resources/io/github/dyt4j/training/data/crops.safetensors

Pins: Pillow 12.3.0, torchvision 0.28.0. Tensors are named OPERATION/PARAMETER/…; inputs are input/*, images (H, W, C) bytes.
"""

import sys

import numpy as np
import torch

_register_fake = torch.library.register_fake


def register_fake(name, *args, **kwargs):
    # As in transforms.py: a torchvision without its C++ operators still imports.
    if isinstance(name, str) and name.startswith("torchvision::"):
        return lambda f: f
    return _register_fake(name, *args, **kwargs)


torch.library.register_fake = register_fake

from PIL import Image, ImageFilter, ImageOps  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402
from torchvision.transforms import InterpolationMode, functional as F  # noqa: E402

OUT = {}


def put(name, array):
    a = np.asarray(array)
    OUT[name] = np.ascontiguousarray(a[..., None] if a.dtype == np.uint8 and a.ndim == 2 else a)


draws = np.random.default_rng(5)
# Every kind of colour: random ones, greys, and those on the edges of the colour circle's six parts.
colours = draws.integers(0, 256, (40, 60, 3), dtype=np.uint8)
colours[:3] = colours[:3, :, :1]
colours[3:6, :, 1] = colours[3:6, :, 0]
colours[6:9, :, 2] = 0
colours[9:12, :, 0] = 255
IMAGES = {
    "rgb": Image.fromarray(colours),
    "photo": Image.fromarray((128 + 100 * np.sin(np.mgrid[0:19, 0:25, 0:3].sum(0) / 3.0) + draws.normal(0, 9, (19, 25, 3))).astype(np.uint8)),
    "grey": Image.fromarray(draws.integers(0, 256, (17, 11), dtype=np.uint8)),
    "row": Image.fromarray(draws.integers(0, 256, (1, 9), dtype=np.uint8)),
}
for kind, image in IMAGES.items():
    put(f"input/{kind}", image)
    for turn in -0.5, -0.1, -0.037, 0.0, 0.001, 0.05, 0.1, 0.3:
        put(f"hue/{kind}/{turn}", F.adjust_hue(image, turn))
    for radius in 0.1, 0.37, 0.5, 0.99, 1.3, 1.9, 2.0, 5.5, 30.0:
        put(f"blur/{kind}/{radius}", image.filter(ImageFilter.GaussianBlur(radius)))
    put(f"solarize/{kind}/128", ImageOps.solarize(image))
    put(f"grey/{kind}", F.rgb_to_grayscale(image, image.mode == "RGB" and 3 or 1))

# A second crop's way with every choice given: crop, resize, flip, jitter in an order, blur, solarise.
x = F.resized_crop(IMAGES["photo"], 2, 3, 14, 11, [16, 16], InterpolationMode.BICUBIC)
x = F.adjust_saturation(F.adjust_hue(F.adjust_contrast(F.adjust_brightness(F.hflip(x), 0.71), 1.33), -0.06), 1.17)
put("way/photo", ImageOps.solarize(x.filter(ImageFilter.GaussianBlur(1.21))))

save_file(OUT, sys.argv[1])
print(len(OUT), "tensors,", sum(a.nbytes for a in OUT.values()), "bytes")
