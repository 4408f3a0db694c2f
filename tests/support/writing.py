"""Every call that writes, in every way that it can go."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient, Response

from tests.support.corrections import amend, amendment, items, send_batch, store, void, withdrawal
from tests.support.factories import invitation, mark, pair, report, submission

Call = Callable[[], Awaitable[Response]]
Prepare = Callable[[AsyncClient], Awaitable[Call]]
KEY = {"Idempotency-Key": "k"}
WEEKS = 6


def _post(client: AsyncClient, sent: dict[str, Any], path: str = "/v1/responses") -> Call:
    return lambda: client.post(path, json=sent)


async def first_sight(client: AsyncClient) -> Call:
    return _post(client, submission())


async def known_alliance(client: AsyncClient) -> Call:
    alliance = pair()
    await store(client, submission(alliance=alliance, occasion={"session_number": 1}))
    return _post(client, submission(alliance=alliance, occasion={"session_number": 2}))


async def late(client: AsyncClient) -> Call:
    alliance = pair()
    for number in (1, 3):
        await store(client, submission(alliance=alliance, occasion={"session_number": number}))
    return _post(client, submission(alliance=alliance, occasion={"session_number": 2}))


async def with_key(client: AsyncClient) -> Call:
    sent = submission()
    del sent["external_id"]
    return lambda: client.post("/v1/responses", json=sent, headers=KEY)


async def amended_by_version(client: AsyncClient) -> Call:
    sent = submission()
    await store(client, sent)
    return _post(client, sent | {"external_version": 2, "alliance": pair()})


async def amended_by_id(client: AsyncClient) -> Call:
    sent = submission()
    made = await store(client, sent)
    return lambda: amend(client, made["id"], amendment(sent, answers=items(2)), **KEY)


async def voided(client: AsyncClient) -> Call:
    alliance = pair()
    await store(client, submission(alliance=alliance, occasion={"session_number": 1}))
    made = await store(client, submission(alliance=alliance, occasion={"session_number": 2}))
    return lambda: void(client, made["id"])


async def batch_of_all(client: AsyncClient) -> Call:
    known, gone = submission(occasion={"session_number": 3}), submission()
    for one in (known, gone):
        await store(client, one)
    sent = [
        submission(),
        submission(alliance=known["alliance"], occasion={"session_number": 1}),
        known | {"external_version": 2, "alliance": pair()},
        withdrawal(gone, 2),
    ]
    return lambda: send_batch(client, sent)


async def raising(client: AsyncClient) -> Call:
    """A fall on both sides: it raises signals of its own stream and beside the other."""
    alliance = pair()
    await send_batch(client, [*steady(alliance)[:-1], *steady(alliance, "professional", 1)])
    return _post(client, steady(alliance, "client", 1)[-1])


async def unsaying(client: AsyncClient) -> Call:
    """A withdrawal that supersedes a signal."""
    alliance = pair()
    await send_batch(client, steady(alliance)[:-1])
    made = await store(client, steady(alliance, "client", 1)[-1])
    return lambda: void(client, made["id"])


async def raising_late(client: AsyncClient) -> Call:
    """A rating before others, that raises a signal at one of them and supersedes another's."""
    alliance = pair()
    *calm, low = steady(alliance, "client", 1)
    await send_batch(client, [*calm[:2], low])
    return _post(client, calm[2])


async def raising_batch(client: AsyncClient) -> Call:
    alliance = pair()
    sent = [*steady(alliance, "client", 1), *steady(alliance, "professional", 1)]
    return lambda: send_batch(client, sent)


def steady(alliance: dict[str, Any], role: str = "client", last: int = 4) -> list[dict[str, Any]]:
    """One week's rating after another, all alike but for the last."""
    return [
        submission(
            alliance=alliance,
            rater={"role": role},
            occasion={"session_number": week, "occurred_on": f"2026-10-{week + 1:02}"},
            answers=items(last if week == WEEKS - 1 else 4),
        )
        for week in range(WEEKS)
    ]


async def new_alliance(client: AsyncClient) -> Call:
    return _post(client, pair() | {"source": "ehr"}, "/v1/alliances")


async def new_alliance_with_key(client: AsyncClient) -> Call:
    sent = {"client_ref": "c", "professional_ref": "p"}
    return lambda: client.post("/v1/alliances", json=sent, headers=KEY)


async def changed_alliance(client: AsyncClient) -> Call:
    made = await store(client, submission())
    path, header = f"/v1/alliances/{made['alliance_id']}", {"If-Match": '"1"'}
    return lambda: client.patch(path, json={"case_ref": "x"}, headers=header)


async def first_report(client: AsyncClient) -> Call:
    return _post(client, report(invited=[invitation()]), "/v1/occasions")


async def report_of_what_was_answered(client: AsyncClient) -> Call:
    alliance = pair()
    await store(client, submission(alliance=alliance))
    invited = [invitation(), invitation("professional", state="opened")]
    return _post(client, report(alliance=alliance, invited=invited), "/v1/occasions")


async def corrected_report(client: AsyncClient) -> Call:
    sent = report(invited=[invitation()])
    await client.post("/v1/occasions", json=sent)
    changed = sent | {"status": "missed", "invited": [invitation(state="lapsed")]}
    return _post(client, changed, "/v1/occasions")


async def new_mark(client: AsyncClient) -> Call:
    made = await store(client, submission())
    return _post(client, mark(), f"/v1/alliances/{made['alliance_id']}/marks")


async def new_mark_with_key(client: AsyncClient) -> Call:
    made = await store(client, submission())
    sent = mark(external_id=None, occasion={"session_ref": "other"})
    path = f"/v1/alliances/{made['alliance_id']}/marks"
    return lambda: client.post(path, json=sent, headers=KEY)


EVERY_WRITE: tuple[Prepare, ...] = (
    first_sight,
    known_alliance,
    late,
    with_key,
    amended_by_version,
    amended_by_id,
    voided,
    batch_of_all,
    raising,
    unsaying,
    raising_late,
    raising_batch,
    new_alliance,
    new_alliance_with_key,
    changed_alliance,
    first_report,
    report_of_what_was_answered,
    corrected_report,
    new_mark,
    new_mark_with_key,
)
