"""A programme whose clients were asked, and what is said of its coverage."""

from collections.abc import Sequence
from typing import Any

from httpx import AsyncClient

from tests.support.corrections import items, store
from tests.support.factories import invitation, pair, report, submission
from tests.support.meetings import reported

DAY = "2026-10-05"
AT = f"{DAY}T10:00:00+02:00"
PATH = "/v1/coverage"


async def coverage(client: AsyncClient, actor: str | None = None, **asked: Any) -> dict[str, Any]:
    """Coverage as somebody is told of it; None: the system. By default of October."""
    window = {"from": "2026-10-01", "to": "2026-10-31"}
    headers = {} if actor is None else {"Rapport-Actor": actor}
    params = window | {name.rstrip("_"): value for name, value in asked.items()}
    answer = await client.get(PATH, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def programme(
    client: AsyncClient,
    states: Sequence[str],
    *,
    values: Sequence[int] = (),
    professionals: int = 2,
    name: str = "programme",
    **fields: Any,
) -> list[dict[str, Any]]:
    """The alliances of a programme, one for each state that its client's invitation comes to.

    values: what each client answers to every item if that state is `completed`, or answered the
    week before if not; by default 4.
    """
    made = []
    for number, state in enumerate(states):
        alliance = pair(program_ref=name, professional_ref=f"{name}-p-{number % professionals}")
        value = values[number] if values else 4
        occasion = {"session_number": 2, "occurred_at": AT}
        if state != "completed":
            occasion = {"session_number": 1, "occurred_on": "2026-09-28"}
        form = submission(
            alliance=alliance, occasion=occasion, answers=items(value),
            completed_at=str(occasion.get("occurred_at", "2026-09-28T10:00:00+02:00")), **fields,
        )  # fmt: skip
        await store(client, form)
        invited = [invitation(state="invited" if state == "completed" else state)]
        await reported(
            client,
            report(alliance=alliance, session_number=2, occurred_at=AT, invited=invited),
        )
        made.append(alliance)
    return made


def missing(found: dict[str, Any]) -> set[str]:
    """What is not told."""
    return {one["code"] for one in found["not_computed"]}
