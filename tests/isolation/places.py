"""Every place in which a request can name something of a tenant, found in the contract."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from tests.support.contract import Operation, contract, operations

Kind = Literal["id", "filter", "cursor", "position", "etag", "text"]
REFERENCES: Final = {
    "about_ref",
    "by_ref",
    "case_ref",
    "client_ref",
    "external_id",
    "from",
    "idempotency-key",
    "into",
    "professional_ref",
    "program_ref",
    "proxy_ref",
    "Rapport-Actor",
    "ref",
    "session_ref",
    "source",
}
"""What callers name by references of their own."""
NEUTRAL: Final = {
    "amendment_reason",
    "answers",
    "as_of",
    "attribution",
    "audience",
    "availability",
    "by",
    "code",
    "component",
    "declined",
    "default",
    "definition",
    "direction",
    "backfill",
    "dry_run",
    "end_reason",
    "examples",
    "form",
    "has",
    # Made from the answer alone: who has the tag has the answer.
    "if-none-match",
    "format",
    "form_revision",
    "grammar",
    "high_label",
    "holder",
    "instruction",
    "instrument",
    "instrument_revision",
    "items",
    "kind",
    "labels",
    "language",
    "languages",
    "level",
    "limit",
    "low_label",
    "method",
    "mode",
    "not_applicable",
    "not_sent",
    "not_understood",
    "note",
    "period",
    "notices",
    "prefer",
    "Rapport-Purpose",
    "rater",
    "rater_role",
    "reason",
    "reference",
    "review",
    "revision",
    "role",
    "rules",
    "scale",
    "separator",
    "setting",
    "severity",
    "side",
    "state",
    "status",
    "theme",
    "to",
    "versions",
    "sha256",
    "text",
    "text_sha256",
    "thanks",
    "title",
    "unanswered",
    "uses",
    "wording",
}
"""What names nothing of a tenant; ids of tenants' own instruments: tests/own_instruments."""
DATES: Final = {"date", "date-time"}
NUMBERS: Final = {"integer", "number", "boolean", "null"}


class Unknown(AssertionError):
    """The contract has something that the matrix does not know how to try."""


@dataclass(frozen=True)
class Place:
    """Where a request names something, and what it names there."""

    where: str
    """path, query, header or body."""
    name: str
    """Of a parameter; of a part of a body its JSON pointer."""
    kind: Kind

    @property
    def leaf(self) -> str:
        """Its name without the way to it."""
        return next(part for part in reversed(self.name.split("/")) if not part.isdecimal())


def of_tenants() -> list[Operation]:
    """Every operation that asks for a tenant's key."""
    return [one for one in operations() if _scheme(one) == "ApiKey"]


def of_the_platform() -> list[Operation]:
    """Every operation that asks for another key than a tenant's."""
    return [one for one in operations() if _scheme(one) not in {None, "ApiKey"}]


def _scheme(operation: Operation) -> str | None:
    return next((name for one in operation.about.get("security", []) for name in one), None)


def places(operation: Operation) -> list[Place]:
    """Every place of the operation. Raises Unknown for a name that nobody has judged."""
    found = [place for one in operation.about.get("parameters", []) for place in _of(one)]
    if operation.takes_file:  # its query says what a body would, and finds nothing
        found = [replace(one, kind="text") if one.kind == "filter" else one for one in found]
    if operation.takes_body:
        schema = operation.about["requestBody"]["content"]["application/json"]["schema"]
        found += [Place("body", name, kind) for name, kind in _in_body(schema, "")]
    return list(dict.fromkeys(found))


def _of(parameter: dict[str, Any]) -> Iterator[Place]:
    name, where, schema = parameter["name"], parameter["in"], parameter["schema"]
    kind = _kind(name, where, [part for part, _ in _leaves(schema, "")])
    if kind is not None:
        yield Place(where, name, kind)


def _kind(name: str, where: str, schemas: list[dict[str, Any]]) -> Kind | None:
    special: dict[tuple[str, str], Kind] = {
        ("query", "cursor"): "cursor",
        ("query", "after"): "position",
        ("header", "if-match"): "etag",
    }
    if (where, name) in special:
        return special[where, name]
    if any(schema.get("format") == "uuid" for schema in schemas):
        return "filter" if where == "query" else "id"
    if all(s.get("format") in DATES or s.get("type") in NUMBERS for s in schemas):
        return None
    if name in REFERENCES:
        return "filter" if where == "query" else "text"
    if name in NEUTRAL:
        return None
    raise Unknown(
        f"Does {name!r} ({where}) name something of a tenant? Then put it among REFERENCES in "
        f"{__name__}, otherwise among NEUTRAL."
    )


def _in_body(schema: dict[str, Any], pointer: str) -> Iterator[tuple[str, Kind]]:
    by_pointer: dict[str, list[dict[str, Any]]] = {}
    for leaf, where in _leaves(schema, pointer):
        by_pointer.setdefault(where, []).append(leaf)
    for where, leaves in by_pointer.items():
        kind = _kind(Place("body", where, "text").leaf, "body", leaves)
        if kind is not None:
            yield where, kind


def _leaves(schema: dict[str, Any], pointer: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every part of a schema that has no parts, with its JSON pointer."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in contract()["components"]["schemas"]:
            raise Unknown(f"The contract refers to {name} and does not say what it is.")
        schema = contract()["components"]["schemas"][name]
    parts = [
        (part, pointer) for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word, [])
    ]
    parts += [(part, f"{pointer}/{name}") for name, part in schema.get("properties", {}).items()]
    if isinstance(schema.get("items"), dict):
        parts.append((schema["items"], f"{pointer}/0"))
    for part, where in parts:
        yield from _leaves(part, where)
    if not parts:
        yield schema, pointer
