"""Golden vectors of the ways to train without norms for models/: python rivals.py [FOLDER]

rivals-{fixup,skipinit,sigmareparam}.safetensors   timm's tiny Vision Transformer without norms, changed by each paper's formula: logits,
                                                   loss, every gradient in full, the logits in evaluation mode after that pass, and
                                                   of sigmareparam the vectors u and v that the pass left

Weights are fill.py's, the scalars that are factors 1 higher; the starts that the papers give are not those of this file. Everything is computed in
double from weights that were rounded to float32.
"""

import pathlib
import sys

import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from fill import fill, labels
from vit import BATCH, FOLDER, TINY

FACTORS = ("gamma", "scale", "skipinit_gain")
METHODS = ("fixup", "skipinit", "sigmareparam")
NUMBER = ".6"  # of the batch; see gradients


def scalar() -> nn.Parameter:
    return nn.Parameter(torch.zeros(1))


class Scaled(nn.Module):
    """s times a residual branch, where timm has its layer scale."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name
        self.register_parameter(name, scalar())

    def forward(self, f: torch.Tensor) -> torch.Tensor:
        return getattr(self, self.name) * f


class Biased(nn.Linear):
    """A linear layer with a scalar added to its input, and one to its output where an activation reads it."""

    def __init__(self, layer: nn.Linear, before: str, after: str | None = None):
        super().__init__(layer.in_features, layer.out_features)
        self.before, self.after = before, after
        for name in filter(None, (before, after)):
            self.register_parameter(name, scalar())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x + getattr(self, self.before))
        return y + getattr(self, self.after) if self.after else y


class Gamma(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = scalar()

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        return self.gamma * w


def without_norms(module: nn.Module) -> nn.Module:
    for name, child in module.named_children():
        if isinstance(child, nn.LayerNorm):
            setattr(module, name, nn.Identity())
        else:
            without_norms(child)
    return module


def make(method: str) -> nn.Module:
    model = without_norms(timm.create_model("vit_tiny_patch16_224", global_pool="avg", **TINY))
    if method == "sigmareparam":
        for module in list(model.modules()):
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                spectral_norm(module, n_power_iterations=1)
                parametrize.register_parametrization(module, "weight", Gamma())
        return model
    name = "scale" if method == "fixup" else "skipinit_gain"
    for block in model.blocks:
        block.ls1, block.ls2 = Scaled(name), Scaled(name)
        if method == "fixup":
            block.attn.qkv = Biased(block.attn.qkv, "bias1a")
            block.attn.proj = Biased(block.attn.proj, "bias2a")
            block.mlp.fc1 = Biased(block.mlp.fc1, "bias1a", "bias1b")
            block.mlp.fc2 = Biased(block.mlp.fc2, "bias2a")
    if method == "fixup":
        model.head = Biased(model.head, "bias1a")
    return model


def plain(name: str) -> str:
    """The name here: a branch's scalar is its own, and a layer's tensors are not called parametrizations."""
    return (
        name.replace("ls1.", "attn.")
        .replace("ls2.", "mlp.")
        .replace("parametrizations.weight.original", "weight")
        .replace("parametrizations.weight.0._", "")
        .replace("parametrizations.weight.1.", "")
    )


def fill_all(model: nn.Module) -> None:
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(fill(plain(name), tuple(tensor.shape)))
            if name.endswith(FACTORS):
                tensor.add_(1)


def backward(model: nn.Module, batch: str) -> dict[str, torch.Tensor]:
    model.train()
    model.zero_grad()
    dtype = next(model.parameters()).dtype
    x = fill("input" + batch, (BATCH, 3, 16, 16), kind="input").to(dtype)
    logits = model(x)
    loss = nn.functional.cross_entropy(logits, labels("labels" + batch, BATCH, 10))
    loss.backward()
    tensors = {"logits": logits.detach(), "loss": loss.detach().reshape(1)}
    tensors |= {"grad." + plain(name): p.grad.clone() for name, p in model.named_parameters()}
    tensors |= {plain(name): b.clone() for name, b in model.named_buffers()}
    model.eval()
    with torch.no_grad():
        return tensors | {"evaluated": model(x)}


def gradients(method: str, file: pathlib.Path) -> None:
    model = make(method)
    fill_all(model)
    single = backward(model, NUMBER)
    fill_all(model)
    double = backward(model.double(), NUMBER)
    # The gradient of a scalar is one long sum: on some batches it nearly cancels, and then no float32 arithmetic could meet 1e-4.
    worst = max((float((single[n] - t).norm() / t.norm()), n) for n, t in double.items())
    if worst[0] > 3e-5:
        sys.exit(f"{method}: PyTorch's own float32 is {worst[0]:.1e} off in {worst[1]}; take another batch than '{NUMBER}'")
    tensors = {name: t.float().contiguous() for name, t in double.items()}
    save_file(tensors, file, metadata={"torch": torch.__version__, "timm": timm.__version__})
    file.chmod(0o644)


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for method in METHODS:
        gradients(method, folder / f"rivals-{method}.safetensors")


if __name__ == "__main__":
    main()
