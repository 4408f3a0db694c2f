"""From submissions to a comparison, through the worker's own steps."""

from typing import Any

from httpx import AsyncClient

from app.comparisons import service
from app.comparisons.rendering import drawing
from app.comparisons.schemas import ComparisonOut
from app.database import Database
from app.instruments.definitions import shipped
from tests.comparisons.caseloads import NOW
from tests.conftest import Clock
from tests.support.corrections import items
from tests.support.factories import invitation, report, submission
from tests.support.meetings import reported
from tests.support.programmes import send, work

PROFESSIONALS, CLIENTS = 6, 10


def form(professional: int, client: int) -> dict[str, Any]:
    """A client's only form: 3 of 5 on all items, of the last professional's clients 2 or 4."""
    value = 3 if professional < PROFESSIONALS - 1 else (2, 4)[client % 2]
    return submission(
        alliance={
            "external_id": f"{professional}-{client}",
            "client_ref": f"c-{professional}-{client}",
            "professional_ref": f"p-{professional}",
            "program_ref": "north",
            "setting": "counselling",
        },
        occasion={"session_number": 1, "occurred_on": "2026-08-12"},
        answers=items(value),
    )


async def test_submissions_become_a_comparison(
    client: AsyncClient, database: Database, clock: Clock
) -> None:
    clock.fixed = NOW
    forms = [form(p, c) for p in range(PROFESSIONALS) for c in range(CLIENTS)]
    await send(client, forms)
    for number in range(2):  # one of two is completed: a coverage of a half
        told = report(alliance=forms[0]["alliance"], invited=[invitation()])
        told |= {"session_number": 1 + number, "occurred_at": None, "occurred_on": "2026-08-12"}
        await reported(client, told)
    await work(database, NOW)
    await service.make(database, shipped(), NOW)
    answer = await client.get(
        "/v1/program-comparisons",
        params={"by": "professional", "scale": "total"},
        headers={"Rapport-Actor": "supervisor;s-1"},
    )
    (found,) = answer.json()["items"]
    assert (found["program_ref"], found["instrument"], found["unit"]) == (
        "north",
        "wai-sr-2006",
        "sum",
    )
    assert found["all"] == {"clients": 60, "mean": 36.0}
    assert [unit["mean"] for unit in found["units"]] == [36.0] * PROFESSIONALS
    assert [unit["clients"] for unit in found["units"]] == [10] * PROFESSIONALS
    assert (found["coverage"], found["warnings"][0]) == (0.5, "low_coverage")
    assert found["share_of_units"] == 0
    assert {unit["deviation"]["low"] for unit in found["units"]} == {None}
    figure = drawing(ComparisonOut.model_validate(found))
    assert figure is not None
    assert [point.name for point in figure.points] == [f"p-{n}" for n in range(PROFESSIONALS)]
    assert [limit.clients for limit in figure.limits] == [10, 15, 20, 25, 30, 40, 50, 60, 80, 100]
    assert figure.limits[0].low_998 < figure.limits[0].low_95 < figure.centre
