"""Reporting occasions and noticing ruptures, and reading both."""

from typing import Any

from httpx import AsyncClient, Response

from tests.support.factories import pair


async def reported(client: AsyncClient, sent: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """What a report was answered with, which was to have this status."""
    answer = await client.post("/v1/occasions", json=sent)
    assert answer.status_code == status, answer.json()
    made: dict[str, Any] = answer.json()
    return made


async def refused(client: AsyncClient, sent: dict[str, Any]) -> list[tuple[str, str]]:
    """Pointer and code of everything that a report was refused for."""
    answer = await client.post("/v1/occasions", json=sent)
    assert answer.status_code == 422, answer.json()
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def occasions(client: AsyncClient, alliance_id: str, **filters: str) -> list[dict[str, Any]]:
    """The occasions of an alliance as they are listed."""
    asked = {"alliance_id": alliance_id} | filters
    answer = await client.get("/v1/occasions", params=asked)
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def states(occasion: dict[str, Any]) -> dict[str, str]:
    """Role of each rater -> the state of the invitation."""
    return {one["rater"]["role"]: one["state"] for one in occasion["invitations"]}


async def new_alliance(client: AsyncClient, **fields: Any) -> str:
    """The id of a new alliance, by default a pair."""
    answer = await client.post("/v1/alliances", json={"source": "ehr", **pair(), **fields})
    assert answer.status_code == 201, answer.json()
    made: str = answer.json()["id"]
    return made


async def noticed(
    client: AsyncClient, alliance_id: str, sent: dict[str, Any], **headers: str
) -> Response:
    """The answer to a mark."""
    return await client.post(f"/v1/alliances/{alliance_id}/marks", json=sent, headers=headers)


async def marks(client: AsyncClient, alliance_id: str, actor: str | None) -> list[dict[str, Any]]:
    """The marks that a reader sees; None: the system."""
    headers = {"Rapport-Actor": actor} if actor else {}
    answer = await client.get(f"/v1/alliances/{alliance_id}/marks", headers=headers)
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
