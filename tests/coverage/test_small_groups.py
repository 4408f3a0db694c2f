"""What coverage withholds of few people, and what cannot be worked out from what it shows."""

from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.coverage import coverage, missing, programme
from tests.support.factories import pair

SILENT = ("lapsed", "declined") * 5


@pytest.mark.parametrize("clients", [1, 9])
async def test_fewer_than_ten_clients_are_not_told_of(client: AsyncClient, clients: int) -> None:
    await programme(client, ("completed",) * clients)
    found = await coverage(client)

    assert missing(found) == {"clients"}
    assert {name: value for name, value in found.items() if value} == {
        "window": {"from": "2026-10-01", "to": "2026-10-31"},
        "not_computed": found["not_computed"],
    }


async def test_nobody_and_few_look_the_same(client: AsyncClient) -> None:
    nobody = await coverage(client)
    await programme(client, ("completed",) * 9)

    assert await coverage(client) == nobody


async def test_few_of_many_are_withheld_part_by_part(client: AsyncClient) -> None:
    await programme(client, ("completed",) * 9 + ("lapsed",) * 9)
    found = await coverage(client)

    assert found["clients"] == 20  # 18
    assert found["reach"] is None
    assert found["depth"] is None
    assert {"reach", "depth", "timeliness", "non_response"} <= missing(found)
    assert found["invitations"][0]["total"] == 18


async def test_what_those_who_do_not_answer_said_last(client: AsyncClient) -> None:
    await programme(client, SILENT + ("completed",) * 10, values=[2] * 10 + [4] * 10)
    found = (await coverage(client))["non_response"]

    assert found == [
        {
            "instrument": "wai-sr-2006",
            "form": "client",
            "language": "en",
            "scale": "total",
            "unanswered": {"clients": 10, "percent_of_range": 25.0},
            "answered": {"clients": 10, "percent_of_range": 75.0},
        }
    ]


async def test_a_level_takes_ten_clients_of_two_professionals(client: AsyncClient) -> None:
    await programme(client, SILENT, professionals=1, name="one")
    await programme(client, (*SILENT[:9], "completed"), name="nine")
    for asked in ({"program_ref": "one"}, {"program_ref": "nine"}):
        found = await coverage(client, **asked)
        assert found["clients"] == 10
        assert found["non_response"] == []
        assert "non_response" in missing(found)
    assert (await coverage(client))["non_response"][0]["unanswered"]["clients"] == 20  # 19


async def test_a_level_does_not_move_with_the_window(client: AsyncClient) -> None:
    await programme(client, (*SILENT, *SILENT), values=[2] * 10 + [4] * 10)
    shown = [
        (await coverage(client, from_=start, to="2026-10-31"))["non_response"]
        for start in ("2026-10-01", "2026-10-05", "2026-09-01", "2026-01-01")
    ]

    assert shown[0]
    assert all(one == shown[0] for one in shown)


async def test_nobodys_last_word_is_worked_out_from_two_groups(client: AsyncClient) -> None:
    """One client in another programme: all less one programme is that client."""
    await programme(client, SILENT, values=[3, 2, 3, 4, 3, 2, 3, 3, 2, 3], name="many")
    await programme(client, ("lapsed",), values=[1], name="one")
    many, both = [
        (await coverage(client, **asked))["non_response"][0]["unanswered"]["percent_of_range"]
        for asked in ({"program_ref": "many"}, {})
    ]
    assert (await coverage(client, program_ref="one"))["clients"] is None
    # The client said 0. All that the two figures leave open:
    reach = (11 + 10) * 2.5
    worked_out = 11 * both - 10 * many
    assert worked_out - reach <= 0
    assert worked_out + reach >= 40


async def test_a_reader_is_told_only_of_what_it_may_see(client: AsyncClient) -> None:
    hidden = {"ref": "n", "audience": ["client", "supervisor"], "level": "scores"}
    await programme(client, SILENT, notice=hidden)
    told = {
        actor: bool((await coverage(client, actor))["non_response"])
        for actor in (None, "supervisor;s", "professional;p")
    }

    assert told == {None: True, "supervisor;s": True, "professional;p": False}


async def test_professionals_see_their_own_clients_whole(client: AsyncClient) -> None:
    await programme(client, ("completed", "lapsed"), values=[3, 2], professionals=1, name="own")
    asked: Mapping[str, Any] = {"professional_ref": "own-p-0", "source": "ehr"}
    own = await coverage(client, "professional;own-p-0", **asked)

    assert (own["clients"], own["reach"]["count"], own["reach"]["of"]) == (2, 1, 2)
    assert own["invitations"][0]["completion"]["rate"] == 0.5
    assert own["non_response"][0]["unanswered"] == {"clients": 1, "percent_of_range": 25.0}
    for other in ("professional;somebody", "supervisor;own-p-0", "client;own-p-0", None):
        assert (await coverage(client, other, **asked))["clients"] is None, other
    by_programme = await coverage(client, "professional;own-p-0", program_ref="own")
    assert by_programme["clients"] is None
    elsewhere = await coverage(client, "professional;own-p-0", professional_ref="own-p-0")
    assert elsewhere["clients"] == 0  # the same reference of another system is another person


@pytest.mark.parametrize(
    ("completed", "lapsed", "standing"),
    [(12, 8, "enough"), (11, 9, "low"), (8, 12, "low"), (7, 13, "too_low")],
)
async def test_warning_and_withholding(
    client: AsyncClient, completed: int, lapsed: int, standing: str
) -> None:
    await programme(client, ("completed",) * completed + ("lapsed",) * lapsed)
    found = (await coverage(client))["coverage"]

    assert found == {
        "basis": "completion",
        "rate": completed / 20,
        "standing": standing,
        "comparable": standing != "too_low",
    }


async def test_without_invitations_reach_is_what_there_is(client: AsyncClient) -> None:
    await programme(client, ("not_offered",) * 20)
    for _ in range(20):
        await client.post("/v1/alliances", json={"source": "ehr", **pair(started_on="2026-09-01")})
    found = await coverage(client, from_="2026-09-01")

    assert found["coverage"] == {
        "basis": "reach", "rate": 0.5, "standing": "low", "comparable": True,
    }  # fmt: skip
