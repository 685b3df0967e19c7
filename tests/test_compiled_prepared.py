"""`hwsolve.prepare`: a problem compiled once and evaluated with other numbers."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from commands import RESIDUAL, ROOT

import hwsolve
from hwsolve.errors import HwsolveError
from hwsolve.expr.graph import Graph

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
kind: graph
given: {W: [[1, 2], [3, 4]], x: [1, -1], t: 2}
equations:
  - z = W @ x
  - h = tanh(z)
  - L = sum((h - t)^2)
find: [h, L, dL/dW, dL/dt]
"""


def by_hand(w: Any, x: Any, t: float) -> dict[str, Any]:
    """MATRIX, worked out with paper and pencil."""
    h = np.tanh(w @ x)
    slope = 2 * (h - t) * (1 - h * h)
    return {
        "h": h,
        "L": ((h - t) ** 2).sum(),
        "dL/dW": np.outer(slope, x),
        "dL/dt": -2 * (h - t).sum(),
    }


def close(found: dict[str, Any], expected: dict[str, Any], rtol: float = 1e-13) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=rtol, err_msg=name)


# the values of README.md: the residual connection of problems/t1.yaml
def test_without_other_values_the_problem_is_evaluated_as_it_stands() -> None:
    prepared = hwsolve.prepare(RESIDUAL)
    assert prepared.names[0] == "z"
    assert prepared()["z"] == pytest.approx(1.03, rel=1e-14)
    assert prepared()["dz/dw0"] == pytest.approx(-0.2, rel=1e-14)


def test_other_values_come_by_name_and_last_for_one_evaluation() -> None:
    prepared = hwsolve.prepare(RESIDUAL)
    # x1 = relu(1·0.3 + 0.1) = 0.4, y1 = 0.4·(-0.2) + 0.15 = 0.07, z = 1.07
    assert prepared(w0=0.3)["z"] == pytest.approx(1.07, rel=1e-14)
    assert prepared()["z"] == pytest.approx(1.03, rel=1e-14)


def test_arrays_come_as_lists_and_as_arrays_of_any_order() -> None:
    prepared = hwsolve.prepare(MATRIX)
    w, x = np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([0.5, 2.0])
    expected = by_hand(w, x, 0.25)
    close(prepared(W=w, x=x, t=0.25), expected)
    close(prepared(W=w.tolist(), x=(0.5, 2), t=0.25), expected)
    close(prepared(W=np.asfortranarray(w), x=np.array([9, 0.5, 9, 2.0])[1::2], t=0.25), expected)
    close(prepared.evaluate({"W": w.astype(object), "x": x, "t": np.float64(0.25)}), expected)
    whole = by_hand(np.array([[1, 2], [3, 4]]), np.array([1, 2]), 1)
    close(prepared(W=[[1, 2], [3, 4]], x=[1, 2], t=1), whole)


def test_results_are_the_callers_own() -> None:
    prepared = hwsolve.prepare(MATRIX)
    first = prepared()
    kept = {name: np.array(value) for name, value in first.items()}
    part = prepared()["dL/dW"][1:]
    part_before = part.copy()
    second = prepared(t=7)
    assert not np.array_equal(second["dL/dW"], first["dL/dW"])
    for name, value in kept.items():
        np.testing.assert_array_equal(first[name], value)
    # a slice keeps the memory of its array from being used again
    np.testing.assert_array_equal(part, part_before)
    second["dL/dW"][:] = 99
    close(prepared(), {name: kept[name] for name in prepared.names})


def test_a_result_may_be_the_next_given_value() -> None:
    text = "kind: graph\ngiven: {x: [1, 2]}\nequations: [y = cos(x)]\nfind: [y]\n"
    prepared = hwsolve.prepare(text)
    x: Any = np.array([0.5, 1.5])
    expected = x.copy()
    for _ in range(5):
        x = prepared(x=x)["y"]
        expected = np.cos(expected)
        np.testing.assert_allclose(x, expected, rtol=1e-15)


def test_memory_of_results_that_nobody_holds_is_used_again() -> None:
    prepared = hwsolve.prepare(MATRIX)
    first = prepared()["dL/dW"].ctypes.data
    assert prepared(t=3)["dL/dW"].ctypes.data == first


def test_given_arrays_are_neither_changed_nor_handed_out() -> None:
    text = "kind: graph\ngiven: {x: [1, 2]}\nequations: [y = relu(x), z = sum(y*y)]\nfind: [x, y, z, dz/dx]\n"
    prepared = hwsolve.prepare(text)
    x = np.array([-3.0, 4.0])
    found = prepared(x=x)
    np.testing.assert_array_equal(x, [-3, 4])
    assert not np.shares_memory(found["x"], x)
    np.testing.assert_array_equal(found["x"], [-3, 4])
    np.testing.assert_array_equal(found["dz/dx"], [0, 8])
    # an array that was changed in place is read again
    x[0] = 5
    np.testing.assert_array_equal(prepared(x=x)["dz/dx"], [10, 8])


def test_entries_of_a_given_array_come_with_the_array() -> None:
    text = (
        "kind: graph\nconventions: {first_index: 1}\ngiven: {w: [[1, 2], [3, 4]], x: [5, 6, 7]}\n"
        "equations:\n  - h[i] = w[i,1]*x[1] + w[i,2]*x[3] for i in 1..2\n  - L = h[1]*h[2]\n"
        "find: [L, h, dL/dw, dL/dx]\n"
    )
    prepared = hwsolve.prepare(text)
    assert prepared.shapes == {"w": (2, 2), "x": (3,)}
    w, x = np.array([[2.0, -1.0], [0.5, 3.0]]), np.array([1.0, 100.0, 4.0])
    h = w @ x[[0, 2]]
    by_x = w[0] * h[1] + w[1] * h[0]
    found = prepared(w=w, x=x)
    assert found["L"] == h[0] * h[1]
    np.testing.assert_array_equal(found["h"], h)
    np.testing.assert_array_equal(found["dL/dw"], [x[[0, 2]] * h[1], x[[0, 2]] * h[0]])
    np.testing.assert_array_equal(found["dL/dx"], [by_x[0], 0, by_x[1]])
    found["h"][:] = 0
    np.testing.assert_array_equal(found["dL/dx"], [by_x[0], 0, by_x[1]])


def test_an_indexed_name_of_vectors_is_one_array() -> None:
    text = (
        "kind: graph\ngiven: {W: [[0.5, 1], [0, 2]], h0: [1, 2]}\nequations:\n  - h[0] = h0\n"
        "  - h[t] = W @ h[t-1] for t in 1..2\n  - L = sum(h[2]) + W[0,0]\nfind: [h, L]\n"
    )
    found = hwsolve.prepare(text)()
    np.testing.assert_array_equal(found["h"], [[1, 2], [2.5, 4], [5.25, 8]])
    assert found["L"] == 13.75


def test_find_asks_for_something_else() -> None:
    prepared = hwsolve.prepare(MATRIX, find=["dL/dx", "z"])
    assert prepared.names == ("dL/dx", "z")
    np.testing.assert_array_equal(prepared()["z"], [-1, -1])


def test_single_precision_is_that_of_the_arrays() -> None:
    prepared = hwsolve.prepare(MATRIX, dtype="float32")
    found = prepared()
    assert found["dL/dW"].dtype == np.float32
    close(found, by_hand(np.array([[1.0, 2], [3, 4]]), np.array([1.0, -1]), 2), rtol=1e-6)


def test_a_problem_of_numbers_needs_no_numpy() -> None:
    import subprocess

    program = (
        "import sys, hwsolve\n"
        f"prepared = hwsolve.prepare({RESIDUAL!r})\n"
        "prepared(w0=0.3)\n"
        "print('numpy' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"


@pytest.mark.parametrize(
    "file", ["sigmoid-network.yaml", "lstm-three-steps.yaml", "softmax-classifier.yaml"]
)
def test_networks_and_cells_give_what_solving_them_gives(file: str) -> None:
    problem = hwsolve.load(ROOT / "problems" / file)
    label = problem.parts[0].label if problem.parts else None
    solution = hwsolve.solve(problem, part=label)
    answers = solution.parts[0].answers if solution.parts else solution.answers
    found = hwsolve.prepare(problem, part=label)()
    for answer in answers:
        if answer.name in found and not isinstance(answer.value, str):
            expected: Any = answer.value
            np.testing.assert_allclose(found[answer.name], expected, rtol=1e-12, atol=1e-15)


def test_a_file_is_prepared_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "residual.yaml"
    path.write_text(RESIDUAL, encoding="utf-8")
    assert hwsolve.prepare(path)() == hwsolve.prepare(str(path))()


def message(*, text: str = MATRIX, options: dict[str, Any] | None = None, **values: Any) -> str:
    with pytest.raises(HwsolveError) as caught:
        hwsolve.prepare(text, **(options or {}))(**values)
    return str(caught.value)


def test_errors_say_what_does_not_fit() -> None:
    assert message(w=[[1, 2], [3, 4]]) == "'w' is not given in the problem; did you mean 'W'?"
    assert message(h=1) == "'h' is not given in the problem; given are W, x, t"
    assert message(W=[[1, 2, 3]]) == "'W' is 2x2 in the problem, not 1x3"
    assert message(W=3) == "'W' is 2x2 in the problem, not a number"
    assert message(x=np.zeros((2, 1))) == "'x' is a vector of 2 in the problem, not 2x1"
    assert message(x="ab") == "'x' is not an array of numbers"
    assert message(x=[[1], [2, 3]]) == "'x' is not an array of numbers"
    assert message(x=np.array([1j, 2])) == "'x' is not an array of numbers"
    assert message(t=[1, 2]) == "'t' is a number in the problem, not [1, 2]"
    assert message(t=float("nan")) == "'t' is not finite: nan"
    assert message(options={"dtype": "int8"}) == "dtype is float64 or float32, not 'int8'"


def test_a_step_without_a_value_is_named() -> None:
    text = "kind: graph\ngiven: {x: 1, w: [2, 3]}\nequations: [u = log(x), v = sqrt(w), z = u*sum(v)]\n"
    assert message(text=text, x=-1) == (
        "logarithm of a number that is not positive in u = log(x) with x = -1"
    )
    assert "square root of a negative number in" in message(text=text, w=[1, -1])
    prepared = hwsolve.prepare(
        "kind: graph\ngiven: {x: 1, y: 1}\nequations: [u = x*y, z = relu(-u)]\n"
    )
    with pytest.raises(HwsolveError, match="a number too large to hold in u = x·y with x = 1e"):
        prepared(x=1e200, y=1e200)
    assert prepared(x=-2, y=3) == {"z": 6}
    # the same beside arrays, where infinity is lost in a tanh
    prepared = hwsolve.prepare(
        "kind: graph\ngiven: {x: 1, w: [1, 2]}\nequations: [u = x*x, z = sum(tanh(u*w))]\n"
    )
    with pytest.raises(HwsolveError, match="a number too large to hold in u = x·x with x = 1e"):
        prepared(x=1e200)
    assert prepared(x=0) == {"z": 0}


def test_what_overflows_on_the_way_is_worked_out_step_by_step() -> None:
    # exp(800) is too large, but the sigmoid of -800 is just 0
    text = "kind: graph\ngiven: {x: [1, 2], s: 0}\nequations: [y = sigmoid(x), t = sigmoid(s)]\nfind: [y, t, dt/ds]\n"
    found = hwsolve.prepare(text)(x=[-800, 0], s=-900)
    assert found["y"].tolist() == [0, 0.5]
    assert found["t"] == 0
    assert found["dt/ds"] == 0


def test_a_kind_without_equations_cannot_be_prepared() -> None:
    text = "kind: functions\nfunctions: [tanh(x)]\n"
    assert message(text=text) == (
        "<text>:1:1: a problem of the kind functions is not evaluated with other numbers; "
        "graph, network and recurrent are"
    )
    parts = (
        "kind: graph\ngiven: {x: 2}\nparts: {a: {equations: [y = x]}, b: {equations: [y = 2*x]}}\n"
    )
    assert message(text=parts) == "<text>:1:1: the problem has parts; choose a part: a, b"
    assert hwsolve.prepare(parts, part="b")() == {"y": 4}


# what the generated code itself calls its variables, arrays and functions
GENERATED = (
    "v0 v1 t run results values a0 i0 o0 s1 part0 n_add exp tanh numpy import lambda "
    "__builtins__ __import__ σ"
)


@pytest.mark.parametrize("name", GENERATED.split())
def test_names_of_a_problem_do_not_enter_the_code(name: str) -> None:
    numbers = f"kind: graph\ngiven: {{{name}: 2, w: 5}}\nequations: [z = {name}^2*w]\n"
    prepared = hwsolve.prepare(numbers)
    assert prepared.evaluate({name: 3}) == {"z": 45}
    arrays = numbers.replace("w: 5", "w: [5, 6]").replace("*w", "*sum(w)")
    assert hwsolve.prepare(arrays).evaluate({name: 3}) == {"z": 99}


def test_the_code_runs_without_builtins() -> None:
    from hwsolve.expr.compiled_arrays import ArrayFunction
    from hwsolve.expr.compiled_program import program
    from hwsolve.expr.compiled_scalars import function_of_numbers
    from hwsolve.expr.operations import OPERATIONS
    from hwsolve.expr.tree import Sym

    spaces: list[dict[str, Any]] = []
    for value in (1.0, [1.0, 2.0]):
        graph = Graph()
        node = graph.emit(OPERATIONS["exp"], (graph.given(value, Sym("x")),))
        steps = program(graph, [node])
        if steps.shapes[-1]:
            spaces.append(ArrayFunction(graph, steps, "float64", [0]).space)
        else:
            spaces.append(function_of_numbers(steps, [0]).__globals__)
    assert [space["__builtins__"] for space in spaces] == [{}, {}]


def test_threads_take_turns() -> None:
    prepared = hwsolve.prepare(MATRIX)
    expected = {t: prepared(t=t)["dL/dW"].tolist() for t in range(4)}
    wrong: list[int] = []

    def work(t: int) -> None:
        found = [prepared(t=t)["dL/dW"].tolist() for _ in range(300)]
        wrong.extend(t for each in found if each != expected[t])

    threads = [threading.Thread(target=work, args=(t,)) for t in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
