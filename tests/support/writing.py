"""Every call that writes, in every way that it can go."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient, Response

from tests.support.corrections import amend, amendment, items, send_batch, store, void, withdrawal
from tests.support.factories import pair, submission

Call = Callable[[], Awaitable[Response]]
Prepare = Callable[[AsyncClient], Awaitable[Call]]
KEY = {"Idempotency-Key": "k"}


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


async def new_alliance(client: AsyncClient) -> Call:
    return _post(client, pair() | {"source": "ehr"}, "/v1/alliances")


async def new_alliance_with_key(client: AsyncClient) -> Call:
    sent = {"client_ref": "c", "professional_ref": "p"}
    return lambda: client.post("/v1/alliances", json=sent, headers=KEY)


async def changed_alliance(client: AsyncClient) -> Call:
    made = await store(client, submission())
    path, header = f"/v1/alliances/{made['alliance_id']}", {"If-Match": '"1"'}
    return lambda: client.patch(path, json={"case_ref": "x"}, headers=header)


EVERY_WRITE: tuple[Prepare, ...] = (
    first_sight,
    known_alliance,
    late,
    with_key,
    amended_by_version,
    amended_by_id,
    voided,
    batch_of_all,
    new_alliance,
    new_alliance_with_key,
    changed_alliance,
)
