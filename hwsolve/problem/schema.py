"""The JSON Schema of problem files, draft 7, for editors: from the table of fields."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from hwsolve.problem.conventions import CONVENTIONS, Convention
from hwsolve.problem.fields import COMMON, DENSE_LAYER, KIND_ALIASES, KINDS, Field

Schema: TypeAlias = dict[str, Any]

_SCALAR: Final = ["string", "number", "boolean"]
_TEXT: Final[Schema] = {"type": _SCALAR}
_NAMES: Final[Schema] = {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]}


def schema() -> Schema:
    """The schema of a problem file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "hwsolve problem",
        "description": "A neural-network homework question with its given values and answers.",
        "type": "object",
        "allOf": [{"$ref": "#/definitions/keys"}],
        "anyOf": [{"required": ["kind"]}, {"required": ["parts"]}],
        "definitions": {
            "keys": _keys(),
            "value": _value(),
            "answer": _answer(),
            "layer": _cnn_layer(),
        },
    }


def _keys() -> Schema:
    """The keys of a file or a part: any key of any kind, and what each kind makes of it."""
    properties = {field.name: _field(field) for field in COMMON}
    names = [*properties["kind"]["enum"], *KIND_ALIASES]
    properties["kind"] = {"enum": names, "description": _kinds()}
    for kind in KINDS:
        for field in kind.fields:
            # The same key can take different things in different kinds: those say which.
            properties.setdefault(field.name, {"description": field.meaning})
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "allOf": [_of_kind(kind.name, kind.fields) for kind in KINDS],
    }


def _kinds() -> str:
    return "The kind of problem. " + ". ".join(f"{kind.name}: {kind.meaning}" for kind in KINDS)


def _of_kind(kind: str, fields: tuple[Field, ...]) -> Schema:
    known = sorted({field.name for field in (*COMMON, *fields)})
    then: Schema = {
        "properties": {field.name: _field(field) for field in fields},
        "propertyNames": {"enum": known},
    }
    required = [field.name for field in fields if field.required]
    if required:
        then["anyOf"] = [{"required": required}, {"required": ["parts"]}]
    also = [alias for alias, meant in KIND_ALIASES.items() if meant == kind]
    named: Schema = {"enum": [kind, *also]} if also else {"const": kind}
    return {"if": {"properties": {"kind": named}, "required": ["kind"]}, "then": then}


def _field(field: Field) -> Schema:
    described: Schema = {"description": f"{field.meaning}; for example {field.example}"}
    return described | _type(field)


def _type(field: Field) -> Schema:  # noqa: C901, PLR0911, PLR0912  (one case for each type)
    match field.type:
        case "choice" | "option":
            return {"enum": list(field.choices)}
        case "count":
            return {"type": "integer", "minimum": field.least, "maximum": field.most}
        case "yes or no":
            return {"enum": [True, False, "yes", "no", "on", "off"]}
        case "names":
            return _NAMES
        case "name":
            return {"type": "string"}
        case "weights":
            return {"$ref": "#/definitions/value"}
        case "equations":
            return {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        case "given":
            return {"type": "object", "additionalProperties": {"$ref": "#/definitions/value"}}
        case "answers":
            return {"type": "object", "additionalProperties": {"$ref": "#/definitions/answer"}}
        case "amounts":
            return {"type": "object", "additionalProperties": {"$ref": "#/definitions/value"}}
        case "options":
            answer: Schema = {"$ref": "#/definitions/answer"}
            named = {"type": "object", "additionalProperties": answer}
            return {"type": "object", "additionalProperties": {"anyOf": [answer, named]}}
        case "conventions":
            return _conventions()
        case "parts":
            return {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"$ref": "#/definitions/keys"},
            }
        case "dense layers":
            return {"type": "array", "minItems": 1, "items": _dense_layer()}
        case "layers":
            return {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/layer"}}
        case "size":
            size = {"type": "array", "items": {"type": "integer", "minimum": 1}}
            return {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string"}, size]}
        case "statements":
            return _type(field._replace(type="equations"))
        case "derivation lines":
            return {
                "oneOf": [
                    {"type": "string"},
                    {"type": "array", "minItems": 1, "items": _derivation_line()},
                ]
            }
        case "shapes":
            return {"type": "object", "additionalProperties": _TEXT}
        case "gradients":
            value: Schema = {"$ref": "#/definitions/value"}
            return {"oneOf": [value, {"type": "object", "additionalProperties": value}]}
        case "rate":
            return {"oneOf": [_TEXT, {"type": "array", "minItems": 1, "items": _TEXT}]}
        case "steps":
            return {"oneOf": [{"type": "integer", "minimum": 1}, {"const": "until no change"}]}
        case "read-out":
            return {"oneOf": [_TEXT, {"type": "object", "additionalProperties": _TEXT}]}
        case "vocabulary":
            return _NAMES
        case "settings":
            return {"type": "object", "additionalProperties": _NAMES}
        case "blocks":
            layers = {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/layer"}}
            return {"type": "object", "additionalProperties": layers}
        case "paths":
            return {"type": "object", "additionalProperties": _NAMES}
        case _:
            return _TEXT


def _conventions() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {convention.name: _convention(convention) for convention in CONVENTIONS},
    }


def _convention(convention: Convention) -> Schema:
    if convention.weight:
        return {"description": convention.description, "type": "integer", "minimum": 0}
    lines = [f"{choice.value}: {choice.meaning}" for choice in convention.choices]
    values: list[Any] = []
    for choice in convention.choices:
        for text in (choice.value, *choice.also):
            values += [text, *_as_yaml_reads(text)]
    default = f"; {convention.default} by default" if convention.default else ""
    described = {"description": f"{convention.description}{default}. " + ". ".join(lines)}
    if not convention.open:
        return described | {"enum": values}
    words: Schema = {"type": "array", "minItems": 1, "items": {"type": "string"}}
    return described | {"oneOf": [{"type": "string", "examples": values}, words]}


def _as_yaml_reads(text: str) -> list[Any]:
    """What an editor takes a plain text for, beside the text: `0` is a number to it."""
    if text.isdigit():
        return [int(text)]
    if text == "0.5":
        return [0.5]
    return {"true": [True], "false": [False]}.get(text, [])


def _dense_layer() -> Schema:
    return {
        "type": "object",
        "properties": {field.name: _field(field) for field in DENSE_LAYER},
        "required": [field.name for field in DENSE_LAYER if field.required],
        "additionalProperties": False,
    }


def _derivation_line() -> Schema:
    keys = {
        "line": {"description": "left = right, or = right to go on", "type": "string"},
        "because": {"description": "the reason", **_TEXT},
        "case": {"description": "what the line supposes, such as i = j", "type": "string"},
        "from": {"description": "the number of the line it goes on from", "type": "integer"},
    }
    mapping = {"type": "object", "properties": keys, "required": ["line"]}
    return {"oneOf": [{"type": "string"}, {**mapping, "additionalProperties": False}]}


def _cnn_layer() -> Schema:
    return {
        "description": "A layer: 'conv 6 5x5 s2 p1', 'C1: conv 6 5x5', or "
        "'{conv: 6, kernel: 5x5, padding: same, from: input}'",
        "oneOf": [{"type": "string"}, {"type": "object", "minProperties": 1}],
    }


def _value() -> Schema:
    return {
        "description": "A number, a fraction such as 1/3, a list, or a formula such as eye(3)",
        "oneOf": [
            {"type": ["number", "string"]},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/value"}},
        ],
    }


def _answer() -> Schema:
    return {
        "description": "A number, a fraction, a list, a size such as 6x28x28, true or false",
        "oneOf": [
            _TEXT,
            {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/answer"}},
        ],
    }
