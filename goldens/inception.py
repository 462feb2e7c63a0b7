"""Features of Inception v3 as the FID takes them: python inception.py [FOLDER]

inception.safetensors   features (2, 2048) of two images of 40 x 40, one of them grey

torchvision's network with the three differences of TensorFlow's of 2015: averages leave the border out of the count, the last block pools by
maximum, images run from -1 to 1. Weights are those of fill.py; convolutions are scaled by sqrt(6), lest the image be lost on the way.
"""

import math
import pathlib
import sys
import types

import torch

_register = torch.library.register_fake


def _skip_torchvision(name, *args, **kwargs):
    return (lambda f: f) if str(name).startswith("torchvision::") else _register(name, *args, **kwargs)


torch.library.register_fake = _skip_torchvision

import torch.nn.functional as F
import torchvision.models.inception as inception
from safetensors.torch import save_file

from fill import fill

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"


def average(x, kernel_size, stride=None, padding=0):
    return F.avg_pool2d(x, kernel_size, stride, padding, count_include_pad=False)


def features(model, images):
    x = F.interpolate(images, size=(299, 299), mode="bilinear", align_corners=False) * 2 - 1
    for name, layer in model.named_children():
        if name in ("AuxLogits", "avgpool", "dropout", "fc"):
            continue
        x = layer(x)
    return x.mean((2, 3))


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    pools = types.SimpleNamespace(**{name: getattr(F, name) for name in dir(F) if not name.startswith("__")})
    pools.avg_pool2d = average
    inception.F = pools
    model = inception.Inception3(num_classes=10, aux_logits=False, init_weights=False, transform_input=False).eval()
    last = model.Mixed_7c
    forward = last._forward

    def with_maximum(x):
        pools.avg_pool2d = F.max_pool2d
        try:
            return forward(x)
        finally:
            pools.avg_pool2d = average

    last._forward = with_maximum
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.startswith("fc.") or name.endswith("num_batches_tracked"):
                continue
            if tensor.ndim == 4:
                tensor.copy_(fill(name, tuple(tensor.shape)) * torch.tensor(math.sqrt(6), dtype=torch.float32))
            else:
                tensor.copy_(fill(name, tuple(tensor.shape), kind="weight" if name.endswith(("weight", "var")) else "bias"))
        rgb = (fill("input", (1, 3, 40, 40), kind="input").double() / 4 + 0.5).clamp(0, 1)
        grey = (fill("input.grey", (1, 1, 40, 40), kind="input").double() / 4 + 0.5).clamp(0, 1)
        images = torch.cat([rgb, grey.expand(1, 3, 40, 40)])
        values = features(model.double(), images)
    spread = (values[0] - values[1]).norm() / values[0].norm()
    print(f"the two images' features differ by {spread:.3f}")
    save_file({"features": values.float()}, folder / "inception.safetensors", metadata={"torch": torch.__version__})
    (folder / "inception.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
