"""What is stored of one tenant: its rows, its trends, its sums, and what its summaries show."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import asyncpg
import httpx

from bench.rollups.changes import ENDS, FIRST_MONDAY, PROGRAMS
from bench.rollups.naive import Place, Stored, Sums

LATE: Final = datetime.fromisoformat("2027-02-01T00:00:00+00:00")
"""When all weeks are over and were left alone."""
AT_ONCE: Final = 4
NUMBERS: Final = (
    *("ratings", "total", "squares", "changes", "change_total", "change_squares"),
    *("drops_opened", "drops_repaired", "drops_unrepaired", "drops_ended_open"),
)
SERIES: Final = (
    *("program_ref", "setting", "instrument", "revision", "form", "language"),
    *("rater_role", "stage"),
)
PEOPLE: Final = ("client_ref", "professional_ref")
FORGETTING: Final = (
    *("program_contributions", "program_weeks", "program_cells", "program_blocks"),
    "program_released",
)

Rows = list[dict[str, Any]]


async def stored_of(owner: asyncpg.Connection, client: httpx.AsyncClient) -> Stored:
    """Plain rows and all trends. owner: a superuser's connection; there is one tenant."""
    alliances = await _rows(owner, "SELECT id::text, program_ref, setting, ended_on FROM alliances")
    responses = await _rows(
        owner,
        "SELECT id::text, occasion_id::text, rater_role, program_ref, setting FROM responses",
    )
    day = ("(CASE WHEN o.occurred_at IS NULL THEN o.occurred_on ELSE "
           "(o.occurred_at AT TIME ZONE 'UTC' + o.occurred_at_offset * interval '1 minute')::date"
           " END) AS day")  # fmt: skip
    held = f"SELECT o.id::text, o.alliance_id::text, {day} FROM occasions o WHERE status = 'held'"  # noqa: S608 - ours
    invited = (
        f"SELECT i.alliance_id::text, i.rater_role, i.instrument, i.form, i.state, {day}"  # noqa: S608 - ours
        " FROM invitations i JOIN occasions o ON o.id = i.occasion_id"
    )
    return Stored(
        {row["id"]: row for row in alliances},
        {row["id"]: row for row in responses},
        await _rows(owner, held),
        await _rows(owner, invited),
        await _trends(client, [row["id"] for row in alliances]),
    )


async def _rows(owner: asyncpg.Connection, statement: str) -> Rows:
    return [dict(row) for row in await owner.fetch(statement)]


async def _trends(client: httpx.AsyncClient, ids: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    left = iter(ids)

    async def ask() -> None:
        for one in left:
            answer = await client.get(f"/v1/alliances/{one}/trend")
            answer.raise_for_status()
            found[one] = answer.json()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ask())
    return found


async def contributions(owner: asyncpg.Connection) -> Rows:
    """All rows of what alliances add, in order."""
    return await _rows(
        owner,
        "SELECT c.*, s.program_ref, s.setting, s.instrument, s.revision, s.form, s.language,"
        " s.rater_role, s.stage FROM program_contributions c JOIN program_series s"
        " ON s.tenant_id = c.tenant_id AND s.id = c.series_id"
        " ORDER BY alliance_id, series_id, client_ref, professional_ref, week, scale",
    )


async def weekly(owner: asyncpg.Connection) -> Rows:
    """All weekly sums, in order."""
    return await _rows(
        owner,
        "SELECT * FROM program_weeks ORDER BY series_id, week, source, professional_ref, scale",
    )


async def weekly_by_postgres(owner: asyncpg.Connection) -> Rows:
    """What the weekly sums are, added up by Postgres from what alliances add: plain numbers."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in NUMBERS)
    return await _rows(
        owner,
        "SELECT series_id, week, source, professional_ref, scale,"  # noqa: S608 - ours
        f" count(*) AS contributions, {sums}"
        " FROM program_contributions GROUP BY 1, 2, 3, 4, 5"
        " ORDER BY series_id, week, source, professional_ref, scale",
    )


async def forget(owner: asyncpg.Connection) -> None:
    """Take away all that was ever added up or shown."""
    for table in FORGETTING:
        await owner.execute(f"DELETE FROM {table}")  # noqa: S608 - ours


def as_places(rows: Iterable[Mapping[str, Any]]) -> dict[Place, Sums]:
    """What alliances add, as the plain way has it."""
    found = {}
    for row in rows:
        sums = Sums()
        sums.count(**{name: Decimal(row[name]) for name in NUMBERS})
        sums.bins.update({place: n for place, n in enumerate(row["bins"]) if n})
        sums.repair_weeks.update({place: n for place, n in enumerate(row["repair_weeks"]) if n})
        sums.records.update(row["records"] if row["stage"] in {"first", "later"} else ())
        series = {name: row[name] for name in ("week", "scale", *PEOPLE, *SERIES)}
        found[Place(alliance_id=str(row["alliance_id"]), **series)] = sums
    return found


async def shown(client: httpx.AsyncClient) -> dict[str, Any]:
    """Programme and period -> what the endpoint shows."""
    found = {}
    for program in range(PROGRAMS):
        for period in ("week", "month", "quarter"):
            found[f"program-{program} {period}"] = await _pages(
                client,
                {
                    "program_ref": f"program-{program}",
                    "period": period,
                    "from": str(FIRST_MONDAY),
                    "to": str(ENDS + timedelta(days=6)),
                    "limit": "500",
                },
            )
    return found


async def _pages(client: httpx.AsyncClient, asked: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    items: Rows = []
    while True:
        answer = await client.get("/v1/program-summaries", params=asked)
        answer.raise_for_status()
        page = answer.json()
        items += page["items"]
        if page["next_cursor"] is None:
            return page | {"items": items}
        asked = asked | {"cursor": page["next_cursor"]}


def weeks_to_be_shown(places: Mapping[Place, Sums]) -> dict[tuple[str, ...], dict[str, Any]]:
    """What the endpoint has to show by week, from the plain sums, when nothing was shown before.

    A block is the ratings of a week of one programme, form, language, rater and stage; it is shown
    if they come from ten clients of two professionals.
    """
    blocks: dict[tuple[Any, ...], list[tuple[Place, Sums]]] = defaultdict(list)
    for place, sums in places.items():
        if place.stage in {"first", "later"} and sums.records:
            kind = (place.program_ref, str(place.week), place.form, place.language)
            blocks[*kind, place.scale, place.stage].append((place, sums))
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for key, rows in sorted(blocks.items()):
        kind, stage = key[:-1], key[-1]
        clients = len({place.client_ref for place, _ in rows})
        if clients < 10 or len({place.professional_ref for place, _ in rows}) < 2:  # noqa: PLR2004
            continue
        one = found.setdefault(kind, {"stages": [], "clients": 0, "ratings": 0, "total": 0})
        one["stages"].append(stage)
        one["clients"] = max(one["clients"], clients)
        one["ratings"] += sum(int(sums.numbers["ratings"]) for _, sums in rows)
        one["total"] += sum(sums.numbers["total"] for _, sums in rows)
    return {kind: _as_shown(one) for kind, one in found.items()}


def _as_shown(one: Mapping[str, Any]) -> dict[str, Any]:
    level = round(float(one["total"]) / one["ratings"], 2)
    counts = {name: 5 * int(one[name] / 5 + 0.5) for name in ("clients", "ratings")}
    return {"stages": one["stages"], "level": level} | counts


def weeks_shown(answers: Mapping[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """What the endpoint shows by week, as weeks_to_be_shown has it."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for name, page in answers.items():
        program, period = name.split()
        for item in page["items"] if period == "week" else ():
            kind = (program, item["period"], item["form"], item["language"], item["scale"])
            found[kind] = {
                "stages": item["stages"],
                "level": round(item["level"]["value"], 2),
                "clients": item["clients"],
                "ratings": item["ratings"],
            }
    return found
