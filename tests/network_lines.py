"""Published networks written as lines, with batch normalisation and activations as layers."""

from __future__ import annotations

LENET = (
    "1x32x32 | conv 6 5x5 | relu | pool 2 | conv 16 5x5 | relu | pool 2 | flatten | dense 120 | "
    "relu | dense 84 | relu | dense 10"
)
ALEXNET = (
    "3x224x224 | conv 64 11x11 s4 p2 | relu | pool 3 s2 | conv 192 5x5 p2 | relu | pool 3 s2 | "
    "conv 384 3x3 p1 | relu | conv 256 3x3 p1 | relu | conv 256 3x3 p1 | relu | pool 3 s2 | "
    "adaptiveavgpool 6x6 | flatten | dropout | dense 4096 | relu | dropout | dense 4096 | relu | "
    "dense 1000"
)
VGG16 = "3x224x224 | " + " | ".join(
    [
        f"(conv {filters} 3x3 p1 | relu) x {times} | pool 2"
        for filters, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    ]
    + ["adaptiveavgpool 7x7 | flatten | (dense 4096 | relu | dropout) x 2 | dense 1000"]
)


def _bottleneck(width: int, stride: int, shortcut: str) -> str:
    """ResNet v1.5: the stride is on the 3x3 convolution."""
    return (
        f"(conv {width} 1x1 no bias | batchnorm | relu | "
        f"conv {width} 3x3 s{stride} p1 no bias | batchnorm | relu | "
        f"conv {4 * width} 1x1 no bias | batchnorm & {shortcut}) add | relu"
    )


def _stage(width: int, stride: int, times: int) -> str:
    projection = f"conv {4 * width} 1x1 s{stride} no bias | batchnorm"
    first = _bottleneck(width, stride, projection)
    return f"{first} | ({_bottleneck(width, 1, '')}) x {times - 1}"


RESNET50 = " | ".join(
    [
        "3x224x224 | conv 64 7x7 s2 p3 no bias | batchnorm | relu | pool 3 s2 p1",
        _stage(64, 1, 3), _stage(128, 2, 4), _stage(256, 2, 6), _stage(512, 2, 3),
        "globalavgpool | flatten | dense 1000",
    ]
)  # fmt: skip
