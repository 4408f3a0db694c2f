"""The way to Postgres is cut at each step of a submission: a retry makes it one record."""

from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response

from bench.crash.gate import PLACES, Cut, Gate, Place, When
from bench.crash.protocol import Step
from tests.conftest import Tenant
from tests.crash.conftest import Served
from tests.support.factories import pair, submission
from tests.support.sending import send_until_answered

TURNS = 3
COMMITTED = {When.UNANSWERED, When.HALF_ANSWERED}
ROWS = "SELECT outcome::text FROM responses WHERE tenant_id = $1 AND external_id = $2"


def answered_as(place: Place) -> tuple[int, str | None]:
    """Status and Retry-After: before COMMIT is sent the service itself begins once more."""
    return (503, "1") if place.step is Step.COMMIT else (201, None)


def retried_as(place: Place) -> set[int]:
    """Statuses of the retry: stored now, or found stored."""
    if place.step is not Step.COMMIT:
        return {200}
    if place.when is When.WITHHELD:
        return {201}
    return {200} if place.when in COMMITTED else {200, 201}


async def cut_off(client: AsyncClient, way: Gate, place: Place, sent: dict[str, Any]) -> Response:
    """The answer to a submission whose transaction is cut at the place."""
    cut = way.arm(Cut(place))
    answer = await client.post("/v1/responses", json=sent)
    way.disarm()
    assert cut.done.is_set()
    return answer


@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_a_cut_makes_neither_loss_nor_duplicate(
    place: Place, way: Gate, through_way: Served, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()  # made by the first of the turns, known to the others
    async with through_way(lambda app: app) as client:
        for turn in range(TURNS):
            sent = submission(alliance=alliance, occasion={"session_number": turn + 1})
            answer = await cut_off(client, way, place, sent)
            again = await send_until_answered(client, sent)
            replay = await client.post("/v1/responses", json=sent)
            rows = await owner.fetch(ROWS, tenant.id, sent["external_id"])

            assert (answer.status_code, answer.headers.get("Retry-After")) == answered_as(place)
            assert again.status_code in retried_as(place)
            assert (replay.status_code, replay.content) == (200, again.content)
            assert len(rows) == 1
