"""The bodies of the kinds, and problems in parts."""

from __future__ import annotations

from typing import Any

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.model import Cnn, Graph, Network, Recurrent
from hwsolve.problem.reader import read_text


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as raised:
        read_text(text, "t")
    return str(raised.value)


def network(text: str) -> Network:
    body = read_text(f"kind: network\n{text}", "t").body
    assert isinstance(body, Network)
    return body


def test_a_network_has_layers_with_the_names_of_given_weights() -> None:
    body = network(
        "given: {x: [1, 2], t: [1], W1: [[1, 2]], b1: [0]}\n"
        "layers:\n  - {W: W1, b: b1, activation: sigmoid, name: hidden}\n  - {W: W1}\n"
        "loss: mse\nequations: [M = 2*L]"
    )
    assert (body.input, body.target, body.examples) == ("x", "t", "single")
    first, second = body.layers
    assert first[:4] == ("W1", "b1", "sigmoid", "hidden")
    assert second[:4] == ("W1", None, "linear", "")
    assert (str(first.place), str(second.place)) == ("t:4:5", "t:5:5")
    assert body.loss is not None
    assert body.loss.text == "mse"
    assert [equation.text for equation in body.equations] == ["M = 2*L"]


def test_weights_in_a_layer_become_given_values() -> None:
    problem = read_text(
        "kind: network\ngiven: {x: 1}\nlayers:\n"
        "  - {W: [[1, 2]], b: 0.5}\n  - {W: eye(2)}\n  - {W: 3, b: [sqrt(2)]}\n"
    )
    assert isinstance(problem.body, Network)
    assert [layer[:2] for layer in problem.body.layers] == [
        ("W1", "b1"),
        ("W2", None),
        ("W3", "b3"),
    ]
    values = {name: value.value for name, value in problem.given.items()}
    assert values == {"x": 1, "W1": [[1, 2]], "b1": 0.5, "W2": None, "W3": 3, "b3": None}
    assert problem.given["b3"].formula is not None


@pytest.mark.parametrize(
    ("given", "examples"),
    [("1", "single"), ("[1, 2]", "single"), ("[[1, 2]]", "rows"), ("[[1, sqrt(2)]]", "rows"),
     ("[sqrt(2)]", "single")],
)  # fmt: skip
def test_a_matrix_holds_an_example_in_each_row(given: str, examples: str) -> None:
    assert network(f"given: {{x: {given}, W: 1}}\nlayers: [{{W: W}}]").examples == examples


@pytest.mark.parametrize(
    ("given", "loss", "target"),
    [("x: 1, T: 1", "mse", "T"), ("X: 1, Y: 1", "mse", "Y"), ("x: 1", "L = yhat^2", None),
     ("x: 1, y: 1, t: 2", "L = (yhat - t)^2", None)],
)  # fmt: skip
def test_the_target_is_the_one_that_is_given(given: str, loss: str, target: str | None) -> None:
    assert network(f"given: {{{given}, W: 1}}\nlayers: [{{W: W}}]\nloss: {loss}").target == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("given: {W: 1}\nlayers: [{W: W}]", ("1:1: no input is given; "
         "give x, or write 'input: name'")),
        ("given: {W: 1, x: 1, X: 2}\nlayers: [{W: W}]", ("1:1: both 'x' and 'X' are given; "
         "write 'input: x' or 'input: X'")),
        ("given: {W: 1}\nlayers: [{W: W}]\ninput: w", "4:8: 'w' is not given; did you mean 'W'?"),
        ("given: {W: 1, x: 1}\nlayers: [{W: W}]\ninput: 3x", ("4:8: 'input' takes the name of a "
         "given value, not '3x'; a name starts with a letter")),
        ("given: {W: 1, x: 1}\nlayers: [{W: W}]\ninput: [1, 2]", ("4:8: 'input' takes the name of "
         "a given value, not a list; write the value under 'given' and its name here: input: x")),
        ("given: {W: 1, x: eye(2)}\nlayers: [{W: W}]", ("2:18: the shape of the input 'x' is not "
         "known before it is computed; "
         "write 'examples: single', 'examples: rows' or 'examples: columns'")),
        ("given: {W: 1, x: 1}\nlayers: [{W: W}]\nloss: mse", ("4:7: the loss 'mse' needs a target; "
         "give y or t, or write 'target: name'")),
        ("given: {W: 1, x: 1, y: 1, t: 1}\nlayers: [{W: W}]\nloss: mse", ("4:7: 'y' and 't' are "
         "given; write 'target: y'")),
        ("given: {W: 1, x: 1}\nlayers: [{W: W}]\ntarget: z", ("4:9: 'z' is not given; "
         "write it under 'given'")),
        ("given: {x: 1}\nlayers: {W: W}", ("3:9: 'layers' takes a list, not a mapping; "
         "write '- ' before each layer")),
        ("given: {x: 1}\nlayers: []", ("3:9: 'layers' is empty; "
         "for example layers: [{W: W1, b: b1, activation: sigmoid}]")),
        ("given: {x: 1}\nlayers: [dense 3]", ("3:10: a layer of a network is a mapping, "
         "not a text; "
         "for example {W: W1, b: b1, activation: sigmoid}")),
        ("given: {x: 1}\nlayers: [{b: 3}]", ("3:10: layer 1 has no weights; "
         "for example {W: W1, b: b1, activation: sigmoid}")),
        ("given: {x: 1, w1: 2}\nlayers: [{W: W1}]", ("3:14: 'W1' is not given; "
         "did you mean 'w1'?")),
        ("given: {x: 1, W: 2}\nlayers: [{W: W, actvation: relu}]", ("3:17: unknown key "
         "'actvation' in a layer; "
         "did you mean 'activation'?")),
        ("given: {x: 1, W: 2}\nlayers: [{W: W, b: }]", ("3:17: 'b' has no value; "
         "write one, or remove the key")),
        ("given: {x: 1, W: 2}\nlayers: [{W: W, name: [a]}]", ("3:23: 'name' takes a word, "
         "not a list")),
        ("given: {x: 1, W1: 2}\nlayers: [{W: [[1]]}]", ("3:14: these values would be called 'W1', "
         "but that name is given already; "
         "write them under 'given' with another name, or use the given W1")),
        ("given: {x: 1}\nlayers: [{W: [[1], [1, 2]]}]", ("3:20: row 2 of 'W1' has 2 numbers, "
         "but row 1 has 1 number; all rows must have the same length")),
        ("given: {x: '1'}\nlayers: [{W: 1}]", ("2:12: the number 1 stands in quotes; "
         "remove the quotes")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_network_is_said(text: str, message: str) -> None:
    assert refusal(f"kind: network\n{text}") == f"t:{message}"


def test_a_recurrent_cell_has_its_options_as_written() -> None:
    body = read_text(
        "kind: recurrent\ncell: gru\ngiven: {x: [[1]]}\nreset: after\nupdate: old\n"
        "concatenated: h x\nactivation: relu\nequations: L = h1[0]",
        "t",
    ).body
    assert isinstance(body, Recurrent)
    assert (body.cell, body.input) == ("gru", "x")
    options = {name: (option.text, str(option.origin)) for name, option in body.options.items()}
    assert options == {
        "reset": ("after", "t:4:8"),
        "update": ("old", "t:5:9"),
        "concatenated": ("h x", "t:6:15"),
        "activation": ("relu", "t:7:13"),
    }


def test_the_steps_of_a_sequence_may_be_given_one_by_one() -> None:
    body = read_text("kind: recurrent\ncell: rnn\ngiven: {x1: 1, x2: 2}").body
    assert isinstance(body, Recurrent)
    assert body.input == "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("given: {x: 1}", ("1:1: a problem of kind recurrent needs the key 'cell'; "
         "for example cell: lstm")),
        ("given: {x: 1}\ncell: lstn", "3:7: 'cell' cannot be 'lstn'; did you mean 'lstm'?"),
        ("given: {x: 1}\ncell: gru\nreset: befor", ("4:8: 'reset' cannot be 'befor'; "
         "did you mean 'before'?")),
        ("given: {y: 1}\ncell: gru", "1:1: no input is given; give x, or write 'input: name'"),
        ("given: {y: 1}\ncell: gru\ninput: x", "4:8: 'x' is not given; write it under 'given'"),
        ("given: {x: 1}\ncell: gru\npaths: 3", ("4:1: the key 'paths' belongs to kind architecture, not to "
         "kind recurrent; remove it, or change the kind")),
        ("given: {x: 1}\ncell: gru\nlayers: 0", "4:9: 'layers' is from 1 to 100, not 0"),
        ("given: {x: 1}\ncell: rnn\noutput: [1]", ("4:9: 'output' takes a mapping, not a list; "
         "for example output: softmax")),
        ("given: {x: 1}\ncell: rnn\noutput: {W: V}", ("4:13: 'V' is not given; "
         "write it under 'given'")),
        ("given: {x: 1}\ncell: rnn\nvocabulary: abc\ninput: abd", ("5:8: 'd' is not in the "
         "vocabulary; known are a, b, c")),
        ("given: {x: [3]}\ncell: rnn\nvocabulary: 3", ("2:12: x holds something that is no number "
         "of a symbol; the 3 symbols have the numbers 0 to 2")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_cell_is_said(text: str, message: str) -> None:
    assert refusal(f"kind: recurrent\n{text}") == f"t:{message}"


def cnn(text: str) -> Cnn:
    body = read_text(f"kind: cnn\n{text}", "t").body
    assert isinstance(body, Cnn)
    return body


def plain(value: Any) -> Any:
    """Texts without their places."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return None if value is None else value.text


def test_layers_have_a_short_and_a_long_form_with_and_without_names() -> None:
    body = cnn(
        """\
input: 1x32x32
batch: 32
layers:
  - C1: conv 6 5x5
  - pool 2
  - C3: {conv: 16, kernel: 5, table: [[0, 1], [1, 2]]}
  - pool: 2
  - {conv: 8, kernel: 3, from: input}
  - D: {conv: 32, from: [C1, C3]}
  - {concat: [C1, D]}
  - pool: max pool 2
  - flatten:
  - {flatten: , from: D}
  - conv: 3
    name: N
  - F6:
      dense: 84
paths: {left: [C1, C3], right: C1 -> D}
"""
    )
    assert (body.input.text, body.batch) == ("1x32x32", 32)
    assert [(layer.name, plain(layer.text)) for layer in body.layers] == [
        ("C1", "conv 6 5x5"), (None, "pool 2"), ("C3", None), (None, None), (None, None),
        ("D", None), (None, None), ("pool", "max pool 2"), (None, None), (None, None),
        ("N", None), ("F6", None),
    ]  # fmt: skip
    options = [layer.options for layer in body.layers]
    assert [{key: plain(value) for key, value in one.items()} for one in options] == [
        {}, {}, {"conv": "16", "kernel": "5", "table": [["0", "1"], ["1", "2"]]}, {"pool": "2"},
        {"conv": "8", "kernel": "3"}, {"conv": "32"}, {"concat": ["C1", "D"]}, {},
        {"flatten": None}, {"flatten": None}, {"conv": "3"}, {"dense": "84"},
    ]  # fmt: skip
    assert [[source.text for source in layer.sources] for layer in body.layers] == [
        [], [], [], [], ["input"], ["C1", "C3"], ["C1", "D"], [], [], ["D"], [], [],
    ]  # fmt: skip
    assert {name: [layer.text for layer in path] for name, path in body.paths.items()} == {
        "left": ["C1", "C3"],
        "right": ["C1", "D"],
    }
    assert [str(name.origin) for name in body.paths["right"]] == ["t:19:32", "t:19:38"]
    assert str(body.layers[2].place) == "t:7:5"


@pytest.mark.parametrize(
    ("size", "text"),
    [("30", "30"), ("1 × 32 x 32", "1x32x32"), ("[3, 224, 224]", "3x224x224"), ("3*8*8", "3x8x8")],
)
def test_a_size_is_written_in_several_ways(size: str, text: str) -> None:
    assert cnn(f"input: {size}\nlayers: [pool 2]").input.text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: [pool 2]", ("1:1: a problem of kind architecture needs the key 'input'; "
         "for example input: 1x32x32")),
        ("input: 1x32y32\nlayers: [pool 2]", ("2:8: 'input' takes a size, not '1x32y32'; "
         "write it as 1x32x32 or as a number of features")),
        ("input: 1x0\nlayers: [pool 2]", "2:8: the size 1x0 is empty; sizes start at 1"),
        ("input: {a: 1}\nlayers: [pool 2]", ("2:8: 'input' takes a size, not a mapping; "
         "for example input: 1x32x32")),
        ("input: 3\nlayers: [pool 2]\nbatch: 0", "4:8: 'batch' is from 1 to 1000000000, not 0"),
        ("input: 3\nlayers: conv", ("3:9: 'layers' takes a list, not a text; "
         "write '- ' before each layer")),
        ("input: 3\nlayers:\n  - A: pool 2\n  - A: pool 2", ("5:5: two layers are called 'A', "
         "the first in line 4; give each its own name")),
        ("input: 3\nlayers:\n  - C3:\n    kernel: 16", ("4:5: the layer 'C3' has no value; "
         "indent the lines below 'C3:' further, or write 'C3: {...}'")),
        ("input: 3\nlayers:\n  -", ("4:4: a layer was expected, found nothing; "
         "write it as 'conv 6 5x5' or 'C1: conv 6 5x5'")),
        ("input: 3\nlayers: [[a]]", ("3:10: a layer was expected, found a list; "
         "write it as 'conv 6 5x5' or 'C1: conv 6 5x5'")),
        ("input: 3\nlayers: [{A: []}]", "3:11: the layer 'A' is an empty list; write 'A: conv 6 5x5'"),
        ("input: 3\nlayers: [1A: pool 2]", ("3:10: '1A' cannot name a layer; "
         "a name starts with a letter")),
        ("input: 3\nlayers: [{conv: 3, kernel: }]", ("3:20: 'kernel' has no value; "
         "write one, or remove the key")),
        ("input: 3\nlayers: [{conv: 3, kernel: '5'}]", ("3:28: the number 5 stands in quotes; "
         "remove the quotes")),
        ("input: 3\nlayers: [{conv: 3, kernel: {a: 1}}]", ("3:28: the option 'kernel' takes a "
         "value or a list, not a mapping")),
        ("input: 3\nlayers: [pool 2]\npaths: [a]", ("4:8: 'paths' takes names with lists, not "
         "a list; for example paths: {left: [A, B]}")),
        ("input: 3\nlayers: [pool 2]\npaths: {a: }", ("4:9: the path 'a' has no layers; "
         "write 'a: [A, B]'")),
        ("input: 3\nlayers: [pool 2]\npaths: {1: [a]}", ("4:9: '1' cannot name a path; "
         "a name starts with a letter")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_layers_is_said(text: str, message: str) -> None:
    assert refusal(f"kind: cnn\n{text}") == f"t:{message}"


def test_the_words_for_layers_are_those_of_the_layer_table() -> None:
    from hwsolve.nets.layers import ROWS
    from hwsolve.problem.fields import LAYER_WORDS

    assert set(ROWS) | {"type", "kind", "layer"} == LAYER_WORDS


def test_parts_take_over_what_the_file_says() -> None:
    problem = read_text(
        """\
kind: graph
title: Several parts
given: {x: 1, w: 2}
conventions: {relu_at_0: 1, log: 2}
digits: 3
equations: [a = x*w]
find: [a]
parts:
  a: {title: first}
  b:
    given: {w: 5, v: 6}
    conventions: {log: 10}
    equations: [b = a*v]
    find: [b]
    digits: 5
    answers: {b: 30}
  c: {kind: cnn, input: 3, layers: [dense 2], answers: {total.params: 8}}
""",
        "t",
    )
    assert (problem.kind, problem.title, problem.body) == ("graph", "Several parts", Graph(()))
    first, second, third = problem.parts
    assert [part.label for part in problem.parts] == ["a", "b", "c"]
    assert [part.title for part in problem.parts] == ["first", "", ""]
    assert [part.kind for part in problem.parts] == ["graph", "graph", "architecture"]
    assert str(second.place) == "t:11:5"
    assert {name: value.value for name, value in first.given.items()} == {"x": 1, "w": 2}
    values = {name: value.value for name, value in second.given.items()}
    assert values == {"x": 1, "w": 5, "v": 6}
    assert {name: one.text for name, one in second.conventions.items()} == {
        "relu_at_0": "1",
        "log": "10",
    }
    assert isinstance(first.body, Graph)
    assert isinstance(second.body, Graph)
    assert [equation.text for equation in first.body.equations] == ["a = x*w"]
    assert [equation.text for equation in second.body.equations] == ["a = x*w", "b = a*v"]
    assert [part.settings.digits for part in problem.parts] == [3, 5, 3]
    assert [[name.text for name in part.find] for part in problem.parts] == [
        ["a"],
        ["b"],
        ["total.params"],
    ]
    assert isinstance(third.body, Cnn)
    assert str(first.given["x"].place) == "t:3:12"


def test_parts_of_their_own_kinds_need_none_in_the_file() -> None:
    problem = read_text(
        "given: {x: 1}\nparts:\n  i: {kind: graph, equations: [z = x]}\n"
        "  ii: {kind: recurrent, cell: rnn}\n"
    )
    assert problem.kind == ""
    assert [part.kind for part in problem.parts] == ["graph", "recurrent"]
    same = read_text("parts: {1: {kind: graph, equations: a = 1}}")
    assert same.kind == "graph"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: graph\nequations: a = 1\nparts: [a]", ("3:8: 'parts' is a list; "
         "write 'a:' and its keys below it")),
        ("kind: graph\nequations: a = 1\nparts: {}", ("3:1: 'parts' is empty; "
         "write 'a:' and its keys below it")),
        ("kind: graph\nequations: a = 1\nparts:", ("3:1: the key 'parts' has no value; "
         "write one, or remove the key")),
        ("kind: graph\nequations: a = 1\nparts: {a: 3, b: }", ("3:9: part 'a' is a text; "
         "write its keys below it, such as 'find: [z]'\n"
         "t:3:15: part 'b' is empty; write its keys below it, such as 'find: [z]'")),
        ("kind: graph\nequations: a = 1\nparts: {a: {fnd: a}}", ("3:13: unknown key 'fnd'; "
         "did you mean 'find'?")),
        ("kind: graph\nparts: {a: {find: a}}", ("2:12: part 'a' needs the key 'equations'; "
         "for example equations: [x1 = relu(x0*w0 + b0), z = x1 + x0]")),
        ("kind: graph\nequations: a = 1\nparts: {a: {parts: {b: {find: a}}}}", ("3:13: "
         "a part cannot have parts; write them side by side")),
        ("kind: graph\nequations: a = 1\nparts: {a: {find: a}}\nanswers: {a: 1}", ("4:1: "
         "the answers of a problem in parts belong to its parts; "
         "move them below the part that they answer")),
        ("equations: a = 1\nparts: {a: {find: a}}", ("2:12: part 'a' has no key 'kind'; "
         "add 'kind: graph' (kinds are graph, network, recurrent, architecture, optimizer, derivation, claim, functions)")),
        ("layers: [a]\nparts: {a: {kind: cnn, input: 3, layers: [dense 1]}}", ("1:1: the key "
         "'layers' needs a 'kind' beside it; kind network, recurrent or architecture has it")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_parts_is_said(text: str, message: str) -> None:
    assert refusal(text) == f"t:{message}"


def test_what_parts_share_is_found_wrong_only_once() -> None:
    assert (
        refusal(
            "kind: network\ngiven: {x: 1}\nlayers: [{W: V}]\nparts: {a: {find: z}, b: {find: y}}"
        )
        == "t:3:14: 'V' is not given; write it under 'given'"
    )
