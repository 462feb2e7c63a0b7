"""DyT(x) = weight * tanh(alpha * x) + bias, alpha one number (Zhu et al. 2025, section 4), put in the place of every norm."""

import torch
from torch import nn


class DyT(nn.Module):
    def __init__(self, channels: int, alpha: float = 0.5, channels_first: bool = False):
        super().__init__()
        self.channels_first = channels_first
        self.alpha = nn.Parameter(torch.full((1,), alpha))
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        t = torch.tanh(self.alpha * x)
        if self.channels_first:  # (N, C, H, W)
            return self.weight[:, None, None] * t + self.bias[:, None, None]
        return self.weight * t + self.bias


def layernorm_to_dyt(module: nn.Module) -> nn.Module:
    for name, child in module.named_children():
        if isinstance(child, nn.LayerNorm):
            setattr(module, name, DyT(child.normalized_shape[-1]))
        else:
            layernorm_to_dyt(child)
    return module


def conv_norms_to_dyt(module: nn.Module) -> nn.Module:
    """Of a convolutional network: timm's LayerNorm2d and every BatchNorm2d see their channels first, a plain LayerNorm last."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, DyT(child.num_features, channels_first=True))
        elif isinstance(child, nn.LayerNorm):
            setattr(module, name, DyT(child.normalized_shape[-1], channels_first=type(child).__name__ == "LayerNorm2d"))
        else:
            conv_norms_to_dyt(child)
    return module
