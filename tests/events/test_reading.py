"""GET /v1/events: pages by position, whose events, and what is refused."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.database import Database
from app.events import service
from app.events.schemas import HIGHEST_POSITION
from app.tenants.scopes import Scope
from tests.conftest import Tenant
from tests.events.queue import Event, told

NewTenant = Callable[..., Awaitable[Tenant]]


async def moved(database: Database, tenant: Tenant, count: int) -> list[Event]:
    """Events in the tenant's log, in the order of their positions."""
    events = [Event(uuid4(), 1, number) for number in range(count)]
    await told(database, tenant.id, events)
    await service.move(database)
    return events


async def test_an_event_says_what_changed_and_when(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    (event,) = await moved(database, tenant, 1)
    page = (await client.get("/v1/events")).json()

    assert page == {
        "items": [
            {
                "position": 1,
                "id": str(event.id),
                "type": "response.recorded",
                "alliance_id": str(event.alliance_id),
                "subject_id": str(event.subject_id),
                "recorded_at": "2026-11-01T00:00:00Z",
            }
        ],
        "next_cursor": None,
    }


async def test_an_event_of_no_single_alliance_and_of_an_unknown_type_is_given(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    await told(database, tenant.id, [Event(None, 0, 0, "something.new")])
    await service.move(database)
    (item,) = (await client.get("/v1/events")).json()["items"]

    assert (item["type"], item["alliance_id"]) == ("something.new", None)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_whoever_goes_on_after_the_last_position_sees_everything_once(
    client: AsyncClient, database: Database, tenant: Tenant, limit: int
) -> None:
    events = await moved(database, tenant, 4)
    seen: list[tuple[int, str]] = []
    cursor: str | None = "0"
    pages = 0
    while cursor is not None:
        params = {"after": cursor, "limit": str(limit)}
        page = (await client.get("/v1/events", params=params)).json()
        seen += [(item["position"], item["id"]) for item in page["items"]]
        assert page["next_cursor"] in {None, str(seen[-1][0])}
        cursor, pages = page["next_cursor"], pages + 1

    assert seen == [(place, str(event.id)) for place, event in enumerate(events, 1)]
    assert pages == -(-len(events) // limit)


async def test_after_the_last_there_is_nothing_until_more_comes(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    await moved(database, tenant, 2)
    for after in (2, 3, HIGHEST_POSITION):
        page = (await client.get("/v1/events", params={"after": after})).json()
        assert page == {"items": [], "next_cursor": None}

    (more,) = await moved(database, tenant, 1)
    (item,) = (await client.get("/v1/events", params={"after": 2})).json()["items"]
    assert (item["position"], item["id"]) == (3, str(more.id))


async def test_without_a_limit_a_page_has_fifty(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    await moved(database, tenant, 51)
    page = (await client.get("/v1/events")).json()

    assert (len(page["items"]), page["next_cursor"]) == (50, "50")


@pytest.mark.parametrize(
    "wrong", ["-1", "1.5", "x", "", "1e2", str(HIGHEST_POSITION + 1), "9" * 5000]
)
async def test_an_after_that_is_no_position_is_refused(client: AsyncClient, wrong: str) -> None:
    answer = await client.get("/v1/events", params={"after": wrong})

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["#/query/after"]


@pytest.mark.parametrize("wrong", ["0", "501", "x"])
async def test_a_limit_that_is_none_is_refused(client: AsyncClient, wrong: str) -> None:
    answer = await client.get("/v1/events", params={"limit": wrong})

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["#/query/limit"]


async def test_it_needs_the_scope(new_tenant: NewTenant) -> None:
    others = [scope for scope in Scope if scope != Scope.EVENTS_READ]
    for scopes, status in (([Scope.EVENTS_READ], 200), (others, 403)):
        async with (await new_tenant(*scopes)).client() as client:
            assert (await client.get("/v1/events")).status_code == status
