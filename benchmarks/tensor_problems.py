"""The problems of the tensor benchmark, as a user would write them."""

from __future__ import annotations


def perceptron(width: int = 1024, batch: int = 32, depth: int = 1) -> str:
    """30-1024-512-1 with ReLU and the mean squared error; `depth` more layers of 512."""
    sizes = [30, width, width // 2, *[width // 2] * (depth - 1), 1]
    given = [f"X: zeros({batch}, 30)", f"Y: zeros({batch}, 1)"]
    lines, before = [], "X"
    last = len(sizes) - 1
    for number in range(1, last + 1):
        given += [f"W{number}: zeros({sizes[number]}, {sizes[number - 1]})"]
        given += [f"b{number}: zeros({sizes[number]})"]
        lines.append(f"Z{number} = {before} @ W{number}.T + b{number}")
        if number < last:
            lines.append(f"H{number} = relu(Z{number})")
        before = f"H{number}"
    lines.append(f"L = mse(Z{last}, Y)")
    find = [f"dL/d{letter}{number}" for number in range(1, last + 1) for letter in "Wb"]
    return written(given, lines, ["L", *find])


LENET = """\
kind: graph
given:
  X: zeros(32, 1, 32, 32)
  Y: zeros(32, 10)
  K1: zeros(6, 1, 5, 5)
  c1: zeros(6, 1, 1)
  K2: zeros(16, 6, 5, 5)
  c2: zeros(16, 1, 1)
  W3: zeros(120, 400)
  b3: zeros(120)
  W4: zeros(84, 120)
  b4: zeros(84)
  W5: zeros(10, 84)
  b5: zeros(10)
equations:
  - Z1 = conv2d(X, K1) + c1
  - A1 = tanh(Z1)
  - P1 = avg_pool(A1, 2)
  - Z2 = conv2d(P1, K2) + c2
  - A2 = tanh(Z2)
  - P2 = avg_pool(A2, 2)
  - F = reshape(P2, 32, 400)
  - Z3 = F @ W3.T + b3
  - H3 = tanh(Z3)
  - Z4 = H3 @ W4.T + b4
  - H4 = tanh(Z4)
  - Z = H4 @ W5.T + b5
  - L = -sum(Y*log_softmax(Z))/32
find: [L, dL/dK1, dL/dc1, dL/dK2, dL/dc2, dL/dW3, dL/db3, dL/dW4, dL/db4, dL/dW5, dL/db5]
"""


def lstm(steps: int = 50, batch: int = 16, inputs: int = 32, hidden: int = 64) -> str:
    """An LSTM with the gates i, f, g, o stacked as PyTorch has them; the last state is scored."""
    given = [
        f"X: zeros({steps}, {batch}, {inputs})",
        f"Wx: zeros({4 * hidden}, {inputs})",
        f"Wh: zeros({4 * hidden}, {hidden})",
        f"b: zeros({4 * hidden})",
        f"h0: zeros({batch}, {hidden})",
        f"c0: zeros({batch}, {hidden})",
    ]
    cuts = [f"{number * hidden}:{(number + 1) * hidden}" for number in range(4)]
    lines = []
    for t in range(1, steps + 1):
        lines += [
            f"z{t} = X[{t - 1}] @ Wx.T + h{t - 1} @ Wh.T + b",
            f"i{t} = sigmoid(z{t}[:, {cuts[0]}])",
            f"f{t} = sigmoid(z{t}[:, {cuts[1]}])",
            f"g{t} = tanh(z{t}[:, {cuts[2]}])",
            f"o{t} = sigmoid(z{t}[:, {cuts[3]}])",
            f"c{t} = f{t}*c{t - 1} + i{t}*g{t}",
            f"h{t} = o{t}*tanh(c{t})",
        ]
    lines.append(f"L = mean(h{steps}^2)")
    return written(given, lines, ["L", "dL/dWx", "dL/dWh", "dL/db"])


ATTENTION = """\
kind: graph
given: {X: "zeros(64, 64)", Wq: "zeros(64, 64)", Wk: "zeros(64, 64)", Wv: "zeros(64, 64)",
  T: "zeros(64, 64)"}
equations:
  - Q = X @ Wq
  - K = X @ Wk
  - V = X @ Wv
  - S = Q @ K.T / sqrt(64)
  - A = softmax(S)
  - O = A @ V
  - L = mean((O - T)^2)
find: [L, dL/dWq, dL/dWk, dL/dWv]
"""

TINY = """\
kind: graph
given:
  x: zeros(4)
  y: 0
  W1: zeros(8, 4)
  b1: zeros(8)
  W2: zeros(8, 8)
  b2: zeros(8)
  w3: zeros(8)
  b3: 0
equations:
  - h[i] = tanh(sum(W1[i,j]*x[j] for j in 0..3) + b1[i]) for i in 0..7
  - k[i] = tanh(sum(W2[i,j]*h[j] for j in 0..7) + b2[i]) for i in 0..7
  - o = sum(w3[i]*k[i] for i in 0..7) + b3
  - L = (o - y)^2
find: [L, dL/dW1, dL/db1, dL/dW2, dL/db2, dL/dw3, dL/db3]
"""


def written(given: list[str], lines: list[str], find: list[str]) -> str:
    """A problem file."""
    values = "\n".join(f"  {line}" for line in given)
    equations = "\n".join(f"  - {line}" for line in lines)
    return f"kind: graph\ngiven:\n{values}\nequations:\n{equations}\nfind: [{', '.join(find)}]\n"
