"""The table of keys, the schema that is made of it, the conventions and the templates."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from hwsolve.errors import InputError
from hwsolve.problem.bodies import BODIES
from hwsolve.problem.conventions import BY_NAME, CONVENTIONS, canonical, meaning
from hwsolve.problem.fields import COMMON, DENSE_LAYER, KIND_NAMES, KINDS, Field
from hwsolve.problem.keys import READERS
from hwsolve.problem.model import Written
from hwsolve.problem.reader import read_text
from hwsolve.problem.schema import schema
from hwsolve.problem.templates import template

FIELDS = [*COMMON, *(field for kind in KINDS for field in kind.fields)]


def test_every_kind_has_fields_a_body_and_a_template() -> None:
    assert tuple(kind.name for kind in KINDS) == KIND_NAMES == tuple(BODIES)
    for kind in KINDS:
        assert template(kind.name).startswith(
            "# yaml-language-server: $schema=hwsolve.schema.json\n"
        )


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_key_has_a_reader_and_words(field: Field) -> None:
    assert field.type in READERS or field.name == "parts"
    assert field.meaning[0].islower()
    assert not field.meaning.endswith(".")
    assert field.example


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_examples_of_all_keys_make_a_problem(kind: Any) -> None:
    given = "{x: [1, 2], t: 1, W1: [[1, 2]], b1: [0]}"
    fields = {field.name: field for field in (*COMMON, *kind.fields)}
    lines = [
        f"{name}: {kind.name if name == 'kind' else given if name == 'given' else field.example}"
        for name, field in fields.items()
        if name != "parts"
    ]
    problem = read_text("\n".join(lines))
    assert problem.kind == kind.name
    assert problem.settings.working == "short"


def test_the_example_of_parts_is_read() -> None:
    parts = next(field.example for field in COMMON if field.name == "parts")
    assert len(read_text(f"kind: graph\nequations: z = 1\nparts: {parts}").parts) == 2
    given = next(field.example for field in COMMON if field.name == "given")
    assert len(read_text(f"kind: graph\nequations: z = 1\ngiven: {given}").given) == 4


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_a_template_reads_as_it_is(kind: str) -> None:
    problem = read_text(template(kind), f"{kind}.yaml")
    assert problem.kind == kind
    assert problem.title
    assert problem.statement
    assert problem.answers
    assert max(map(len, template(kind).split("\n"))) <= 100


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_a_template_is_solved_and_its_answers_are_right(kind: str) -> None:
    import hwsolve

    verdicts = hwsolve.check(hwsolve.loads(template(kind)))
    assert len(verdicts) >= 3
    assert all(verdict.right for verdict in verdicts)


def test_an_unknown_template_is_named_with_one_that_is_near() -> None:
    with pytest.raises(InputError) as raised:
        template("grph")
    assert str(raised.value) == "there is no kind 'grph'; did you mean 'graph'?"
    with pytest.raises(InputError) as raised:
        template("../../reader")
    assert str(raised.value) == (
        "there is no kind '../../reader'; kinds are graph, network, recurrent, architecture, optimizer, derivation, "
        "claim, functions"
    )


def test_the_schema_is_json_that_names_every_key_with_its_meaning() -> None:
    made = schema()
    assert json.loads(json.dumps(made)) == made
    assert made["$schema"] == "http://json-schema.org/draft-07/schema#"
    keys = made["definitions"]["keys"]
    assert set(keys["properties"]) == {field.name for field in FIELDS}
    for field in COMMON:
        assert keys["properties"][field.name]["description"]
    for kind, branch in zip(KINDS, keys["allOf"], strict=True):
        assert kind.name in str(branch["if"]["properties"]["kind"])
        properties = branch["then"]["properties"]
        assert set(properties) == {field.name for field in kind.fields}
        assert set(branch["then"]["propertyNames"]["enum"]) == {
            *(field.name for field in COMMON),
            *properties,
        }


def references(part: Any) -> list[str]:
    """All references in a schema."""
    if isinstance(part, dict):
        inner = [name for value in part.values() for name in references(value)]
        return [part["$ref"], *inner] if "$ref" in part else inner
    return [name for value in part for name in references(value)] if isinstance(part, list) else []


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    made = schema()
    found = set(references(made))
    assert found == {f"#/definitions/{name}" for name in made["definitions"]}


def test_the_schema_knows_the_keys_of_the_templates() -> None:
    keys = schema()["definitions"]["keys"]
    layer = {field.name for field in DENSE_LAYER}
    for kind, branch in zip(KIND_NAMES, keys["allOf"], strict=True):
        loaded = yaml.safe_load(template(kind))
        assert set(loaded) <= set(branch["then"]["propertyNames"]["enum"])
        if kind == "network":
            assert all(set(entry) <= layer for entry in loaded["layers"])


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda convention: convention.name)
def test_every_convention_has_meanings_and_one_spelling_for_each_value(convention: Any) -> None:
    spellings = [text for choice in convention.choices for text in (choice.value, *choice.also)]
    assert len(set(spellings)) == len(spellings)
    for choice in convention.choices:
        for text in (choice.value, *choice.also):
            assert canonical(convention, text) == choice.value
        assert meaning(convention.name, choice.value) == choice.meaning
    if convention.default and not convention.weight:
        assert canonical(convention, convention.default) == convention.default
    allowed = schema()["definitions"]["keys"]["properties"]["conventions"]["properties"]
    assert allowed[convention.name]["description"].startswith(convention.description)


def test_weights_of_operations_have_a_sentence() -> None:
    assert meaning("addition", "2") == "an addition is 2 FLOPs"
    assert meaning("comparison", "1") == "a comparison is 1 FLOP"
    assert canonical(BY_NAME["addition"], "-1") is None


def test_reading_a_problem_needs_no_heavy_module() -> None:
    code = (
        "import sys\nfrom hwsolve.problem.reader import read_text\n"
        "read_text('kind: graph\\ngiven: {x: 0.5}\\nequations: [z = x]')\n"
        "print(*sorted({'numpy', 'json', 'dataclasses', 'difflib', 'fractions', 'decimal',"
        " 'hwsolve.problem.schema', 'hwsolve.problem.templates', 'hwsolve.problem.syntax',"
        " 'hwsolve.problem.positions'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""


def test_a_written_text_is_small() -> None:
    assert Written._fields == ("text", "origin", "breaks", "quoted")
