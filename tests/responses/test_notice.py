"""No answer gives away a rating that its reader was not promised: not by a difference either."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.factories import pair, submission

TO_CLIENT = {"audience": ["client"], "level": "items"}
SUPERVISION = {"audience": ["supervisor"], "level": "items"}
TO_ALL = {"audience": ["client", "professional", "supervisor"], "level": "items"}


def answers(value: int) -> dict[str, int]:
    return {str(item): value for item in range(1, 13)}


async def send(client: AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/v1/responses", json=submission(**fields))
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize(
    ("notice", "actor", "compared"),
    [
        (TO_CLIENT, "professional;p", False),
        (TO_CLIENT, "client;somebody", True),  # the audience is told by role
        (TO_CLIENT, "client;c", True),
        (TO_CLIENT, None, True),
        (TO_CLIENT | {"level": "signals"}, None, False),
        (TO_CLIENT | {"level": "signals"}, "client;somebody", False),
        (TO_CLIENT | {"level": "signals"}, "client;c", True),
        (TO_CLIENT | {"level": "scores"}, "client;somebody", True),
        (SUPERVISION, None, False),
        (SUPERVISION, "professional;p", False),
        (SUPERVISION, "supervisor;s", True),
        (SUPERVISION, "client;c", True),
        (TO_ALL, "professional;p", True),
        (TO_ALL, None, True),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_change_is_against_what_the_caller_may_see(
    tenant: Tenant, notice: dict[str, Any], actor: str | None, *, compared: bool, late: bool
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    headers = {} if actor is None else {"Rapport-Actor": actor}
    async with tenant.client() as door, tenant.client(**headers) as caller:
        hidden = await send(
            door,
            alliance=alliance,
            occasion={"session_number": 1},
            answers=answers(2),
            notice=notice,
        )
        if late:
            await send(door, alliance=alliance, occasion={"session_number": 9})
        made = await send(
            caller, alliance=alliance, occasion={"session_number": 2}, answers=answers(4)
        )

    against = {(c["reference"], c["reference_response_id"]) for c in made["change"]}
    expected = {("previous", hidden["id"]), ("first", hidden["id"])}
    assert against == (expected if compared else set())
    why = made["not_computed"][1]
    assert why["code"] == ("reliable_change" if compared else "change")
    assert ("may not see" in why["why"]) == (not compared)


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        (None, False),
        ("professional;p", False),
        ("client;another", False),
        ("supervisor;s", True),
        ("client;c", True),
    ],
)
async def test_what_is_for_supervision_is_shown_to_supervisors_and_the_rater(
    tenant: Tenant, actor: str | None, *, shown: bool
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    headers = {} if actor is None else {"Rapport-Actor": actor}
    async with tenant.client() as door, tenant.client(**headers) as reader:
        made = await send(door, alliance=alliance, notice=SUPERVISION)
        record = (await reader.get(f"/v1/responses/{made['id']}")).json()
        trend = (await reader.get(f"/v1/alliances/{made['alliance_id']}/trend")).json()

    assert record["withheld"] == ([] if shown else ["answers", "scores"])
    assert (record["answers"] is not None, bool(record["scores"])) == (shown, shown)
    values = {point["value"] for stream in trend["streams"] for point in stream["points"]}
    assert (values != {None}) == shown
