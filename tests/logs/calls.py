"""Requests made from the contract, with a mark in every place that a caller fills."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.edge.bodies import BODIES, FACTS, Path, at, changed, method_of, places, pointer
from tests.logs.marks import Marks
from tests.support.contract import Operation, contract
from tests.support.factories import pair, submission
from tests.support.own import definition, pack

LONG = 30  # times a mark: more than a reference may have
TOO_LARGE = 1024 * 1024
DEEPEST = 12
HEADERS = (
    "Accept", "Cookie", "Forwarded", "If-Match", "Idempotency-Key", "Prefer", "Rapport-Actor",
    "Rapport-Purpose", "Referer", "User-Agent", "X-Forwarded-For",
)  # fmt: skip
_OF_A_NEW_PAIR = {name: value for name, value in FACTS.items() if name != "continues"}
_SUBMISSION = submission(
    alliance=pair(**_OF_A_NEW_PAIR),
    assistance={"proxy_ref": "x", "interpreter": True, "professional_present": False},
    occasion={"session_ref": "s", "session_number": 1, "occurred_at": "2026-01-10T10:00:00Z"},
    completed_at="2026-01-10T10:00:00Z",
    notice={"ref": "n", "audience": ["client"], "level": "items"},
)
_NOT_IN_A_CORRECTION = {"alliance", "external_id", "source"}
TAKEN = {
    "create_tenant": {"name": "Clinic", "default_notice": _SUBMISSION["notice"]},
    "create_alliance": pair(**_OF_A_NEW_PAIR, source="ehr"),
    "update_alliance": _OF_A_NEW_PAIR,
    "submit_response": _SUBMISSION,
    "submit_response_batch": {"items": [_SUBMISSION, submission()]},
    "report_occasion": {
        "source": "ehr",
        "alliance": pair(**_OF_A_NEW_PAIR),
        "session_ref": "s",
        "session_number": 1,
        "occurred_at": "2026-01-10T10:00:00Z",
        "status": "held",
        "invited": [
            {
                "rater": {"role": "client"},
                "instrument": "wai-sr-2006",
                "form": "client",
                "state": "declined",
                "at": "2026-01-10T10:00:00Z",
                "reason": "no wish to",
            }
        ],
    },
    "create_export": {"kind": "responses", "format": "csv", "program_ref": "programme"},
    "draft_instrument": {"definition": definition()},
    "put_text_pack": pack(),
    "record_mark": {
        "external_id": "mark",
        "source": "ehr",
        "occasion": {"session_ref": "s", "occurred_on": "2026-01-10"},
        "by": {"role": "client"},
        "kind": "rupture",
        "note": "felt unheard",
        "notice": _SUBMISSION["notice"],
    },
    "amend_response": {
        "amendment_reason": "typed in wrongly",
        **{name: part for name, part in _SUBMISSION.items() if name not in _NOT_IN_A_CORRECTION},
    },
}
"""Bodies that are taken as they stand, with every text that a caller may choose."""


@dataclass(frozen=True)
class Call:
    """One request, and where its mark stands."""

    place: str
    content: bytes | None = None
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    method: str | None = None
    below: str = ""


def calls(operation: Operation, marks: Marks, key: str) -> Iterator[Call]:
    """Every call of an operation that differs in where its mark stands and of which kind it is."""
    bodies = list(_valid_bodies(operation))
    for number, body in enumerate(bodies):
        yield from _calls_with_body(body, marks, f"{operation.id} {number} ")
    if operation.takes_body:
        schema = operation.about["requestBody"]["content"]["application/json"]["schema"]
        for branch in range(5):
            place = f"{operation.id} all "
            yield Call(place, _bytes(_filled(schema, place, branch, marks, DEEPEST)))
    yield from _broken_bodies(operation.id, bodies[0] if bodies else {}, marks)
    own = _bytes(_fresh(bodies[0], marks, "own")) if bodies else None
    for call in _calls_beside_the_body(operation, marks, key):
        yield call if call.content or call.method else _with_content(call, own)


def _valid_bodies(operation: Operation) -> Iterator[Any]:
    """The contract's examples of an operation's body, and ours for every shape that it can have."""
    if operation.id in TAKEN:
        yield TAKEN[operation.id]
    if operation.takes_body:
        content = operation.about["requestBody"]["content"]["application/json"]
        yield from _resolved(content["schema"]).get("examples", [])
        yield from (one["value"] for one in content.get("examples", {}).values())
    for name, (url, body) in BODIES.items():
        if operation.method.upper() == method_of(name) and _leads_to(url, operation.path):
            yield body


def _leads_to(url: str, template: str) -> bool:
    parts, named = url.split("/"), template.split("/")
    return len(parts) == len(named) and all(
        part == name or name.startswith("{") for part, name in zip(parts, named, strict=True)
    )


def _calls_with_body(body: Any, marks: Marks, where: str) -> Iterator[Call]:
    """The valid body, and one call for each place in it and each thing that can stand there."""
    yield Call(f"{where}as it stands", _bytes(_fresh(body, marks, where)))
    for path in places(body):
        place = where + pointer(path)
        for thing in _things(marks, place):
            yield Call(place, _bytes(changed(_fresh(body, marks, place), path, thing)))
        if isinstance(path[-1], str):
            yield Call(place, _bytes(_renamed(_fresh(body, marks, place), path, marks.text(place))))


def _things(marks: Marks, place: str) -> Iterator[Any]:
    yield marks.text(place)
    yield marks.text(place) * LONG
    yield f"{marks.text(place)}\x07"
    yield f"2026-10-01T10:00:00Z{marks.text(place)}"
    yield marks.number(place)
    yield marks.number(place) + 0.5
    yield [marks.text(place)]
    yield {marks.text(place): marks.text(place)}


def _renamed(body: Any, path: Path, name: str) -> Any:
    copy = deepcopy(body)
    parent = at(copy, path[:-1])
    parent[name] = parent.pop(path[-1])
    return copy


def _fresh(body: Any, marks: Marks, where: str) -> Any:
    """The body as a new thing, never a replay: each external_id in it is a mark."""
    copy = deepcopy(body)
    for path in places(copy):
        if path[-1] == "external_id":
            copy = changed(copy, path, marks.text(f"{where} external_id"))
    return copy


def _filled(schema: Any, place: str, branch: int, marks: Marks, depth: int) -> Any:
    """A value that has everything the schema knows, with marks for texts and numbers."""
    schema = _resolved(schema)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            one = schema[several][branch % len(schema[several])]
            return _filled(one, place, branch, marks, depth)
    kind = schema.get("type")
    if depth == 0 or kind == "null":
        return None
    if kind == "array":
        return [_filled(schema.get("items", {}), f"{place}/0", branch, marks, depth - 1)]
    if kind == "object":
        filled = {
            name: _filled(part, f"{place}/{name}", branch, marks, depth - 1)
            for name, part in schema.get("properties", {}).items()
        }
        if isinstance(others := schema.get("additionalProperties"), dict):
            filled[marks.text(place)] = _filled(others, f"{place}/*", branch, marks, depth - 1)
        return filled
    if kind in {"integer", "number"}:
        return marks.number(place) + (0.5 if kind == "number" else 0)
    return marks.text(place)


def _resolved(schema: Any) -> Any:
    while "$ref" in schema:
        schema = contract()["components"]["schemas"][schema["$ref"].split("/")[-1]]
    return schema


def _broken_bodies(name: str, body: Any, marks: Marks) -> Iterator[Call]:
    """Texts that are no JSON, or of another kind, or too much of it."""
    place = f"{name} broken"
    mark = marks.text(place)
    text = json.dumps({**body, "note": mark}) if isinstance(body, dict) else json.dumps([mark])
    nested = "[" * 40 + f'"{mark}"' + "]" * 40
    for broken in (
        text[:-1], f"{text} {mark}", f'{{"{mark}": NaN}}', f'{{"{mark}": 1, "{mark}": 2}}',
        f'{{"a": "{mark}\\ud800"}}', f'{{"a": "{mark}\\u0000"}}', f'"{mark}"', f'["{mark}"]',
        nested, f"{marks.number(place)}e400", mark * (TOO_LARGE // len(mark) + 1),
    ):  # fmt: skip
        yield Call(place, broken.encode())
    yield Call(place, text.encode("utf-16"))
    for media_type in (f"text/{mark}", "text/plain", f"application/json; charset={mark}"):
        yield Call(f"{name} media type", text.encode(), headers={"Content-Type": media_type})


def _calls_beside_the_body(operation: Operation, marks: Marks, key: str) -> Iterator[Call]:
    """Marks in path, query, headers and method."""
    shapes: tuple[Callable[[str], str], ...] = (
        str, lambda m: m * LONG, lambda m: f"{m} %\x07é", lambda m: f"2026-10-01T10:00:00Z{m}",
    )  # fmt: skip
    for shape in shapes:
        for one in operation.parameters("path"):
            place = f"{operation.id} path {one['name']}"
            yield Call(place, path={one["name"]: quote(shape(marks.text(place)))})
        for name in (*(one["name"] for one in operation.parameters("query")), "unknown"):
            place = f"{operation.id} query {name}"
            yield Call(place, query={name: shape(marks.text(place))})
        place = f"{operation.id} query name"
        yield Call(place, query={shape(marks.text(place)): "1"})
    place = f"{operation.id} path below"
    yield Call(place, below=f"/{marks.text(place)}")
    yield Call(f"{operation.id} method", method=marks.text(f"{operation.id} method").upper())
    for name in {*HEADERS, *(one["name"] for one in operation.parameters("header"))}:
        place = f"{operation.id} header {name}"
        for value in (marks.text(place), f"client;{marks.text(place)}", marks.text(place) * LONG):
            yield Call(place, headers={name: value})
    place = f"{operation.id} request id"
    yield Call(place, headers={"X-Request-Id": f"{marks.text(place)} {marks.text(place)}"})
    place = f"{operation.id} key"
    wrong = f"{marks.number(place)}".rjust(48, "0")
    for credentials in (
        marks.text(place),
        f"Bearer {marks.text(place)}",
        f"Bearer {key[:-48]}{wrong}",
    ):
        yield Call(place, headers={"Authorization": credentials})


def _with_content(call: Call, content: bytes | None) -> Call:
    return Call(call.place, content, call.path, call.query, call.headers, call.method, call.below)


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
