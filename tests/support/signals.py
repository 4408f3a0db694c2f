"""Ratings that raise signals, and signals as they are listed."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from httpx import AsyncClient, Response

from tests.support.corrections import items, store
from tests.support.factories import pair, submission

FIRST_DAY = date(2026, 6, 1)
STABLE = (4, 4, 4, 4, 4)
LOW = 2
"""After these the detector raises an alert, whatever the parameters in use in these tests."""


def rating(
    alliance: Mapping[str, Any], number: int, value: int, role: str = "client", **more: Any
) -> dict[str, Any]:
    """A WAI-SR with the same answer everywhere, a week after the one before it."""
    day = FIRST_DAY + timedelta(weeks=number)
    said = {
        "rater": {"role": role},
        "occasion": {"session_number": number, "occurred_at": f"{day}T10:00:00+02:00"},
        "answers": items(value),
    }
    return submission(alliance=dict(alliance), **said | more)


async def course(
    client: AsyncClient,
    alliance: Mapping[str, Any],
    values: tuple[int, ...],
    role: str = "client",
    **more: Any,
) -> list[dict[str, Any]]:
    """What was answered to each of a course of ratings."""
    sent = (rating(alliance, number, value, role, **more) for number, value in enumerate(values, 1))
    return [await store(client, one) for one in sent]


async def fallen(
    client: AsyncClient, alliance: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """What was answered to the last of six ratings, which has fallen: it raises one alert."""
    *_, last = await course(client, alliance or pair(), (*STABLE, LOW), **more)
    return last


async def signals(client: AsyncClient, actor: str | None = None, **asked: Any) -> list[Any]:
    """The signals that meet these filters, as somebody sees them; actor None: the system."""
    headers = {} if actor is None else {"Rapport-Actor": actor}
    answer = await client.get("/v1/signals", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


async def ids(client: AsyncClient, actor: str | None = None, **asked: Any) -> list[str]:
    """The ids of these signals."""
    return [one["id"] for one in await signals(client, actor, **asked)]


async def act(client: AsyncClient, signal_id: str, kind: str, **said: Any) -> Response:
    """Say what was done about a signal. headers: those of the call."""
    headers = said.pop("headers", {})
    path = f"/v1/signals/{signal_id}/actions"
    return await client.post(path, json={"kind": kind, **said}, headers=headers)
