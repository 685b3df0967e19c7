"""The problems of the tensor benchmark in numpy, as carefully as one writes them by hand.

Buffers are made once and used again, operations overwrite what is needed no more,
products with the inputs of a sequence and the slopes of all its gates are done at once,
a bias' gradient is a sum along an axis, and maps lie with the batch as their last axis,
so that im2col copies long runs. Each returns the loss and the gradients.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np


class Perceptron:
    """30-1024-512-1 with ReLU and the mean squared error, a batch in rows."""

    def __init__(self, dtype: Any, batch: int = 32) -> None:
        sizes = (30, 1024, 512, 1)
        self.z = [np.empty((batch, n), dtype) for n in sizes[1:]]
        self.masks = [np.empty((batch, n), bool) for n in sizes[1:-1]]
        self.d = [np.empty((batch, n), dtype) for n in sizes[1:-1]]
        self.dw = [np.empty((n, m), dtype) for m, n in pairwise(sizes)]
        self.db = [np.empty(n, dtype) for n in sizes[1:]]

    def __call__(self, x: Any, y: Any, *weights: Any) -> list[Any]:
        """The loss, then dL/dW and dL/db of each layer."""
        ws, bs = weights[::2], weights[1::2]
        before = x
        for number, z in enumerate(self.z):
            np.matmul(before, ws[number].T, out=z)
            np.add(z, bs[number], out=z)
            if number < 2:  # noqa: PLR2004  (the output layer is linear)
                np.maximum(z, 0, out=z)
            before = z
        d = self.z[2]
        np.subtract(d, y, out=d)
        flat = d.ravel()
        loss = float(flat @ flat) / d.size
        np.multiply(d, 2 / d.size, out=d)
        for number in (2, 1, 0):
            before = self.z[number - 1] if number else x
            np.matmul(d.T, before, out=self.dw[number])
            np.sum(d, axis=0, out=self.db[number])
            if number:
                mask, below = self.masks[number - 1], self.d[number - 1]
                np.greater(before, 0, out=mask)
                np.matmul(d, ws[number], out=below)
                np.multiply(below, mask, out=below)
                d = below
        return [loss, *(part for pair in zip(self.dw, self.db, strict=True) for part in pair)]


class Lenet:
    """LeNet-5 with tanh and means, cross-entropy: maps are channels x height x width x batch."""

    def __init__(self, dtype: Any, batch: int = 32) -> None:
        def e(*shape: int) -> Any:
            return np.empty(shape, dtype)

        self.n = n = batch
        self.col1, self.col2, self.dcol = e(25, 784 * n), e(150, 100 * n), e(150, 100 * n)
        self.a1, self.s1 = e(6, 28, 28, n), e(6, 28, 28, n)
        self.a2, self.s2 = e(16, 10, 10, n), e(16, 10, 10, n)
        self.p1, self.dp1, self.p2 = e(6, 14, 14, n), e(6, 14, 14, n), e(16, 5, 5, n)
        self.h3, self.h4, self.z, self.t = e(n, 120), e(n, 84), e(n, 10), e(n, 10)
        self.column, self.d4, self.d3, self.df = e(n, 1), e(n, 84), e(n, 120), e(400, n)
        shapes = (
            (6, 25),
            (6,),
            (16, 150),
            (16,),
            (120, 400),
            (120,),
            (84, 120),
            (84,),
            (10, 84),
            (10,),
        )
        self.g = [e(*shape) for shape in shapes]

    def __call__(self, x: Any, y: Any, *weights: Any) -> list[Any]:  # noqa: PLR0915  (all its layers)
        """The loss and the gradients by all weights."""
        k1, c1, k2, c2, w3, b3, w4, b4, w5, b5 = weights
        n = self.n
        xt = x.transpose(1, 2, 3, 0)
        col1 = self.col1.reshape(1, 5, 5, 28, 28, n)
        for i in range(5):
            for j in range(5):
                col1[:, i, j] = xt[:, i : i + 28, j : j + 28]
        a1 = self.a1.reshape(6, -1)
        np.matmul(k1.reshape(6, 25), self.col1, out=a1)
        np.add(a1, c1.reshape(6, 1), out=a1)
        np.tanh(a1, out=a1)
        self.pool(self.a1, self.p1)
        col2 = self.col2.reshape(6, 5, 5, 10, 10, n)
        for i in range(5):
            for j in range(5):
                col2[:, i, j] = self.p1[:, i : i + 10, j : j + 10]
        a2 = self.a2.reshape(16, -1)
        k2 = k2.reshape(16, 150)
        np.matmul(k2, self.col2, out=a2)
        np.add(a2, c2.reshape(16, 1), out=a2)
        np.tanh(a2, out=a2)
        self.pool(self.a2, self.p2)
        f = self.p2.reshape(400, n).T
        h3, h4, z, t, column = self.h3, self.h4, self.z, self.t, self.column
        np.matmul(f, w3.T, out=h3)
        np.add(h3, b3, out=h3)
        np.tanh(h3, out=h3)
        np.matmul(h3, w4.T, out=h4)
        np.add(h4, b4, out=h4)
        np.tanh(h4, out=h4)
        np.matmul(h4, w5.T, out=z)
        np.add(z, b5, out=z)
        np.max(z, axis=1, keepdims=True, out=column)
        np.subtract(z, column, out=z)
        np.exp(z, out=t)
        np.sum(t, axis=1, keepdims=True, out=column)
        np.divide(t, column, out=t)
        np.log(column, out=column)
        np.subtract(z, column, out=z)
        loss = -float(np.vdot(y, z)) / n
        # softmax with cross-entropy: (p·sum(y) - y)/n
        np.sum(y, axis=1, keepdims=True, out=column)
        np.multiply(t, column, out=t)
        np.subtract(t, y, out=t)
        np.divide(t, n, out=t)
        g = self.g
        self.dense(t, h4, w5, g[8], g[9], self.d4)
        np.multiply(self.d4, self.slope(h4), out=self.d4)
        self.dense(self.d4, h3, w4, g[6], g[7], self.d3)
        np.multiply(self.d3, self.slope(h3), out=self.d3)
        np.matmul(self.d3.T, f, out=g[4])
        np.sum(self.d3, axis=0, out=g[5])
        np.matmul(w3.T, self.d3.T, out=self.df)
        self.unpool(self.df.reshape(16, 5, 5, n), self.s2)
        d2 = self.s2.reshape(16, -1)
        np.multiply(d2, self.slope(a2), out=d2)
        np.matmul(d2, self.col2.T, out=g[2])
        np.sum(d2, axis=1, out=g[3])
        np.matmul(k2.T, d2, out=self.dcol)
        dcol = self.dcol.reshape(6, 5, 5, 10, 10, n)
        self.dp1.fill(0)
        for i in range(5):
            for j in range(5):
                part = self.dp1[:, i : i + 10, j : j + 10]
                np.add(part, dcol[:, i, j], out=part)
        self.unpool(self.dp1, self.s1)
        d1 = self.s1.reshape(6, -1)
        np.multiply(d1, self.slope(a1), out=d1)
        np.matmul(d1, self.col1.T, out=g[0])
        np.sum(d1, axis=1, out=g[1])
        return [loss, *g]

    @staticmethod
    def pool(a: Any, out: Any) -> None:
        """The mean of each 2x2."""
        np.add(a[:, ::2, ::2], a[:, ::2, 1::2], out=out)
        np.add(out, a[:, 1::2, ::2], out=out)
        np.add(out, a[:, 1::2, 1::2], out=out)
        np.multiply(out, 0.25, out=out)

    @staticmethod
    def unpool(d: Any, out: Any) -> None:
        """A quarter for each entry of a 2x2."""
        np.multiply(d, 0.25, out=d)
        c, h, w, n = d.shape
        out.reshape(c, h, 2, w, 2, n)[...] = d[:, :, None, :, None]

    @staticmethod
    def slope(a: Any) -> Any:
        """1 - a^2, in place of a."""
        np.square(a, out=a)
        np.subtract(1, a, out=a)
        return a

    @staticmethod
    def dense(d: Any, before: Any, w: Any, dw: Any, db: Any, below: Any) -> None:  # noqa: PLR0913  (a layer)
        """A dense layer backwards."""
        np.matmul(d.T, before, out=dw)
        np.sum(d, axis=0, out=db)
        np.matmul(d, w, out=below)


class Lstm:
    """An LSTM with the gates i, f, g, o in one matrix."""

    def __init__(self, dtype: Any, t: int = 50, b: int = 16, i: int = 32, h: int = 64) -> None:
        def e(*shape: int) -> Any:
            return np.empty(shape, dtype)

        self.sizes = t, b, i, h
        self.z, self.tc = e(t, b, 4 * h), e(t, b, h)
        self.h, self.c = e(t + 1, b, h), e(t + 1, b, h)
        self.s, self.dtc, self.dz = e(t, b, 4 * h), e(t, b, h), e(t, b, 4 * h)
        self.zh, self.t1, self.dh, self.dc = e(b, 4 * h), e(b, h), e(b, h), e(b, h)
        self.dwx, self.dwh, self.db = e(4 * h, i), e(4 * h, h), e(4 * h)

    def __call__(self, x: Any, wx: Any, wh: Any, b: Any, h0: Any, c0: Any) -> list[Any]:  # noqa: PLR0913  (all its weights)
        """The loss and the gradients by wx, wh and b."""
        steps, batch, inputs, n = self.sizes
        z, h, c, tc, zh, t1 = self.z, self.h, self.c, self.tc, self.zh, self.t1
        flat = z.reshape(steps * batch, 4 * n)
        np.matmul(x.reshape(steps * batch, inputs), wx.T, out=flat)
        np.add(flat, b, out=flat)
        h[0], c[0] = h0, c0
        for t in range(steps):
            now, state = z[t], c[t + 1]
            np.matmul(h[t], wh.T, out=zh)
            np.add(now, zh, out=now)
            self.sigmoid(now[:, : 2 * n])
            self.sigmoid(now[:, 3 * n :])
            np.tanh(now[:, 2 * n : 3 * n], out=now[:, 2 * n : 3 * n])
            np.multiply(now[:, n : 2 * n], c[t], out=state)
            np.multiply(now[:, :n], now[:, 2 * n : 3 * n], out=t1)
            np.add(state, t1, out=state)
            np.tanh(state, out=tc[t])
            np.multiply(now[:, 3 * n :], tc[t], out=h[t + 1])
        loss = float(np.vdot(h[steps], h[steps])) / (batch * n)
        self.slopes()
        s, dtc, dz, dh, dc = self.s, self.dtc, self.dz, self.dh, self.dc
        np.multiply(h[steps], 2 / (batch * n), out=dh)
        dc.fill(0)
        for t in range(steps - 1, -1, -1):
            now, d = z[t], dz[t]
            np.multiply(dh, tc[t], out=d[:, 3 * n :])
            np.multiply(dh, dtc[t], out=t1)
            np.add(dc, t1, out=dc)
            np.multiply(dc, now[:, 2 * n : 3 * n], out=d[:, :n])
            np.multiply(dc, c[t], out=d[:, n : 2 * n])
            np.multiply(dc, now[:, :n], out=d[:, 2 * n : 3 * n])
            np.multiply(d, s[t], out=d)
            if t:
                np.multiply(dc, now[:, n : 2 * n], out=dc)
                np.matmul(d, wh, out=dh)
        d = dz.reshape(steps * batch, 4 * n)
        np.matmul(d.T, x.reshape(steps * batch, inputs), out=self.dwx)
        np.matmul(d.T, h[:-1].reshape(steps * batch, n), out=self.dwh)
        np.sum(d, axis=0, out=self.db)
        return [loss, self.dwx, self.dwh, self.db]

    def slopes(self) -> None:
        """The slopes of all gates and of tanh(c) at all steps, the latter times o."""
        n = self.sizes[3]
        z, s, dtc = self.z, self.s, self.dtc
        np.subtract(1, z, out=s)
        np.multiply(s, z, out=s)
        g, slope = z[:, :, 2 * n : 3 * n], s[:, :, 2 * n : 3 * n]
        np.square(g, out=slope)
        np.subtract(1, slope, out=slope)
        np.square(self.tc, out=dtc)
        np.subtract(1, dtc, out=dtc)
        np.multiply(dtc, z[:, :, 3 * n :], out=dtc)

    @staticmethod
    def sigmoid(x: Any) -> None:
        """1/(1 + exp(-x)), in place."""
        np.negative(x, out=x)
        np.exp(x, out=x)
        np.add(x, 1, out=x)
        np.divide(1, x, out=x)


class Attention:
    """Scaled dot-product attention of 64 tokens with 64 features, mean squared error."""

    def __init__(self, dtype: Any, n: int = 64) -> None:
        self.q, self.k, self.v, self.a, self.o, self.t, self.dq, self.dk, self.dv = (
            np.empty((n, n), dtype) for _ in range(9)
        )
        self.g = [np.empty((n, n), dtype) for _ in range(3)]
        self.column = np.empty((n, 1), dtype)

    def __call__(self, x: Any, wq: Any, wk: Any, wv: Any, target: Any) -> list[Any]:
        """The loss and the gradients by the three matrices."""
        q, k, v, a, o, t, column = self.q, self.k, self.v, self.a, self.o, self.t, self.column
        np.matmul(x, wq, out=q)
        np.matmul(x, wk, out=k)
        np.matmul(x, wv, out=v)
        np.matmul(q, k.T, out=a)
        np.multiply(a, 0.125, out=a)
        np.max(a, axis=1, keepdims=True, out=column)
        np.subtract(a, column, out=a)
        np.exp(a, out=a)
        np.sum(a, axis=1, keepdims=True, out=column)
        np.divide(a, column, out=a)
        np.matmul(a, v, out=o)
        np.subtract(o, target, out=o)
        flat = o.ravel()
        loss = float(flat @ flat) / o.size
        np.multiply(o, 2 / o.size, out=o)
        np.matmul(a.T, o, out=self.dv)
        np.matmul(o, v.T, out=t)
        np.multiply(t, a, out=v)
        np.sum(v, axis=1, keepdims=True, out=column)
        np.subtract(t, column, out=t)
        np.multiply(t, a, out=t)
        np.multiply(t, 0.125, out=t)
        np.matmul(t, k, out=self.dq)
        np.matmul(t.T, q, out=self.dk)
        for weight, upstream in zip(self.g, (self.dq, self.dk, self.dv), strict=True):
            np.matmul(x.T, upstream, out=weight)
        return [loss, *self.g]
