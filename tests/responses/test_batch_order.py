"""What an item comes to never turns on those after it."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.corrections import items, send_batch, trend
from tests.support.factories import pair, submission

UNKNOWN = "01a20546-cbdf-7696-ab47-5fe4ee35dee3"


async def codes(client: AsyncClient, sent: list[Any]) -> list[str]:
    """The problem of each item, or else its verdict."""
    told = (await send_batch(client, sent)).json()["items"]
    return [(one["problem"] or {}).get("code", one["verdict"]) for one in told]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"continues": UNKNOWN}, "not_found"),
        ({"ended_on": "2026-09-01"}, "invalid_request"),
    ],
)
async def test_a_refused_description_of_an_alliance_stays_refused(
    client: AsyncClient, first: dict[str, Any], code: str
) -> None:
    alliance = pair()
    sent = [submission(alliance=alliance | first), submission(alliance=alliance)]
    assert await codes(client, sent) == [code, "accepted"]


async def test_an_unknown_alliance_is_not_known_from_a_later_item(client: AsyncClient) -> None:
    alliance = pair()
    unnamed = {"external_id": alliance["external_id"]}
    sent = [submission(alliance=unnamed), submission(alliance=alliance)]
    sent.append(submission(alliance=unnamed))
    assert await codes(client, sent) == ["invalid_request", "accepted", "accepted"]


async def test_members_are_those_of_the_first_accepted_item(client: AsyncClient) -> None:
    alliance = pair()
    others = alliance | {"client_ref": "another"}
    wrong = {"role": "client", "ref": "nobody"}
    sent = [
        submission(alliance=others, rater=wrong),
        submission(alliance=alliance),
        submission(alliance=others),
    ]
    assert await codes(client, sent) == ["invalid_request", "accepted", "alliance_conflict"]
    told = (await send_batch(client, [sent[0]])).json()["items"]
    assert told[0]["problem"]["code"] == "alliance_conflict"


async def test_of_one_occasion_the_last_item_counts_in_the_dyad(client: AsyncClient) -> None:
    """As the last received does: a batch is received at one instant, item after item."""
    alliance = pair()
    occasion = {"session_ref": "s", "session_number": 1}
    sent = [
        submission(alliance=alliance, occasion=occasion, rater={"role": "professional"}),
        submission(
            alliance=alliance,
            occasion=occasion | {"occurred_at": "2026-10-02T12:00:00Z"},
            answers=items(2),
        ),
        submission(
            alliance=alliance,
            occasion=occasion | {"occurred_at": "2026-10-02T11:00:00Z"},
            answers=items(5),
        ),
    ]
    told = (await send_batch(client, sent)).json()["items"]
    found = await client.get(f"/v1/responses/{told[2]['id']}")
    (met,) = (await trend(client, found.json()["alliance_id"]))["dyad"]["pairs"]

    assert met["client"]["response_id"] == told[2]["id"]
