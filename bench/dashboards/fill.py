"""A database with many responses: one tenant made through the service, and copies of its rows.

The seed is real: stored by the batch door, told to the log, added up and released by the worker. A
copy has ids and references of its own, in the seed's tenant or another, and is written by Postgres
itself, some hundred thousand rows at a time: ten million through the door would take most of a day.
Its stored answers to submissions are left empty, which no dashboard and no trend reads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx

from app.main import create_app
from app.settings import settings_from
from app.tenants.service import new_tenant_id

ALLIANCES: Final = 250
RATINGS: Final = 20
"""Of an alliance: ten of each side, a week apart."""
SEED: Final = ALLIANCES * RATINGS
PROFESSIONAL_HAS: Final = 40
PROGRAMS: Final = 5
MARK: Final = "~"
"""Stands in every reference of the seed, so that a copy's can be told apart."""
LEFT_OUT: Final = frozenset(
    {"tenants", "api_keys", "events", "event_queue", "event_heads", "merge_heads"}
)
PROGRAM_TABLES: Final = "program_"
"""What a copy adds to these is added to the seed's own blocks: see `bench.dashboards.blocks`."""
COPIES_AT_ONCE: Final = 20


async def seeded(url: str, key: str, now: datetime) -> None:
    """Store the seed by the batch door. now: a moment of the week after its last rating."""
    app = create_app(settings_from({"DATABASE_URL": url, "KEY_RATE": "0"}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://service",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        ) as client,
    ):
        items = list(_submissions(now))
        for start in range(0, len(items), 100):
            answer = await client.post(
                "/v1/responses:batch", json={"items": items[start : start + 100]}
            )
            answer.raise_for_status()
            refused = [one for one in answer.json()["items"] if one["status"] >= 300]  # noqa: PLR2004
            if refused:
                raise RuntimeError(f"The seed was refused: {refused[0]['problem']['code']}.")


def _submissions(now: datetime) -> Iterator[dict[str, Any]]:
    """The seed's forms. Drawn by a rule, so that each run has the same."""
    for number in range(ALLIANCES):
        professional = f"p{MARK}{number // PROFESSIONAL_HAS}"
        alliance = {
            "external_id": f"a{MARK}{number}",
            "client_ref": f"c{MARK}{number}",
            "professional_ref": professional,
            "program_ref": f"program-{number % PROGRAMS}",
            "setting": "counselling",
        }
        for week in range(RATINGS // 2):
            at = now - timedelta(weeks=RATINGS // 2 - week, days=1)
            for role in ("client", "professional"):
                yield {
                    "external_id": f"r{MARK}{number}-{week}-{role}",
                    "alliance": alliance,
                    "instrument": "open-triad-lines-1",
                    "language": "en",
                    "rater": {"role": role},
                    "occasion": {"session_number": week + 1, "occurred_at": at.isoformat()},
                    "answers": {
                        str(line): 5 + number % 4 + (number + week + line) % 2
                        for line in range(1, 5)
                    },
                }


async def kept_apart(owner: asyncpg.Connection, seed: UUID) -> dict[str, dict[str, str]]:
    """The seed's rows in tables `seed_<name>`, and how each column of each table is copied.

    owner: a superuser's connection, which row-level security does not hold.
    """
    columns: dict[str, dict[str, str]] = {}
    for row in await owner.fetch(_COLUMNS):
        table, name = row["table_name"], row["column_name"]
        if table not in LEFT_OUT and not table.startswith(PROGRAM_TABLES):
            columns.setdefault(table, {})[name] = _copied(table, name, row["data_type"])
    for table in list(columns):
        await owner.execute(
            f"CREATE TABLE seed_{table} AS SELECT * FROM {table} WHERE tenant_id = '{seed}'"  # noqa: S608 - ours
        )
        if not await owner.fetchval(f"SELECT count(*) FROM seed_{table}"):  # noqa: S608 - ours
            del columns[table]
    return columns


async def other_tenants(owner: asyncpg.Connection, count: int) -> list[UUID]:
    """Make so many more tenants; their ids."""
    ids = [new_tenant_id() for _ in range(count)]
    await owner.executemany(
        "INSERT INTO tenants (tenant_id, name, default_notice, created_at)"
        " VALUES ($1, 'Another', '{}', now())",
        [(one,) for one in ids],
    )
    return ids


async def multiplied(
    owner: asyncpg.Connection,
    columns: Mapping[str, Mapping[str, str]],
    copies: Sequence[UUID],
    say: Callable[[str], None],
) -> None:
    """Write copies of the seed's rows. owner and columns: as in kept_apart.

    copies: the tenant of each; the first is copy number 1, 0 is the seed.
    """
    await owner.execute("SET session_replication_role = replica")  # no checks: copies are whole
    await owner.execute("SET synchronous_commit = off")
    await owner.execute("CREATE TABLE seed_copies (k integer PRIMARY KEY, tenant uuid)")
    await owner.copy_records_to_table("seed_copies", records=list(enumerate(copies, 1)))
    for first in range(1, len(copies) + 1, COPIES_AT_ONCE):
        last = min(first + COPIES_AT_ONCE - 1, len(copies))
        for table, copied in columns.items():
            await owner.execute(
                f"INSERT INTO {table} ({', '.join(copied)})"  # noqa: S608 - ours
                f" SELECT {', '.join(copied.values())} FROM seed_{table}"
                f" CROSS JOIN seed_copies WHERE k BETWEEN {first} AND {last}"
            )
        if last % (5 * COPIES_AT_ONCE) == 0 or last == len(copies):
            say(f"{(last + 1) * SEED:,} responses")


_COLUMNS: Final = """
SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
JOIN information_schema.columns t ON t.table_schema = c.table_schema
  AND t.table_name = c.table_name AND t.column_name = 'tenant_id'
JOIN information_schema.tables b ON b.table_schema = c.table_schema
  AND b.table_name = c.table_name AND b.table_type = 'BASE TABLE'
WHERE c.table_schema = 'public' ORDER BY c.table_name, c.ordinal_position
"""


def _copied(table: str, name: str, kind: str) -> str:
    """How a column of the copy number k is made from the seed's."""
    if name == "tenant_id":
        return "tenant"
    if kind == "uuid":
        # Copies one after the other, as they would be by their time.
        return f"(lpad(to_hex(k), 8, '0') || substr(md5({name}::text), 9))::uuid"
    if (table, name) == ("responses", "outcome"):
        return "'{}'::jsonb"
    if kind == "text":
        return f"replace({name}, '{MARK}', '{MARK}' || k || '-')"
    if kind == "jsonb":
        return f"replace({name}::text, '{MARK}', '{MARK}' || k || '-')::jsonb"
    return name
