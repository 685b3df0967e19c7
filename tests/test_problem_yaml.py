"""What is not YAML, or is YAML that a problem file does not use: whole messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.problem.source import decode
from hwsolve.problem.tree import read_tree

if TYPE_CHECKING:
    from hwsolve.problem.nodes import Node

UNREADABLE = [
    # a colon that YAML takes for the end of a key
    (
        "statement: Find x: the value",
        (
            """t:1:18: a colon followed by a space in a text without quotes; """
            """put the text in quotes: statement: "Find x: the value\""""
        ),
    ),
    (
        'statement: Find "x": the value',
        (
            """t:1:20: a colon followed by a space in a text without quotes; """
            """put the text in quotes: statement: 'Find "x": the value'"""
        ),
    ),
    (
        "statement: Find it: " + "a long question " * 5,
        "t:1:19: a colon followed by a space in a text without quotes; put the text in quotes",
    ),
    # a space that is missing behind a colon
    (
        "kind:graph\ntitle: x",
        "t:1:5: a space is missing after the colon; write 'kind: graph'",
    ),
    (
        "title: x\nkind:graph\nfind: y",
        "t:2:5: a space is missing after the colon; write 'kind: graph'",
    ),
    (
        "title: x\nkind:graph",
        "t:2:5: a space is missing after the colon; write 'kind: graph'",
    ),
    # indentation
    (
        "a: 1\n  b: 2",
        (
            "t:2:4: 'b:' is indented like a part of the line above, which has a value; "
            "start it in the column of the key that it stands below"
        ),
    ),
    (
        "a:\n    b: 1\n  c: 2",
        (
            "t:3:3: the indentation of this line fits no line above; "
            "start the keys of one mapping, and the '-' of one list, in the same column"
        ),
    ),
    (
        "  a: b\nc: d",
        (
            "t:2:1: this line starts further left than the first key; "
            "all keys of a file start in the same column"
        ),
    ),
    (
        "a:\n  - b\n - c",
        (
            "t:3:2: a '-' where a key was expected; "
            "align the items of a list with each other, below their key"
        ),
    ),
    (
        "- a\nb: c",
        (
            "t:2:1: a key where the next item of a list was expected; "
            "start it with '- ', or indent the list below its own key"
        ),
    ),
    ("a:\n\tb: c", "t:2:1: a tab cannot indent a line; use spaces"),
    ("\ta: c", "t:1:1: a tab cannot indent a line; use spaces"),
    ("a: |\n\tb", "t:2:1: a tab cannot indent a line; use spaces"),
    (
        "a:\n  - b\n\xa0 - c\nd: 2",
        "t:3:1: a no-break space (U+00A0) cannot indent a line; use plain spaces",
    ),
    # brackets
    ("a: [1, 2\nb: 3", "t:1:4: this '[' is never closed; add the missing ']'"),
    ("a: [1, 2\n", "t:1:4: this '[' is never closed; add the missing ']'"),
    ("- [", "t:1:3: this '[' is never closed; add the missing ']'"),
    ("given: {x: 1, y: 2\nfind: [z]", "t:1:8: this '{' is never closed; add the missing '}'"),
    ("a: [1, 2]]", "t:1:10: ']' closes nothing here; remove it"),
    ("a: [1, 2}", "t:1:9: '}' does not close '['; write ']' or check the brackets"),
    ("a: [1,, 2]", "t:1:7: a value is missing before this ','; add it"),
    (
        "a: {b: 1 c: 2}",
        "t:1:11: a comma is missing before this entry; write one between entries",
    ),
    ("a: ['b' c]", "t:1:9: a comma is missing here; or the ']' that ends the list"),
    (
        "find: [h[1], dR/dw[1]]",
        (
            "t:1:9: a name with brackets inside '['; put quotes around such names, as in 'h[1]', "
            "or write each on its own line with a dash"
        ),
    ),
    (
        "answers: {h[1]: 0.3}",
        (
            "t:1:12: a name with brackets inside '{'; put quotes around such names, as in 'h[1]', "
            "or write each on its own line as 'name: value'"
        ),
    ),
    (
        "equations:\n  - [x] = 3",
        (
            "t:2:9: text behind the closing ']'; "
            "put the whole text in quotes, or the text behind it on its own line"
        ),
    ),
    ("a: [1, b:]", "t:1:9: a ':' where no key can stand; put the text around it in quotes"),
    # quotes
    ("a: 'b", "t:1:4: this quote ' is never closed; add the second '"),
    ('a: "b\nc: d', 't:1:4: this quote " is never closed; add the second "'),
    (
        "a: 'it's'",
        (
            "t:1:8: the text goes on behind its closing quote '; "
            "write '' for an apostrophe in single quotes, or use double quotes"
        ),
    ),
    (
        'title: "a" and "b"',
        (
            't:1:12: the text goes on behind its closing quote "; '
            "close the quotes at the end of the text"
        ),
    ),
    (
        r'title: "\sigma"',
        (
            r"t:1:9: '\s' means nothing between double quotes; "
            r"write \\ for a backslash, or use single quotes, in which it needs no doubling"
        ),
    ),
    # signs that YAML keeps for itself
    ("a: @b", "t:1:4: a text cannot start with '@'; put the text in quotes"),
    ("a: `b`", "t:1:4: a text cannot start with '`'; put the text in quotes"),
    ("a: %b", "t:1:4: a text cannot start with '%'; put the text in quotes"),
    ("a: ,", "t:1:4: a text cannot start with ','; put the text in quotes"),
    ("a: &", "t:1:4: a text cannot start with '&'; put the text in quotes"),
    (
        "% a comment",
        (
            "t:1:1: a line cannot start with '%'; "
            "a comment starts with '#'; a text that starts with '%' needs quotes"
        ),
    ),
    (
        "equations:\n  - L = 3\nloss: |y - t|",
        "t:3:7: a text cannot start with '|'; write abs(x) for |x|",
    ),
    (
        "loss: > 3",
        (
            "t:1:7: nothing can follow '>' in its line; "
            "the text starts in the next line; a formula that starts with it needs quotes"
        ),
    ),
    (
        "a: - b",
        (
            "t:1:4: a list cannot start in the line of its key; "
            "start the list on its own line, or put the text in quotes"
        ),
    ),
    # lines that are nothing
    (
        "a: b\nword\nc: d",
        "t:2:1: 'word' is neither 'key: value' nor '- item'; add a colon and a value",
    ),
    (
        "a: b\nx = 3\nc: d",
        (
            "t:2:1: 'x = 3' is neither 'key: value' nor '- item'; "
            "an equation in a list starts with '- '"
        ),
    ),
    (
        "equations:\n  x = 1\n  y: 3",
        "t:2:1: an equation that is not an item of a list; start each equation of a list with '- '",
    ),
    # parts of YAML that no problem needs
    (
        "x: !!python/object:os.system ls",
        (
            "t:1:4: the tag '!!python/object:os.system' is not used in problem files; "
            "remove it; a text that starts with '!' needs quotes"
        ),
    ),
    (
        "x: !y",
        (
            "t:1:4: the tag '!y' is not used in problem files; "
            "remove it; a text that starts with '!' needs quotes"
        ),
    ),
    (
        "x: *y",
        (
            "t:1:4: there is no anchor '&y' for the alias '*y'; "
            "a text that starts with '*' needs quotes"
        ),
    ),
    ("x: &y [1, *y]", "t:1:11: the alias '*y' contains itself"),
    ("[a]: b", "t:1:1: a key must be a name, not a list; put the name in quotes"),
    (
        "a: 1\n---\nb: 2",
        (
            "t:2:1: a second document starts here; "
            "a file holds one problem: use two files, or the key 'parts'"
        ),
    ),
    (
        "a: 1\n...\nb: 2",
        (
            "t:3:1: a second document starts here; "
            "a file holds one problem: use two files, or the key 'parts'"
        ),
    ),
    # characters
    ("a: b\0c", "t:1:5: the control character U+0000 cannot stand in a problem file; delete it"),
    (
        "a: \x1b[31m",
        "t:1:4: the control character U+001B cannot stand in a problem file; delete it",
    ),
    ('a: "\\e[31m"\n', "t:1:4: a text with the control character U+001B; remove it"),
    ("\0\0a", "t:1:1: this is not text in UTF-8; save the file as UTF-8"),
    ("a: \ud800", "t:1:4: half of a character stands here (U+D800); save the text as UTF-8"),
    # nothing at all
    ("", "t:1:1: the file is empty; `hwsolve new graph` prints a file to start from"),
    ("# a comment\n", "t:1:1: the file is empty; `hwsolve new graph` prints a file to start from"),
    ("---\n", "t:1:1: the file is empty; `hwsolve new graph` prints a file to start from"),
    ("null\n", "t:1:1: the file is empty; `hwsolve new graph` prints a file to start from"),
]


def tree_of(text: str) -> Node:
    """The tree of a text in which nothing is wrong."""
    source = decode(text, "t")
    root = read_tree(source)
    source.finish()
    return root


@pytest.mark.parametrize(("text", "message"), UNREADABLE)
def test_what_is_not_yaml_is_explained(text: str, message: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        tree_of(text)
    assert str(raised.value) == message


def test_without_libyaml_the_same_mistakes_have_the_same_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import yaml

    from hwsolve.problem import tree

    monkeypatch.setattr(tree, "_parser", lambda: (yaml.SafeLoader, yaml))
    for text, message in UNREADABLE:
        with pytest.raises(HwsolveError) as raised:
            read_text(text, "t")
        line = message.split(":")[1]
        assert str(raised.value).startswith(f"t:{line}:"), text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "- kind: graph\n- x: 1",
            (
                "t:1:1: a problem file has keys such as 'kind: graph', but this is a list; "
                "remove the dashes before the keys, or see `hwsolve new graph`"
            ),
        ),
        (
            "[]",
            (
                "t:1:1: a problem file has keys such as 'kind: graph', but this is a list; "
                "`hwsolve new graph` prints a file to start from"
            ),
        ),
        (
            "x1 = relu(3)",
            (
                "t:1:1: a problem file has keys such as 'kind: graph', but this is a text; "
                "`hwsolve new graph` prints a file to start from"
            ),
        ),
        (
            "kind:graph",
            (
                "t:1:1: a problem file has keys such as 'kind: graph', but this is a text; "
                "a space is missing after the colon: write 'kind: graph'"
            ),
        ),
    ],
)
def test_a_file_that_is_no_mapping_is_named_for_what_it_is(text: str, message: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        read_text(text, "t")
    assert str(raised.value) == message


def test_duplicate_keys_are_named_with_both_lines() -> None:
    text = "kind: graph\ngiven: {x: 1, y: 2, x: 3}\nequations: [z = x]\nkind: graph\n"
    with pytest.raises(HwsolveError) as raised:
        read_text(text, "t")
    assert str(raised.value) == (
        "t:2:21: the key 'x' is given twice, first in line 2; remove one of them\n"
        "t:4:1: the key 'kind' is given twice, first in line 1; remove one of them"
    )


def test_what_was_found_before_the_yaml_broke_is_said_too() -> None:
    with pytest.raises(HwsolveError) as raised:
        read_text("a: 1\na: 2\nb: [", "t")
    assert str(raised.value) == (
        "t:2:1: the key 'a' is given twice, first in line 1; remove one of them\n"
        "t:3:4: this '[' is never closed; add the missing ']'"
    )


def test_words_that_yaml_reads_as_truth_stay_text() -> None:
    problem = read_text("kind: graph\ngiven: {y: 1, n: 2, on: 3, no: 1e3}\nequations: [z = y]")
    assert list(problem.given) == ["y", "n", "on", "no"]
    assert problem.given["no"].value == 1000


def test_an_alias_stands_for_what_it_names() -> None:
    problem = read_text(
        "kind: graph\ngiven: {a: &a [1, 2], b: *a, c: &c 3, d: *c}\nequations: z = a"
    )
    assert problem.given["b"].value == [1, 2]
    assert problem.given["d"].value == 3
    assert str(problem.given["c"].place) == "problem:2:36"


def test_a_file_written_on_windows_reads_the_same() -> None:
    text = "kind: graph\r\ngiven: {x: 1}\r\nequations: |\r\n  z = x\r\n  y = z\r\n"
    problem = read_text(text, "t")
    assert [(str(e.origin), e.text) for e in problem.body.equations] == [  # type: ignore[union-attr]  # a graph
        ("t:4:3", "z = x"),
        ("t:5:3", "y = z"),
    ]
