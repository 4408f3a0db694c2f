"""Correcting and withdrawing what is stored."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from httpx import AsyncClient, Response

from tests.support.factories import submission

NOT_IN_AMENDMENTS = {"external_id", "source", "alliance"}
REASON = "Typed in wrongly."
Door = Callable[[AsyncClient, dict[str, Any], str], Awaitable[str]]
"""Stores a second version of what was sent, of which the id is given; the new id."""


def items(value: int) -> dict[str, int]:
    """The same answer everywhere; on the WAI-SR its total is twelve times that."""
    return {str(item): value for item in range(1, 13)}


def amendment(sent: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """What was sent, as the amendments endpoint takes it, with some of it changed."""
    kept = {name: sent[name] for name in sent if name not in NOT_IN_AMENDMENTS}
    return {"amendment_reason": REASON} | kept | changes


def withdrawal(sent: Mapping[str, Any], version: int, **changes: Any) -> dict[str, Any]:
    """A void of what was sent, as an item of a batch."""
    named = {name: sent[name] for name in ("external_id", "source")}
    return named | {"external_version": version, "void": {"reason": REASON}} | changes


async def store(client: AsyncClient, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Submit something new; what was answered."""
    answer = await client.post("/v1/responses", json=dict(sent))
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


async def store_new(client: AsyncClient, **fields: Any) -> dict[str, Any]:
    """As store, of a form on a new pair's session."""
    return await store(client, submission(**fields))


async def amend(
    client: AsyncClient, response_id: str, body: Mapping[str, Any], **headers: str
) -> Response:
    """Put another version in the place of a stored one."""
    path = f"/v1/responses/{response_id}/amendments"
    return await client.post(path, json=dict(body), headers=headers)


async def void(client: AsyncClient, response_id: str, **fields: Any) -> Response:
    """Withdraw a record."""
    body = {"reason": REASON} | fields
    return await client.post(f"/v1/responses/{response_id}/void", json=body)


async def send_batch(
    client: AsyncClient, sent: list[Any], prefer: str | None = None, **parameters: Any
) -> Response:
    """Send several items at once."""
    headers = {} if prefer is None else {"Prefer": prefer}
    return await client.post(
        "/v1/responses:batch", json={"items": sent}, headers=headers, params=parameters
    )


async def verdicts(client: AsyncClient, sent: list[Any]) -> list[tuple[int, str]]:
    """Status and verdict of each item of a batch."""
    answer = await send_batch(client, sent)
    assert answer.status_code == 207, answer.json()
    return [(one["status"], one["verdict"]) for one in answer.json()["items"]]


async def record(client: AsyncClient, response_id: str) -> dict[str, Any]:
    """One stored version as it is read."""
    answer = await client.get(f"/v1/responses/{response_id}")
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


async def versions(client: AsyncClient, external_id: str) -> list[dict[str, Any]]:
    """Every version of a record, as they are listed."""
    answer = await client.get("/v1/responses", params={"external_id": external_id})
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def trend(client: AsyncClient, alliance_id: str, **parameters: Any) -> dict[str, Any]:
    """The trend of the total."""
    path = f"/v1/alliances/{alliance_id}/trend"
    answer = await client.get(path, params={"scale": "total"} | parameters)
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def points(found: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """Response and value of every point of a trend, stream after stream."""
    return [
        (point["response_id"], point["value"])
        for stream in found["streams"]
        for point in stream["points"]
    ]


async def by_version(client: AsyncClient, sent: dict[str, Any], _: str) -> str:
    return str((await store(client, sent | {"external_version": 2}))["id"])


async def by_id(client: AsyncClient, sent: dict[str, Any], response_id: str) -> str:
    answer = await amend(client, response_id, amendment(sent))
    assert answer.status_code == 201, answer.json()
    return str(answer.json()["id"])


async def in_a_batch(client: AsyncClient, sent: dict[str, Any], _: str) -> str:
    answer = await send_batch(client, [sent | {"external_version": 2}])
    (item,) = answer.json()["items"]
    assert item["verdict"] == "amended", item
    return str(item["id"])


EVERY_DOOR: tuple[Door, ...] = (by_version, by_id, in_a_batch)
