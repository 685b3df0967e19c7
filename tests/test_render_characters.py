"""Nothing that a user wrote can harm a terminal or fail on its way to an output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.render.characters import clean, columns, ljust, rjust, speaks_unicode, wrapped

CLEANED = [
    ("plain text", "plain text"),
    ("σ(x)·y²", "σ(x)·y²"),
    ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
    ("a\rb\x08c\x7f", "a b\\x08c\\x7f"),
    ("two\nlines\tand a tab", "two lines and a tab"),
    ("left\u202eright", "left\\u202eright"),
    ("\x9b31m", "\\x9b31m"),
    ("\ud800", "\\ud800"),
    ("日本", "日本"),
]


@pytest.mark.parametrize(("text", "expected"), CLEANED)
def test_control_characters_are_shown_as_escapes(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "in_ascii"),
    [
        ("a·b ≈ 2 × 3", "a*b ~ 2 x 3"),
        ("x² − y³ ≤ 4", "x^2 - y^3 <= 4"),
        ("∂L/∂W₁", "dL/dW1"),
        ("η Δ ε₁ ς", "eta Delta epsilon1 sigma"),
        ("Größe “x” … é", 'Gro\\xdfe "x" ... e'),
        ("日本", "\\u65e5\\u672c"),
        ("→ √2", "-> sqrt2"),
    ],
)
def test_characters_that_ascii_lacks_are_replaced_by_what_people_type(
    text: str, in_ascii: str
) -> None:
    assert clean(text, "ascii") == in_ascii


def test_accents_that_make_another_name_are_spelled_out_in_names() -> None:
    assert clean("ŷ - y", "ascii", name=True) == "yhat - y"
    assert clean("x̄", "ascii", name=True) == "xbar"
    assert clean("é", "ascii", name=True) == "\\xe9"


def test_an_encoding_keeps_the_characters_that_it_has() -> None:
    assert clean("Größe·η", "latin-1") == "Größe·eta"


def test_an_output_speaks_unicode_only_if_it_has_every_sign() -> None:
    assert speaks_unicode("utf-8")
    assert not speaks_unicode("latin-1")
    assert not speaks_unicode("ascii")
    assert not speaks_unicode(None)
    assert not speaks_unicode("no-such-encoding")


@given(st.text(), st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]), st.booleans())
def test_cleaned_text_is_printable_and_can_be_encoded(text: str, encoding: str, name: bool) -> None:  # noqa: FBT001
    cleaned = clean(text, encoding, name=name)
    assert cleaned.isprintable()
    cleaned.encode(encoding)


def test_wide_and_combining_characters_are_counted_in_columns() -> None:
    assert columns("ab·σ²") == 5
    assert columns("日本") == 4
    assert columns("y\u0302") == 1
    assert ljust("日", 4) == "日  "
    assert rjust("日", 4) == "  日"


def test_sentences_are_broken_at_blanks_and_long_words_stand_alone() -> None:
    assert list(wrapped("one two three", 7)) == ["one two", "three"]
    assert list(wrapped("incomprehensibilities of it", 5)) == ["incomprehensibilities", "of it"]
    assert list(wrapped("日本 日本", 5)) == ["日本", "日本"]
    assert list(wrapped("", 5)) == []
