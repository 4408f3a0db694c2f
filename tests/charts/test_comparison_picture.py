"""A comparison as a picture: what its reader sees of it, and when there is none."""

import re
from itertools import chain

from httpx import AsyncClient, Response

from app.comparisons import service
from app.database import Database
from app.instruments.definitions import shipped
from tests.comparisons.caseloads import NOW, Written, caseload
from tests.comparisons.conftest import written

__all__ = ["written"]
PATH = "/v1/program-comparisons"
SUPERVISOR = "supervisor;s-1"


async def picture(client: AsyncClient, actor: str = SUPERVISOR, **asked: str) -> Response:
    found = await client.get(PATH, params={"by": "professional"}, headers={"Rapport-Actor": actor})
    item = found.json()["items"][0]
    kind = {name: item[name] for name in ("by", "instrument", "form", "language", "scale")}
    params = kind | asked
    return await client.get(f"{PATH}.svg", params=params, headers={"Rapport-Actor": actor})


async def test_a_picture_shows_the_units_that_its_reader_may_see(
    client: AsyncClient, written: Written, database: Database
) -> None:
    loads = [caseload(f"p-{n}", 12, at) for n, at in enumerate((67, 63, 60, 60, 57, 53))]
    await written.ratings([*chain(*loads)])
    await service.make(database, shipped(), NOW)
    drawn = await picture(client)
    assert drawn.status_code == 200, drawn.text
    told = re.search("<desc[^>]*>(.*?)</desc>", drawn.text)
    assert told
    assert re.findall(r"p-\d", told[1]) == [f"p-{n}" for n in range(6)]
    assert "Working Alliance Inventory" in drawn.text
    own = await picture(client, "professional;p-3")
    assert "p-3: 10 clients" in own.text
    assert not re.search("p-[01245]:", own.text)
    refused = await client.get(f"{PATH}.svg", params=dict(drawn.request.url.params))
    assert refused.status_code == 403
    again = await client.get(
        str(drawn.request.url),
        headers={"Rapport-Actor": SUPERVISOR, "If-None-Match": drawn.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    none = await picture(client, scale="nothing")
    assert (none.status_code, none.json()["code"]) == (404, "not_found")


async def test_one_picture_holds_one_comparison(
    client: AsyncClient, written: Written, database: Database
) -> None:
    for program in ("north", "south"):
        loads = [caseload(f"{program}-{n}", 12, 50 + n, program=program) for n in range(6)]
        await written.ratings([*chain(*loads)])
    await service.make(database, shipped(), NOW)
    several = await picture(client)
    assert several.status_code == 422
    assert [one["code"] for one in several.json()["errors"]] == ["not_one"]
    assert (await picture(client, program_ref="north")).status_code == 200


async def test_where_nobody_is_compared_the_picture_says_why(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(caseload("p-0", 12, 60))
    await service.make(database, shipped(), NOW)
    drawn = await picture(client, labels="de")
    assert drawn.status_code == 200, drawn.text
    assert "Niemand wird verglichen: " in drawn.text
    assert "p-0" not in drawn.text
