"""Reading a caseload."""

from typing import Any

from httpx import AsyncClient

PATH = "/v1/caseloads"


async def caseload(
    client: AsyncClient, professional: str = "p", actor: str | None = None, **asked: Any
) -> list[dict[str, Any]]:
    """The first page of a caseload as somebody sees it; None: the system."""
    headers = {} if actor is None else {"Rapport-Actor": actor}
    params = {"professional_ref": professional, "source": "ehr"} | asked
    answer = await client.get(PATH, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def names(found: list[dict[str, Any]]) -> list[str]:
    """The alliances by their own identifiers, in their order."""
    return [one["alliance"]["external_id"] for one in found]


def scale(case: dict[str, Any], name: str = "total", stream: int = 0) -> dict[str, Any]:
    """One scale of a stream of an alliance."""
    (found,) = [one for one in case["streams"][stream]["scales"] if one["scale"] == name]
    shown: dict[str, Any] = found
    return shown
