"""Golden vectors of the convolutional models: timm's ConvNeXt, torchvision's ResNet and VGG: python conv.py [FOLDER]

conv-MODEL-NORM.safetensors   of a tiny model in training mode: logits, loss and every gradient; with batch norm also the running
                              statistics after that pass (state.*) and then the logits in evaluation (eval.logits)
conv-parameters.json          parameter counts of the published sizes, and the names and shapes of the tiny models in state-dict order

Everything is computed in double from weights that were rounded to float32, so a fixture bears no rounding error of its own.
"""

import copy
import json
import pathlib
import sys

import timm
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.vgg import VGG, make_layers

from dyt import conv_norms_to_dyt
from fill import fill, fill_parameters, labels

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
BATCH, CLASSES = 3, 10


def convnext() -> nn.Module:
    return timm.create_model("convnext_tiny", depths=(1, 2, 1, 1), dims=(8, 12, 16, 20), num_classes=CLASSES)


def resnet(layers: list[int], width: int, stem: str, norm_layer=nn.BatchNorm2d) -> nn.Module:
    """torchvision's ResNet-50 with narrower and fewer stages: it has no argument for that."""
    model = ResNet(Bottleneck, [1, 1, 1, 1], norm_layer=norm_layer)
    model.inplanes = width
    large = stem == "imagenet"
    model.conv1 = nn.Conv2d(3, width, 7 if large else 3, stride=2 if large else 1, padding=3 if large else 1, bias=False)
    model.bn1 = norm_layer(width)
    if not large:
        model.maxpool = nn.Identity()
    for i in range(4):
        stage = model._make_layer(Bottleneck, width << i, layers[i], stride=1 if i == 0 else 2) if i < len(layers) else nn.Identity()
        setattr(model, f"layer{i + 1}", stage)
    model.fc = nn.Linear(4 * width << (len(layers) - 1), CLASSES)
    return model


def vgg(layers: list[int], width: int, hidden: int) -> nn.Module:
    """torchvision's VGG with batch norm, narrower, and without dropout, whose draws nobody could compare."""
    plan = []
    for i, count in enumerate(layers):
        plan += [width << i] * count + ["M"]
    model = VGG(make_layers(plan, batch_norm=True), init_weights=False)
    channels = width << (len(layers) - 1)
    model.classifier = nn.Sequential(
        nn.Linear(channels * 7 * 7, hidden), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(hidden, CLASSES),
    )  # fmt: skip
    return model


def group_norm(channels: int) -> nn.Module:
    return nn.GroupNorm(2, channels)


# name: (side of the image, batch, model)
CASES = {
    "convnext-layernorm": (37, "", convnext()),
    "convnext-dyt": (37, "", conv_norms_to_dyt(convnext())),
    "resnet-batchnorm": (48, "", resnet([2, 1, 1, 1], 4, "imagenet")),
    "resnet-dyt": (48, "", conv_norms_to_dyt(resnet([2, 1, 1, 1], 4, "imagenet"))),
    "resnet-groupnorm": (48, "", resnet([2, 1, 1, 1], 4, "imagenet", group_norm)),
    "cifar-batchnorm": (11, "", resnet([1, 1], 4, "cifar")),
    "vgg-batchnorm": (28, "", vgg([1, 2], 4, 12)),
    "vgg-dyt": (28, "", conv_norms_to_dyt(vgg([1, 2], 4, 12))),
}


def backward(model: nn.Module, side: int, batch: str) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    model.zero_grad()
    x = fill("input" + batch, (BATCH, 3, side, side), kind="input").to(next(model.parameters()).dtype)
    logits = model(x)
    loss = nn.functional.cross_entropy(logits, labels("labels" + batch, BATCH, CLASSES))
    loss.backward()
    return logits.detach(), loss.detach(), {name: p.grad.clone() for name, p in model.named_parameters()}


def golden(file: pathlib.Path, model: nn.Module, side: int, batch: str) -> None:
    fill_parameters(model)
    model.train()
    _, _, single = backward(copy.deepcopy(model), side, batch)
    logits, loss, double = backward(model.double(), side, batch)
    everything = sum(float(g.norm()) ** 2 for g in double.values()) ** 0.5
    # What float32 cannot meet is no test of ours; a gradient that is zero, as of a bias before a batch norm, is not looked at here.
    errors = [(float((single[n] - g).norm() / g.norm()), n) for n, g in double.items() if g.norm() > 1e-9 * everything]
    worst = max(errors)
    print(f"{file.name}: PyTorch's own float32 is {worst[0]:.1e} off in {worst[1]}, |g| {everything:.3g}")
    if worst[0] > 3e-5:
        sys.exit("take another batch than '" + batch + "'")
    tensors = {"logits": logits.float(), "loss": loss.float().reshape(1)}
    for name, gradient in double.items():
        tensors["grad." + name] = gradient.float().contiguous()
    buffers = {name: b for name, b in model.named_buffers() if b.is_floating_point()}
    if buffers:
        for name, buffer in buffers.items():
            tensors["state." + name] = buffer.float()
        model.eval()
        with torch.no_grad():
            tensors["eval.logits"] = model(fill("input" + batch, (BATCH, 3, side, side), kind="input").double()).float()
    save_file(tensors, file, metadata={"torch": torch.__version__, "timm": timm.__version__, "torchvision": torchvision.__version__})
    file.chmod(0o644)


def parameters() -> dict:
    counts = {}
    makers = {f"convnext_{size}": lambda size=size: timm.create_model(f"convnext_{size}") for size in ("tiny", "small", "base", "large")}
    makers["resnet50"] = torchvision.models.resnet50
    makers["vgg19_bn"] = torchvision.models.vgg19_bn
    for name, make in makers.items():
        own = "layernorm" if name.startswith("convnext") else "batchnorm"
        for norm in (own, "dyt"):
            with torch.device("meta"):
                model = make()
                model = conv_norms_to_dyt(model) if norm == "dyt" else model
            counts[f"{name} {norm}"] = sum(p.numel() for p in model.parameters())
    state = {name: [[n, list(t.shape)] for n, t in model.state_dict().items()] for name, (_, _, model) in CASES.items()}
    return {"counts": counts, "state": state}


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conv-parameters.json").write_text(json.dumps(parameters(), separators=(",", ":")) + "\n")
    for name, (side, batch, model) in CASES.items():
        golden(folder / f"conv-{name}.safetensors", model, side, batch)


if __name__ == "__main__":
    main()
