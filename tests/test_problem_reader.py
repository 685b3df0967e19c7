"""Keys of a problem file: what each takes, and the whole message where it has something else."""

from __future__ import annotations

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.model import Graph, Settings, Written
from hwsolve.problem.reader import read_text


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as raised:
        read_text(text, "t")
    assert raised.value.exit_code == 2
    return str(raised.value)


def graph(text: str) -> str:
    return refusal(f"kind: graph\nequations: z = 1\n{text}\n")


def test_a_problem_has_what_its_file_says() -> None:
    problem = read_text(
        """\
kind: graph
title: Residual connection
statement: |
  Find z.

source: homework
given: {x0: 1.0, w0: 0.5, w1: -0.2, b0: 0.1, b1: 0.15}
equations:
  - x1 = relu(x0*w0 + b0)
  - y1 = x1*w1 + b1
  - z = relu(y1 + x0)
find: [z, dz/dw0]
answers: {z: 1.03}
conventions: {relu_at_0: 0.5}
digits: 4
exact: yes
round_steps: 3
ties: even
working: short
entry: dz/dw0
""",
        "t1.yaml",
    )
    assert (problem.path, problem.kind, problem.title) == (
        "t1.yaml",
        "graph",
        "Residual connection",
    )
    assert (problem.statement, problem.source, problem.label) == ("Find z.", "homework", "")
    values = {name: value.value for name, value in problem.given.items()}
    assert values == {"x0": 1.0, "w0": 0.5, "w1": -0.2, "b0": 0.1, "b1": 0.15}
    assert isinstance(problem.body, Graph)
    assert [equation.text for equation in problem.body.equations] == [
        "x1 = relu(x0*w0 + b0)",
        "y1 = x1*w1 + b1",
        "z = relu(y1 + x0)",
    ]
    assert [name.text for name in problem.find] == ["z", "dz/dw0"]
    assert list(problem.answers) == list(problem.answer_names) == ["z"]
    assert problem.conventions["relu_at_0"].text == "1/2"
    [entry] = problem.settings.entries
    assert problem.settings == Settings(4, True, 3, "even", "short", (entry,))
    assert entry.text == "dz/dw0"
    assert problem.parts == ()


def test_what_is_not_said_has_its_default() -> None:
    problem = read_text("kind: graph\nequations: z = 1\nanswers: {z: 1, y: 2}")
    assert (problem.title, problem.statement, problem.given) == ("", "", {})
    assert [name.text for name in problem.find] == ["z", "y"]
    assert problem.settings == Settings(None, False, None, "away", "full", ())
    assert read_text("kind: graph\nequations: z = 1").find == ()


def test_the_convention_of_ties_is_a_setting() -> None:
    problem = read_text("kind: graph\nequations: z = 1\nconventions: {ties: even}")
    assert problem.settings.ties == "even"


def test_ties_that_are_said_twice_must_agree() -> None:
    both = "kind: graph\nequations: z = 1\nties: {}\nconventions: {{ties: even}}"
    assert read_text(both.format("even")).settings.ties == "even"
    assert refusal(both.format("away")) == (
        "t:4:21: the convention 'ties' is even, but the key 'ties' is away; say it once"
    )


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    assert refusal("kind: graph\nworking: ful\nequation: [z = 1]\ngiven: {x: '1'}\ndigits: x") == (
        "t:2:10: 'working' cannot be 'ful'; did you mean 'full'?\n"
        "t:3:1: unknown key 'equation'; did you mean 'equations'?\n"
        "t:4:12: the number 1 stands in quotes; remove the quotes\n"
        "t:5:9: 'digits' takes a whole number, not 'x'; for example digits: 4"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "equations: [z = 1]",
            (
                "t:1:1: the file has no key 'kind'; "
                "add 'kind: graph' (kinds are graph, network, recurrent, architecture, optimizer, "
                "derivation, claim, functions)"
            ),
        ),
        ("kin: graph\nequations: z = 1", "t:1:1: unknown key 'kin'; did you mean 'kind'?"),
        (
            "kind: graph\nequations: z = 1\n:find: z",
            "t:3:1: unknown key ':find'; remove the colon in front of it",
        ),
        (
            "kind: recurrent\ncell: lstm\ngivn: {x: 1}",
            "t:3:1: unknown key 'givn'; did you mean 'given'?",
        ),
        ("kind: grph\nlayers: 3", "t:1:7: unknown kind 'grph'; did you mean 'graph'?"),
        (
            "kind: foo",
            "t:1:7: unknown kind 'foo'; it is graph, network, recurrent, architecture, optimizer, "
            "derivation, claim or functions",
        ),
        (
            "kind: [graph]",
            "t:1:7: 'kind' takes a word, not a list; for example kind: graph",
        ),
        ("kind:", "t:1:1: the key 'kind' has no value; write one, or remove the key"),
        (
            "kind: graph\n  title:x\nequations: z = 1",
            (
                "t:1:7: unknown kind 'graph title:x'; "
                "the next line belongs to it too; check the space after each colon"
            ),
        ),
        (
            "kind: graph",
            (
                "t:1:1: a problem of kind graph needs the key 'equations'; "
                "for example equations: [x1 = relu(x0*w0 + b0), z = x1 + x0]"
            ),
        ),
        (
            "kind: graph\nequations: z = 1\nlayers: [x]",
            (
                "t:3:1: the key 'layers' belongs to kind network, recurrent or architecture, "
                "not to kind graph; remove it, or change the kind"
            ),
        ),
        (
            "kind: graph\nequations: z = 1\n'find:z': 3",
            "t:3:1: unknown key 'find:z'; a space is missing after the colon: write 'find: z'",
        ),
        (
            "kind: graph\nequations: z = 1\n\xa0find: z",
            (
                "t:3:1: unknown key 'find'; "
                "it has an invisible character in it: type it anew, with plain spaces"
            ),
        ),
        (
            "kind: graph\nequations: z = 1\nxyzzy: z",
            (
                "t:3:1: unknown key 'xyzzy'; known are kind, title, statement, source, given, "
                "find, "
                "answers, conventions, digits, exact, round_steps, ties, working, entry, parts, "
                "equations, expressions, assume, shapes, upstream, override, parameters, frozen, "
                "update, options"
            ),
        ),
        (
            "kind: graph\nequations: z = 1\ngiven: {x: 1}\n<<: {a: 1}",
            (
                "t:4:1: unknown key '<<'; known are kind, title, statement, source, given, find, "
                "answers, conventions, digits, exact, round_steps, ties, working, entry, parts, "
                "equations, expressions, assume, shapes, upstream, override, parameters, frozen, "
                "update, options"
            ),
        ),
    ],
)
def test_the_kind_and_the_keys_of_a_problem_are_checked(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: [a]", "8: 'title' takes a text, not a list; put the text in quotes"),
        ("statement: {a: b}", ("12: 'statement' takes a text, not a mapping; "
         "put the text in quotes")),
        ("find:", "1: the key 'find' has no value; write one, or remove the key"),
        ("find: ~", "1: the key 'find' has no value; write one, or remove the key"),
        ("find: []", "7: 'find' is empty; write names, or remove the key"),
        ("find: ','", "7: 'find' is empty; write names, or remove the key"),
        ("find: {z: 3}", "7: 'find' takes names, not a mapping; the values belong to 'answers'"),
        ("find: [z, [h]]", ("11: 'find' takes names, not a list; write one name per line "
         "with a dash, or put quotes around names with brackets")),
        ("find: [z, y, z]", "14: 'z' stands twice in 'find'; remove one"),
        ("entry: {a: 1}", "8: 'entry' takes names, not a mapping; write them as a list"),
        ("digits: many", "9: 'digits' takes a whole number, not 'many'; for example digits: 4"),
        ("digits: 2.5", "9: 'digits' takes a whole number, not '2.5'; for example digits: 4"),
        ("digits: [2]", "9: 'digits' takes a whole number, not a list; for example digits: 4"),
        ("digits: '2'", "9: the number 2 stands in quotes; remove the quotes"),
        ("digits: -1", "9: 'digits' is from 1 to 50, not -1"),
        ("digits: 0", "9: 'digits' is from 1 to 50, not 0"),
        ("round_steps: 400", "14: 'round_steps' is from 0 to 50, not 400"),
        ("exact: maybe", "8: 'exact' is yes or no, not 'maybe'"),
        ("exact: [yes]", "8: 'exact' takes yes or no, not a list; for example exact: yes"),
        ("ties: up", "7: 'ties' cannot be 'up'; it is away or even"),
        ("working: [full]", "10: 'working' takes a word, not a list; it is full, short or none"),
        ("conventions: 3", ("14: 'conventions' takes names with values, not a text; "
         "for example conventions: {relu_at_0: 1}")),
        ("conventions: {relu: 0}", "15: unknown convention 'relu'; did you mean 'relu_at_0'?"),
        ("conventions: {relu_at_0: 2}", ("26: the convention 'relu_at_0' cannot be '2'; "
         "it is 0, 1 or 1/2")),
        ("conventions: {rounding: flor}", ("25: the convention 'rounding' cannot be 'flor'; "
         "did you mean 'floor'?")),
        ("conventions: {addition: 1.5}", ("25: the convention 'addition' cannot be '1.5'; "
         "it is a whole number")),
        ("conventions: {log: [2]}", "20: the convention 'log' takes a word, not a list"),
    ],
)  # fmt: skip
def test_a_key_with_something_else_is_refused(text: str, message: str) -> None:
    assert graph(text) == f"t:3:{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("equations:", "2:1: the key 'equations' has no value; write one, or remove the key"),
        ("equations: []", "2:12: 'equations' is empty; write '- name = expression' below it"),
        ("equations: {}", "2:12: 'equations' is empty; write '- name = expression' below it"),
        ("equations: |\n  # nothing\n", ("2:12: 'equations' holds no equation; "
         "write name = expression")),
        ("equations:\n  x: relu(3)\n  y: 3", ("3:3: 'equations' is a mapping, but equations are "
         "a list; write '- x = relu(3)'")),
        ("equations:\n  - x1 = relu(a: b)", ("3:5: an equation was expected, found a mapping; "
         "put the equation in quotes: 'x1 = relu(a: b)'")),
        ("equations:\n  - x: 3", "3:5: an equation was expected, found a mapping; write x = 3"),
        ("equations:\n  - {z = 3}", ("3:5: an equation was expected, found a mapping; "
         "put the equation in quotes: 'z = 3'")),
        ("equations:\n  - {}", ("3:5: an equation was expected, found a mapping; "
         "an equation has no colons")),
        ("equations:\n  - [x]", ("3:5: an equation was expected, found a list; "
         "put quotes around an equation that starts with '[', one '-' before each equation")),
        ("equations:\n  - z = 1\n  -\n", ("4:4: an equation is missing behind this '-'; "
         "write name = expression")),
        ("equations: [z = max(a, b)]", ("2:13: the brackets of 'z = max(a' do not match; "
         "an equation with a comma needs quotes inside '[...]'\n"
         "t:2:24: the brackets of 'b)' do not match; "
         "an equation with a comma needs quotes inside '[...]'")),
        ("equations:\n  x1 = 3\n  y1 = 4", ("3:3: the lines of 'equations' are joined to one; "
         "write '- ' before each equation, or '|' behind 'equations:'")),
        ("equations: >\n  x1 = 3\n  y1 = 4", ("2:12: the lines of 'equations' are joined to one; "
         "write '- ' before each equation, or '|' behind 'equations:'")),
    ],
)  # fmt: skip
def test_what_is_no_list_of_equations_is_explained(text: str, message: str) -> None:
    assert refusal(f"kind: graph\n{text}") == f"t:{message}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[z, dz/dw0]", ["z", "dz/dw0"]),
        ("z", ["z"]),
        ("z, dz/dw0, h[1]", ["z", "dz/dw0", "h[1]"]),
        ("'dL/dW1[0, 2], z'", ["dL/dW1[0, 2]", "z"]),
        ("['h[1]', \"dR/dw[1]\"]", ["h[1]", "dR/dw[1]"]),
        ("\n  - h[1]\n  - dL/dW1[0, 2]", ["h[1]", "dL/dW1[0, 2]"]),
        ("|\n  z\n  dz/dw0", ["z", "dz/dw0"]),
        ("log(z), sum(a, b)", ["log(z)", "sum(a, b)"]),
        ("z,", ["z"]),
    ],
)
def test_names_are_a_list_or_a_text_with_commas(text: str, names: list[str]) -> None:
    problem = read_text(f"kind: graph\nequations: z = 1\nfind: {text}")
    assert [name.text for name in problem.find] == names


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ("relu_at_0: .5", "1/2"),
        ("log: natural", "e"),
        ("bias: false", "no"),
        ("bias: off", "no"),
        ("rounding: ceiling", "ceil"),
        ("size_order: channels  last", "HWC"),
        ("max_ties: split", "share"),
        ("multiplication: 02", "2"),
        ("flops: multiplications and comparisons", "multiplications and comparisons"),
    ],
)
def test_conventions_have_one_spelling(stated: str, value: str) -> None:
    problem = read_text(f"kind: graph\nequations: z = 1\nconventions: {{{stated}}}")
    [convention] = problem.conventions.values()
    assert convention.text == value


def test_texts_that_look_like_numbers_stay_texts() -> None:
    problem = read_text("kind: graph\nequations: z = 1\ntitle: 1984\nsource: yes\n")
    assert (problem.title, problem.source) == ("1984", "yes")


def test_json_is_read_as_well() -> None:
    problem = read_text('{"kind": "graph", "given": {"x": 1}, "equations": ["z = x"]}')
    assert isinstance(problem.body, Graph)
    assert problem.body.equations[0] == Written(
        "z = x", problem.body.equations[0].origin, quoted=True
    )
