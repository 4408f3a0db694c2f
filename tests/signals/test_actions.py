"""What people did about a signal: states go on and never back, nothing is done twice."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.database import Database
from app.errors import SignalConflict
from app.signals.service import ENDED, LEADS_TO, ORDER, next_state
from tests.conftest import Clock, Tenant
from tests.events.test_end_to_end import told
from tests.support.corrections import store, void
from tests.support.factories import below_the_cut, pair
from tests.support.signals import act, course, fallen, signals

KEY = {"Idempotency-Key": "k"}
KINDS = ("acknowledge", "discuss", "try_step", "resolve", "close")
ONWARD = tuple(LEADS_TO[kind] for kind in KINDS)


async def raised(client: AsyncClient, **more: Any) -> str:
    """The id of a signal that waits."""
    (signal,) = (await store(client, below_the_cut(**more)))["signals"]
    return str(signal["id"])


async def read(client: AsyncClient, signal_id: str, actor: str | None = None) -> dict[str, Any]:
    headers = {} if actor is None else {"Rapport-Actor": actor}
    answer = await client.get(f"/v1/signals/{signal_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_action_is_given_back_as_it_was_said_and_told(
    client: AsyncClient, database: Database
) -> None:
    signal_id = await raised(client)
    said = {"by_ref": "p-9", "at": "2026-11-21T09:15:00+01:00", "note": "Went through it.\nAgreed."}
    answer = await act(
        client, signal_id, "discuss", **said, headers={"Rapport-Actor": "supervisor;s"}
    )
    made = answer.json()

    assert answer.status_code == 201
    assert {name: made[name] for name in said} == said
    assert (made["kind"], made["state"]) == ("discuss", "discussed")
    assert made["recorded_by"] == {"role": "supervisor", "ref": "s"}
    detail = await read(client, signal_id)
    assert (detail["state"], detail["actions"]) == ("discussed", [made])
    events = await told(client, database)
    assert [one["type"] for one in events] == [
        "alliance.created", "response.recorded", "signal.opened", "signal.changed",
    ]  # fmt: skip
    assert {one["subject_id"] for one in events[2:]} == {signal_id}
    assert events[3]["recorded_at"] == made["recorded_at"]


async def test_the_states_follow_each_other(client: AsyncClient) -> None:
    signal_id = await raised(client)
    for kind, state in zip(KINDS[:4], ONWARD, strict=False):
        assert (await act(client, signal_id, kind)).json()["state"] == state
        assert (await act(client, signal_id, "note", note="More.")).json()["state"] == state
    detail = await read(client, signal_id)
    assert detail["state"] == "resolved"
    assert [one["kind"] for one in detail["actions"][::2]] == list(KINDS[:4])


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_again_stays_where_it_is(client: AsyncClient, kind: str) -> None:
    signal_id = await raised(client)
    answers = [await act(client, signal_id, kind) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert (await read(client, signal_id))["state"] == LEADS_TO[kind]


@pytest.mark.parametrize(
    ("first", "then"),
    [(one, other) for at, one in enumerate(KINDS) for other in KINDS[:at]] + [("resolve", "close")],
)
async def test_a_signal_never_goes_back(client: AsyncClient, first: str, then: str) -> None:
    signal_id = await raised(client)
    assert (await act(client, signal_id, first)).status_code == 201
    refused = await act(client, signal_id, then)

    assert (refused.status_code, refused.json()["code"]) == (409, "signal_conflict")
    detail = await read(client, signal_id)
    assert detail["state"] == LEADS_TO[first]
    assert [one["kind"] for one in detail["actions"]] == [first]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", [*ORDER, "superseded"])
def test_a_state_takes_just_what_leads_on(state: str, kind: str) -> None:
    leads_to = LEADS_TO[kind]
    if state == leads_to or (state not in ENDED and ORDER.index(leads_to) > ORDER.index(state)):
        assert next_state(state, kind) == leads_to
    else:
        with pytest.raises(SignalConflict):
            next_state(state, kind)
    assert next_state(state, "note") == state


async def test_a_recorded_signal_can_be_worked_on(client: AsyncClient) -> None:
    signal_id = await raised(client, backfill=True)
    assert (await read(client, signal_id))["state"] == "recorded"
    assert (await act(client, signal_id, "discuss")).json()["state"] == "discussed"


async def test_an_ended_signal_takes_notes_alone(client: AsyncClient) -> None:
    made = await store(client, below_the_cut())
    (signal,) = made["signals"]
    await void(client, made["id"])
    assert (await read(client, signal["id"]))["state"] == "superseded"

    assert (await act(client, signal["id"], "close")).status_code == 409
    noted = await act(client, signal["id"], "note", note="It was the wrong person.")
    assert (noted.status_code, noted.json()["state"]) == (201, "superseded")
    assert [one["kind"] for one in (await read(client, signal["id"]))["actions"]] == ["note"]


async def test_what_was_done_stays_when_the_rating_is_withdrawn(client: AsyncClient) -> None:
    made = await store(client, below_the_cut())
    (signal,) = made["signals"]
    await act(client, signal["id"], "discuss", note="Talked.")
    await void(client, made["id"])
    detail = await read(client, signal["id"])

    assert (detail["state"], detail["superseded_by"]["cause"]) == ("superseded", "response_voided")
    assert [(one["state"], one["note"]) for one in detail["actions"]] == [("discussed", "Talked.")]


async def test_a_call_that_came_twice_is_done_once(client: AsyncClient, database: Database) -> None:
    signal_id = await raised(client)
    first = await act(client, signal_id, "discuss", note="n", headers=KEY)
    await act(client, signal_id, "resolve")
    again = await act(client, signal_id, "discuss", note="n", headers=KEY)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert (await read(client, signal_id))["state"] == "resolved"
    events = Counter(one["type"] for one in await told(client, database))
    assert events["signal.changed"] == 2

    other = await act(client, signal_id, "discuss", note="another", headers=KEY)
    elsewhere = await act(client, await raised(client), "discuss", note="n", headers=KEY)
    for refused in (other, elsewhere):
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_replay_shows_nothing_of_a_signal_that_is_not_shown(client: AsyncClient) -> None:
    told_to = {"audience": ["client", "supervisor"], "level": "items"}
    signal_id = await raised(client, notice=told_to)
    assert (await act(client, signal_id, "discuss", headers=KEY)).status_code == 201
    hidden = KEY | {"Rapport-Actor": "professional;p"}
    assert (await act(client, signal_id, "discuss", headers=hidden)).status_code == 404


async def test_two_at_once_are_both_kept_and_the_state_is_the_later(client: AsyncClient) -> None:
    signal_id = await raised(client)
    answers = await asyncio.gather(*(act(client, signal_id, "discuss") for _ in range(4)))
    assert [one.status_code for one in answers] == [201] * 4
    detail = await read(client, signal_id)
    assert len(detail["actions"]) == 4

    answers = await asyncio.gather(*(act(client, signal_id, one) for one in ("resolve", "close")))
    assert sorted(one.status_code for one in answers) == [201, 409]
    detail = await read(client, signal_id)
    assert detail["state"] == detail["actions"][-1]["state"]
    times = [one["recorded_at"] for one in detail["actions"]]
    assert times == sorted(times)


async def test_two_at_once_with_one_key_are_one(client: AsyncClient) -> None:
    signal_id = await raised(client)
    answers = await asyncio.gather(
        *(act(client, signal_id, "discuss", headers=KEY) for _ in range(3))
    )
    assert sorted(one.status_code for one in answers) == [200, 200, 201]
    assert len({one.json()["id"] for one in answers}) == 1
    assert len((await read(client, signal_id))["actions"]) == 1


async def test_notes_are_not_shown_to_clients(client: AsyncClient) -> None:
    signal_id = await raised(client)
    await act(client, signal_id, "note", note="Seemed tired.", by_ref="p")
    for actor in (None, "professional;p", "supervisor;s"):
        (action,) = (await read(client, signal_id, actor))["actions"]
        assert action["note"] == "Seemed tired.", actor
    (action,) = (await read(client, signal_id, "client;c"))["actions"]
    assert (action["note"], action["by_ref"]) == (None, "p")
    own = await act(client, signal_id, "note", note="I was.", headers={"Rapport-Actor": "client;c"})
    assert own.json()["note"] is None


async def test_a_time_that_is_not_known_stays_unknown(client: AsyncClient, clock: Clock) -> None:
    clock.fixed = datetime(2026, 12, 1, tzinfo=UTC)
    signal_id = await raised(client)
    made = (await act(client, signal_id, "discuss")).json()
    assert (made["at"], made["by_ref"], made["note"], made["recorded_by"]) == (None,) * 4
    assert made["recorded_at"] == "2026-12-01T00:00:00Z"


async def test_a_time_ahead_is_refused(client: AsyncClient, clock: Clock) -> None:
    clock.fixed = datetime(2026, 12, 1, tzinfo=UTC)
    signal_id = await raised(client)
    refused = await act(client, signal_id, "discuss", at="2026-12-03T00:00:00Z")
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [
        ("/at", "in_the_future")
    ]
    assert (await act(client, signal_id, "discuss", at="2026-12-01T20:00:00Z")).status_code == 201


async def test_of_a_signal_that_is_not_there_nothing_is_told(
    client: AsyncClient, tenant: Tenant, database: Database
) -> None:
    await fallen(client, pair(client_ref="c"))
    (signal,) = await signals(client)
    before = await told(client, database)
    answer = await act(client, str(uuid4()), "discuss")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for wrong in (
        {"kind": "delete"},
        {"kind": "discuss", "note": ""},
        {"kind": "note", "note": "\x07"},
        {},
    ):
        answer = await client.post(f"/v1/signals/{signal['id']}/actions", json=wrong)
        assert answer.status_code == 422, wrong
    assert await told(client, database) == before
    assert tenant.key


async def test_an_action_raises_nothing_and_changes_no_stream(client: AsyncClient) -> None:
    alliance = pair(client_ref="c")
    await fallen(client, alliance)
    (signal,) = await signals(client)
    await act(client, signal["id"], "close")
    *_, after = await course(client, alliance, (4, 4, 4, 4, 4, 2), "professional")
    own = await signals(client, rater_role="client", code="sudden_drop", severity="alert")
    assert [one["state"] for one in own] == ["closed"]
    assert after["signals"][0]["state"] == "open"
