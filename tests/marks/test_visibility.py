"""A mark is seen by those of whom the one who noticed was told, and its note at level items."""

from itertools import combinations, product
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from app.marks.models import marks as table
from app.marks.service import LOOKED_AT
from tests.conftest import Tenant
from tests.support.factories import mark
from tests.support.meetings import marks, new_alliance, noticed

ROLES = ("client", "professional", "supervisor")
READERS: dict[str, str | None] = {
    "client": "client;c",
    "professional": "professional;p",
    "supervisor": "supervisor;s",
    "family_member": "family_member;f",
    "observer": "observer;other",
    "system": None,
}
AUDIENCES = [one for size in (1, 2, 3) for one in combinations(ROLES, size)]
BY = {"role": "observer", "ref": "o"}


@pytest.fixture
async def alliance_id(client: AsyncClient) -> str:
    return await new_alliance(client, client_ref="c", professional_ref="p")


async def told(client: AsyncClient, alliance_id: str, **changes: Any) -> dict[str, Any]:
    answer = await noticed(client, alliance_id, mark(note="Went quiet.", **changes))
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize(
    ("audience", "level"), list(product(AUDIENCES, ("items", "scores", "signals")))
)
async def test_a_reader_sees_what_the_one_who_noticed_was_told(
    client: AsyncClient, alliance_id: str, audience: tuple[str, ...], level: str
) -> None:
    notice = {"ref": None, "audience": list(audience), "level": level}
    made = await told(client, alliance_id, by=BY, notice=notice)
    assert (made["note"], made["notice"]) == ("Went quiet.", notice)

    for reader, actor in READERS.items():
        found = await marks(client, alliance_id, actor)
        sees = reader in audience or (reader == "system" and audience != ("supervisor",))
        assert [one["id"] for one in found] == [made["id"]] * sees, reader
        if sees and level == "items":
            assert found == [made]
        elif sees:
            assert found == [made | {"note": None, "withheld": ["note"]}], reader
    assert await marks(client, alliance_id, "observer;o") == [made]


async def test_without_a_notice_it_is_the_tenants(
    platform_client: AsyncClient, tenant: Tenant, client: AsyncClient, alliance_id: str
) -> None:
    stored = (await platform_client.get(f"/v1/tenants/{tenant.id}")).json()
    made = await told(client, alliance_id)
    assert made["notice"] == stored["default_notice"]
    assert await marks(client, alliance_id, "professional;p") == [made]


async def test_who_noticed_sees_it_under_a_merged_reference_too(
    client: AsyncClient, alliance_id: str
) -> None:
    notice = {"audience": ["supervisor"], "level": "signals"}
    made = await told(client, alliance_id, by={"role": "client"}, notice=notice)
    merge = {"source": "ehr", "role": "client", "from": "c", "into": "new"}
    await client.post("/v1/people/merge", json=merge)
    for ref in ("c", "new"):
        (found,) = await marks(client, alliance_id, f"client;{ref}")
        assert (found["id"], found["note"]) == (made["id"], "Went quiet.")
    assert await marks(client, alliance_id, "client;somebody") == []
    assert await marks(client, alliance_id, None) == []


async def test_marks_that_are_not_for_a_reader_leave_no_gap_in_pages(
    client: AsyncClient, alliance_id: str
) -> None:
    hidden = {"audience": ["supervisor"], "level": "items"}
    shown = {"audience": ["professional"], "level": "items"}
    made = []
    for number in range(23):
        notice = shown if number % 5 == 0 else hidden
        made.append(await told(client, alliance_id, by={"role": "client"}, notice=notice))
    path, asked = f"/v1/alliances/{alliance_id}/marks", {"limit": "2"}
    pages: list[list[str]] = []
    while True:
        headers = {"Rapport-Actor": "professional;p"}
        page = (await client.get(path, params=asked, headers=headers)).json()
        pages.append([one["id"] for one in page["items"]])
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sum(pages, []) == [made[number]["id"] for number in (0, 5, 10, 15, 20)]  # noqa: RUF017 - three


async def test_however_many_marks_are_for_others_ones_own_are_found(
    client: AsyncClient, alliance_id: str, tenant: Tenant, database_url: str
) -> None:
    hidden = {"audience": ["supervisor"], "level": "items"}
    first = await told(client, alliance_id, by={"role": "client"}, notice=hidden)
    columns = ", ".join(column.name for column in table.c if column.name not in {"id", "source"})
    owner = await asyncpg.connect(database_url)
    await owner.execute(
        f"INSERT INTO marks (id, source, {columns}) SELECT gen_random_uuid(), n::text, {columns}"  # noqa: S608 - ours
        " FROM marks, generate_series(1, $2) AS n WHERE tenant_id = $1",
        tenant.id,
        2 * LOOKED_AT,
    )
    await owner.close()
    shown = {"audience": ["professional"], "level": "items"}
    made = [await told(client, alliance_id, by={"role": "client"}, notice=shown) for _ in range(2)]
    found = await marks(client, alliance_id, "professional;p")
    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in made)
    page = await client.get(f"/v1/alliances/{alliance_id}/marks", params={"limit": "500"})
    assert first["id"] not in page.text
