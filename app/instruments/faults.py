"""What is wrong with a definition or a text pack: where, which kind, and what would be right."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from app.edge.problem_documents import LONGEST_NAME
from app.instruments.definitions import Document

SCHEMAS: Final = Path(__file__).parent
Kind = Literal["definition", "text_pack"]
BRANCHES: Final = {"scorable": 0, "pending": 1}
"""Which branch of the definition schema a document has chosen by its availability."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend in a document."""

    pointer: str
    """A JSON pointer into the document."""
    code: str
    detail: str
    """What would be right. It never repeats what stands there: that may be wording."""
    line: str
    """The same for those who hold the file; it may say what stands there."""


def pointer_to(*parts: object) -> str:
    """The JSON pointer of these steps (RFC 6901); empty for the document itself.

    A name too long to be one is a text in the wrong place: the pointer ends at its object.
    """
    names = takewhile(lambda name: len(name) <= LONGEST_NAME, map(str, parts))
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def listed(names: Iterable[str]) -> str:
    """Names in order, numbers by size."""
    return ", ".join(sorted(names, key=lambda name: (len(name), name)))


def repeated(names: Iterable[str], what: str, pointer: str) -> Iterator[Fault]:
    """A fault for each name that stands there more than once."""
    for name, number in Counter(names).items():
        if number > 1:
            detail = f"Each {what} may stand here once."
            yield Fault(pointer, "repeated", detail, f"{what} {name}: {number} times")


def schema_faults(document: Document, kind: Kind) -> Iterator[Fault]:
    """Where the document departs from its JSON Schema."""
    if kind == "definition" and document.get("availability") not in list(BRANCHES):
        detail = "Expected scorable or pending."
        line = "availability: expected scorable or pending"
        yield Fault("/availability", "not_one_of", detail, line)
        return
    for error in _validator(kind).iter_errors(dict(document)):
        for cause in _causes(error, document):
            yield from _faults(cause)


@cache
def _validator(kind: Kind) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_bytes())
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _causes(error: ValidationError, document: Document) -> list[ValidationError]:
    """The error itself, or instead of `none of both branches` those of the chosen branch."""
    if error.validator != "oneOf" or error.absolute_path:
        return [error]
    branch = BRANCHES[document["availability"]]
    return [cause for cause in error.context or () if cause.schema_path[0] == branch]


def _faults(cause: ValidationError) -> Iterator[Fault]:
    """One fault, but for fields that are missing or unknown, to which it points one by one."""
    where = "/".join(str(part) for part in cause.absolute_path) or "document"
    code, said = SCHEMA_WORDS.get(str(cause.validator), ("malformed", _unfit))
    detail, line = said(cause.validator_value, cause), f"{where}: {cause.message}"
    for name in _named(cause):
        yield Fault(pointer_to(*cause.absolute_path, *name), code, detail, line)


def _named(cause: ValidationError) -> Iterator[tuple[str, ...]]:
    """The names below its place that a fault is about, each as a way; else the place itself."""
    wanted: Any = cause.validator_value
    schema: Any = cause.schema
    if cause.validator == "required":
        yield (next(name for name in wanted if cause.message.startswith(repr(name))),)
    elif cause.validator == "additionalProperties" and wanted is False:
        found: Any = cause.instance
        yield from ((name,) for name in found if name not in schema["properties"])
    else:
        yield ()


def _unfit(_: object, __: ValidationError) -> str:
    return "It does not fit the schema of the document."


def _fields(_: object, cause: ValidationError) -> str:
    schema: Any = cause.schema
    return f"Only these fields stand here: {', '.join(schema.get('properties', {}))}."


def _one_of(wanted: Any, _: ValidationError) -> str:  # noqa: ANN401 - as the schema has it
    return f"Expected one of: {', '.join(json.dumps(value) for value in wanted)}."


def _kind_of(wanted: Any, _: ValidationError) -> str:  # noqa: ANN401 - as the schema has it
    kinds = [wanted] if isinstance(wanted, str) else wanted
    return f"Expected {' or '.join(kinds)}."


SCHEMA_WORDS: Final[dict[str, tuple[str, Callable[[Any, ValidationError], str]]]] = {
    "required": ("required", lambda _, __: "It is missing."),
    "additionalProperties": ("unknown_field", _fields),
    "type": ("wrong_type", _kind_of),
    "enum": ("not_one_of", _one_of),
    "const": ("not_one_of", lambda wanted, _: f"Expected {json.dumps(wanted)}."),
    "pattern": ("malformed", lambda wanted, _: f"Expected a text that matches {wanted}"),
    "format": ("malformed", lambda wanted, _: f"Expected a {wanted}."),
    "minLength": ("too_short", lambda wanted, _: f"Expected {wanted} characters or more."),
    "minItems": ("too_short", lambda wanted, _: f"Expected {wanted} entries or more."),
    "minProperties": ("too_short", lambda wanted, _: f"Expected {wanted} entries or more."),
    "minimum": ("out_of_range", lambda wanted, _: f"Expected {wanted} or more."),
    "exclusiveMinimum": ("out_of_range", lambda wanted, _: f"Expected more than {wanted}."),
    "exclusiveMaximum": ("out_of_range", lambda wanted, _: f"Expected less than {wanted}."),
    "uniqueItems": ("repeated", lambda _, __: "Each entry may stand here once."),
    "anyOf": ("malformed", lambda _, __: "Expected null, or what the schema says of this field."),
}  # fmt: skip
"""Keyword of JSON Schema -> our code, and what to say of it."""
