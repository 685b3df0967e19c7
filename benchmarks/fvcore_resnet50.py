"""ResNet-50 in PyTorch, counted by fvcore. Run as a script it prints the count."""

from __future__ import annotations

import sys
from typing import Any

import torch
from fvcore.nn import FlopCountAnalysis
from torch import nn

torch.set_num_threads(1)


def _norm_conv(read: int, made: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(read, made, kernel, stride, kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(made)]


class Unit(nn.Module):
    """Three convolutions with a shortcut, which is a convolution where sizes change."""

    def __init__(self, read: int, width: int, stride: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *_norm_conv(read, width, 1), nn.ReLU(),
            *_norm_conv(width, width, 3, stride), nn.ReLU(),
            *_norm_conv(width, 4 * width, 1),
        )  # fmt: skip
        changes = stride > 1 or read != 4 * width
        self.shortcut = nn.Sequential(*(_norm_conv(read, 4 * width, 1, stride) if changes else []))

    def forward(self, x: Any) -> Any:
        """The sum of both, cut off at 0."""
        return torch.relu(self.branch(x) + self.shortcut(x))


def resnet50() -> nn.Module:
    """The network that problems/architectures/resnet50.yaml describes."""
    layers = [*_norm_conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    read = 64
    for width, stride, times in ((64, 1, 3), (128, 2, 4), (256, 2, 6), (512, 2, 3)):
        for number in range(times):
            layers.append(Unit(read, width, stride if not number else 1))
            read = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def counter() -> Any:
    """A function that counts the network anew whenever it is called."""
    model = resnet50().eval()
    picture = torch.zeros(1, 3, 224, 224)

    def count() -> tuple[int, int]:
        analysis = FlopCountAnalysis(model, picture).unsupported_ops_warnings(enabled=False)
        analysis.uncalled_modules_warnings(enabled=False)
        return int(analysis.total()), sum(p.numel() for p in model.parameters())

    return count


if __name__ == "__main__":
    sys.stdout.write("{} {}\n".format(*counter()()))
