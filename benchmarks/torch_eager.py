"""The problems of the tensor benchmark in PyTorch, run eagerly. Imported only if it is there."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

torch.set_num_threads(1)


def perceptron(x: Any, y: Any, *weights: Any) -> list[Any]:
    """30-1024-512-1, mean squared error."""
    h = x
    for number in range(0, 6, 2):
        h = functional.linear(h, weights[number], weights[number + 1])
        h = torch.relu(h) if number < 4 else h  # noqa: PLR2004  (the output layer is linear)
    return with_gradients(functional.mse_loss(h, y), weights)


def lenet(x: Any, y: Any, k1: Any, c1: Any, k2: Any, c2: Any, *weights: Any) -> list[Any]:  # noqa: PLR0913  (all its weights)
    """LeNet-5 with tanh and means, cross-entropy."""
    w3, b3, w4, b4, w5, b5 = weights
    a = torch.tanh(functional.conv2d(x, k1, c1.ravel()))
    a = torch.tanh(functional.conv2d(functional.avg_pool2d(a, 2), k2, c2.ravel()))
    f = functional.avg_pool2d(a, 2).reshape(len(x), -1)
    h = torch.tanh(functional.linear(f, w3, b3))
    h = torch.tanh(functional.linear(h, w4, b4))
    loss = functional.cross_entropy(functional.linear(h, w5, b5), y)
    return with_gradients(loss, (k1, c1, k2, c2, *weights))


def lstm(x: Any, wx: Any, wh: Any, b: Any, h: Any, c: Any) -> list[Any]:  # noqa: PLR0913  (all its weights)
    """PyTorch's own LSTM over the whole sequence, its second bias left at 0."""
    second = torch.zeros_like(b)
    out, _, _ = torch.lstm(
        x, (h[None], c[None]), [wx, wh, b, second],
        has_biases=True, num_layers=1, dropout=0.0, train=True, bidirectional=False,
        batch_first=False,
    )  # fmt: skip
    return with_gradients((out[-1] ** 2).mean(), (wx, wh, b))


def attention(x: Any, wq: Any, wk: Any, wv: Any, target: Any) -> list[Any]:
    """Scaled dot-product attention."""
    q, k, v = x @ wq, x @ wk, x @ wv
    a = torch.softmax(q @ k.T / 8, dim=1)
    return with_gradients(functional.mse_loss(a @ v, target), (wq, wk, wv))


def tiny(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> list[Any]:  # noqa: PLR0913  (all its weights)
    """4-8-8-1 on one example."""
    h = torch.tanh(w1 @ x + b1)
    k = torch.tanh(w2 @ h + b2)
    loss = (w3 @ k + b3 - y) ** 2
    return with_gradients(loss, (w1, b1, w2, b2, w3, b3))


def with_gradients(loss: Any, weights: Any) -> list[Any]:
    """The loss and its gradients."""
    return [loss, *torch.autograd.grad(loss, weights)]


def tensors(values: list[Any], trained: list[bool]) -> list[Any]:
    """Arrays as tensors, with gradients where they are trained."""
    pairs = zip(values, trained, strict=True)
    return [torch.tensor(value).requires_grad_(needs) for value, needs in pairs]


def numbers(results: list[Any]) -> list[Any]:
    """What came out, as arrays."""
    return [result.detach().numpy() for result in results]
