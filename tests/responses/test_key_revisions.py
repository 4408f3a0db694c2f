"""A mended key rescores the course, never what was answered; another form is another stream."""

import copy
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from typing import Any

import pytest
from httpx import AsyncClient

from app.instruments.definitions import Catalogue, definition_from, shipped
from app.main import create_app
from app.settings import Settings
from tests.conftest import Tenant
from tests.support.factories import pair, submission

Later = Callable[..., AbstractAsyncContextManager[AsyncClient]]


def with_revision(revision: str, **changes: Any) -> Catalogue:
    """The shipped catalogue with one more revision of the WAI-SR; changes: to each of its keys."""
    base = shipped()
    document = copy.deepcopy(dict(base.definition("wai-sr-2006", "1.0").document))
    document |= {"revision": revision, **changes.pop("document", {})}
    for key in document["keys"].values():
        key.update(changes)
    sha256 = hashlib.sha256(json.dumps(document).encode()).hexdigest()
    revisions = (*base.definitions["wai-sr-2006"], definition_from(document, sha256))
    definitions = MappingProxyType({**base.definitions, "wai-sr-2006": revisions})
    return Catalogue(definitions, base.text_packs)


@pytest.fixture
def later(settings: Settings, tenant: Tenant) -> Later:
    """The same tenant at a service of a later release: the same database, another catalogue."""

    @asynccontextmanager
    async def served(revision: str, **changes: Any) -> AsyncIterator[AsyncClient]:
        app = create_app(settings, catalogue=with_revision(revision, **changes))
        async with (
            app.router.lifespan_context(app),
            Tenant(app, tenant.id, tenant.key).client() as client,
        ):
            yield client

    return served


def answers(value: int) -> dict[str, int]:
    return {str(item): value for item in range(1, 13)}


def rating(alliance: dict[str, Any], number: int, **fields: Any) -> dict[str, Any]:
    return submission(alliance=alliance, occasion={"session_number": number}, **fields)


def totals_only(alliance: dict[str, Any], number: int, **fields: Any) -> dict[str, Any]:
    reported = [{"scale": "total", "sum": 48}]
    sent = rating(alliance, number, reported_scores=reported, **fields)
    return {name: value for name, value in sent.items() if name != "answers"}


async def send(client: AsyncClient, sent: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post("/v1/responses", json=sent)
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


async def points(client: AsyncClient, alliance_id: str) -> list[list[float | None]]:
    """The values of each stream of the total."""
    answer = await client.get(f"/v1/alliances/{alliance_id}/trend", params={"scale": "total"})
    assert answer.status_code == 200, answer.json()
    streams = answer.json()["streams"]
    return [[point["value"] for point in stream["points"]] for stream in streams]


def total(made: dict[str, Any]) -> float:
    (found,) = (score["value"] for score in made["scores"] if score["scale"] == "total")
    value: float = found
    return value


def change(made: dict[str, Any]) -> dict[str, float]:
    return {c["reference"]: c["difference"] for c in made["change"] if c["scale"] == "total"}


REVERSED = ["1", "4"]
"""With these reversed, a total of the same answer v everywhere is 8 v + 12 instead of 12 v."""


async def test_answers_are_scored_anew_and_stored_outcomes_stay(
    client: AsyncClient, later: Later
) -> None:
    alliance = pair()
    sent = [rating(alliance, number, answers=answers(number)) for number in (1, 2, 3)]
    stored = [await send(client, one) for one in sent]
    async with later("1.1", reversed=REVERSED) as newer:
        replays = [await newer.post("/v1/responses", json=one) for one in sent]
        made = await send(newer, rating(alliance, 4, answers=answers(5)))
        late = await send(newer, rating(alliance, 3, answers=answers(4)))
        old_key = rating(alliance, 5, answers=answers(1), instrument_revision="1.0")
        under_old_key = await send(newer, old_key)
        course = await points(newer, made["alliance_id"])
        record = (await newer.get(f"/v1/responses/{stored[0]['id']}")).json()

    assert [replay.status_code for replay in replays] == [200] * 3
    assert [replay.json() for replay in replays] == stored
    assert (record["scores"], record["instrument_revision"]) == (stored[0]["scores"], "1.0")
    assert (total(made), made["instrument_revision"]) == (52.0, "1.1")
    assert change(made) == {"previous": 16.0, "first": 32.0}
    assert change(late) == {"previous": 8.0, "first": 24.0}
    assert (total(under_old_key), under_old_key["instrument_revision"]) == (12.0, "1.0")
    assert change(under_old_key) == {"previous": -32.0, "first": 0.0}
    assert course == [[20.0, 28.0, 36.0, 44.0, 52.0, 20.0]]


async def test_reported_totals_are_no_points_under_another_key(
    client: AsyncClient, later: Later
) -> None:
    alliance = pair()
    sent = totals_only(alliance, 1)
    reported = await send(client, sent)
    async with later("1.1", reversed=REVERSED) as newer:
        replay = await newer.post("/v1/responses", json=sent)
        first = await send(newer, rating(alliance, 2, answers=answers(4)))
        second = await send(newer, rating(alliance, 3, answers=answers(5)))
        old = await send(newer, totals_only(alliance, 4, instrument_revision="1.0"))
        course = await points(newer, reported["alliance_id"])
        record = (await newer.get(f"/v1/responses/{reported['id']}")).json()

    assert (replay.status_code, replay.json()) == (200, reported)
    assert total(record) == 48.0
    assert change(first) == {}
    assert change(second) == {"previous": 8.0, "first": 8.0}
    assert (total(old), change(old)) == (48.0, {})
    assert course == [[None, 44.0, 52.0, None]]


async def test_a_pending_key_changes_nothing(client: AsyncClient, later: Later) -> None:
    alliance = pair()
    made = await send(client, rating(alliance, 1, answers=answers(2)))
    pending = {"availability": "pending", "missing": ["key"]}
    async with later("1.1", document=pending, reversed=REVERSED) as newer:
        named = rating(alliance, 2, answers=answers(4), instrument_revision="1.0")
        next_one = await send(newer, named)
        course = await points(newer, made["alliance_id"])

    assert total(next_one) == 48.0
    assert change(next_one) == {"previous": 24.0, "first": 24.0}
    assert course == [[24.0, 48.0]]


async def test_another_form_starts_a_stream_of_its_own(client: AsyncClient, later: Later) -> None:
    alliance = pair()
    made = await send(client, rating(alliance, 1, answers=answers(2)))
    async with later("2.0") as newer:
        next_one = await send(newer, rating(alliance, 2, answers=answers(4)))
        old = rating(alliance, 3, answers=answers(3), instrument_revision="1.0")
        old_form = await send(newer, old)
        course = await points(newer, made["alliance_id"])

    assert (next_one["instrument_revision"], change(next_one)) == ("2.0", {})
    assert change(old_form) == {"previous": 12.0, "first": 12.0}
    assert sorted(course, key=len) == [[48.0], [24.0, 36.0]]
