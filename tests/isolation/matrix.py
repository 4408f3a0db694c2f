"""One tenant names what another has, in one place of one operation; what it is answered."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from httpx import AsyncClient, Response

from tests.exports.reading import csv_rows
from tests.isolation.places import Place
from tests.isolation.recipes import EXPECTED, Call, Recipe, put
from tests.isolation.worlds import UUID, World
from tests.support.contract import Operation

REFERENCES: Final = {
    "about_ref": ("professional",),
    "by_ref": ("professional",),
    "case_ref": ("case",),
    "client_ref": ("client-first", "client-merged"),
    "external_id": ("alliance-first", "response-first", "mark-rupture"),
    "from": ("client-first", "client-fourth"),
    "idempotency-key": ("key",),
    "into": ("client-merged",),
    "professional_ref": ("professional",),
    "program_ref": ("program",),
    "proxy_ref": ("proxy",),
    "Rapport-Actor": ("client-first",),
    "ref": ("client-first", "notice"),
    "session_ref": ("session",),
    "source": ("source",),
}
"""The name of a place -> which references of a tenant stand in such places."""
ACTING: Final = "client;"
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
VERSION: Final = re.compile(r'"version":\d+|"etag": "\\"\d+\\""')
OF_ONE_ANSWER: Final = {"x-request-id", "content-length"}


@dataclass
class Tally:
    """What was tried, and how much of others was seen."""

    places: set[Place] = field(default_factory=set)
    calls: int = 0
    foreign_bytes: int = 0


@dataclass(frozen=True)
class Tried:
    """One answer to a request that named something."""

    place: Place
    status: int
    text: str
    """The whole answer, without what differs from call to call."""
    answer: Response


def theirs(other: World, operation: Operation, place: Place) -> Iterator[str]:
    """Everything of another tenant's that fits into the place."""
    if place.kind == "cursor":
        yield other.cursors[operation.id]
    elif place.kind == "position":
        yield "1"
    elif place.kind == "etag":
        yield other.etag
    elif place.kind == "id" or (place.leaf.endswith("_id") and place.leaf not in REFERENCES):
        yield from other.ids.values()
    else:
        before = ACTING if place.leaf == "Rapport-Actor" else ""
        yield from (f"{before}{other.ref(name)}" for name in REFERENCES[place.leaf])


def nobodys(place: Place, like: str) -> str:
    """A value that fits into the place and names nothing."""
    if place.kind == "cursor":
        return f"{like[:-1]}{'A' if like[-1] != 'A' else 'B'}"
    if place.kind == "etag":
        return '"999"'
    if place.kind == "position":
        return "1"
    if UUID.fullmatch(like):
        return str(uuid4())
    return re.sub("mark[0-9a-f]{12}", f"none{secrets.token_hex(6)}", like)


def expected(place: Place, recipe: Recipe) -> int:
    """What becomes of naming what nobody has; 200 stands for any success."""
    if place.kind == "text" and place.where == "body":
        ends = (end for end in EXPECTED if place.name.endswith(end))
        return next((EXPECTED[end] for end in ends), recipe.unknown)
    if place.leaf == "Rapport-Actor":
        return recipe.another_person
    by_kind = {"id": 404, "etag": 412}
    return by_kind.get(place.kind, 200)


async def tried(
    reader: World, operation: Operation, recipe: Recipe, place: Place, value: str
) -> Tried:
    """The reader names the value in the place."""
    name = secrets.token_hex(4)
    call = await recipe.made(reader, name)
    put(call, place, value)
    answer = await send(reader.client, operation, call)
    if operation.takes_file and answer.is_success:  # only so many may be under way
        await reader.client.post(f"{answer.headers['location']}/cancel")
    heads = {k: v for k, v in answer.headers.items() if k not in OF_ONE_ANSWER}
    text = json.dumps(heads) + answer.text
    for own in (
        value,
        value.removeprefix(ACTING),
        json.dumps(value)[1:-1],
        name,
        answer.headers["x-request-id"],
    ):
        text = text.replace(own, "OWN")
    text = TIME.sub("TIME", UUID.sub("ID", text))
    text = VERSION.sub("VERSION", text) if recipe.counts else text
    return Tried(place, recipe.status(answer), text, answer)


async def send(client: AsyncClient, operation: Operation, call: Call) -> Response:
    """The answer to the request."""
    return await client.request(
        operation.method.upper(),
        operation.path.format(**call.path),
        params=call.query,
        headers=call.headers,
        json=call.body,
        content=call.content,
    )


def listed(answer: Response) -> list[object]:
    """What a list or an export holds; an answer that is neither holds itself."""
    if answer.headers["content-type"].startswith("text/csv"):
        return list(csv_rows(answer.content))
    if not answer.content:
        return []
    if not answer.headers["content-type"].endswith("json"):
        return [answer]  # a picture or a page
    found: list[object] = answer.json().get("items", [answer])
    return found


def foreign_bytes(found: Tried, other: World, value: str) -> int:
    """How many bytes of the other's an answer holds, besides what was sent."""
    answer = found.answer
    whole = (answer.text + str(answer.headers)).replace(value.removeprefix(ACTING), "")
    return sum(len(secret) * whole.count(secret) for secret in other.secrets() - {value})
