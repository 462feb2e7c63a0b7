"""DyT(x) = weight * tanh(alpha * x) + bias, alpha one number (Zhu et al. 2025, section 4), put in the place of every LayerNorm."""

import torch
from torch import nn


class DyT(nn.Module):
    def __init__(self, channels: int, alpha: float = 0.5):
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), alpha))
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * torch.tanh(self.alpha * x) + self.bias


def layernorm_to_dyt(module: nn.Module) -> nn.Module:
    for name, child in module.named_children():
        if isinstance(child, nn.LayerNorm):
            setattr(module, name, DyT(child.normalized_shape[-1]))
        else:
            layernorm_to_dyt(child)
    return module
