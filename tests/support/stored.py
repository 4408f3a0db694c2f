"""Every row of one tenant in every table, as it stands in the database."""

from uuid import UUID

import asyncpg

TABLES = """
SELECT table_name FROM information_schema.columns
WHERE column_name = 'tenant_id' AND table_schema = 'public' ORDER BY table_name
"""


async def rows_of(database_url: str, tenant_id: UUID) -> dict[str, list[str]]:
    """Table -> its rows of the tenant as text, sorted; but for tenants, tables without any too."""
    connection = await asyncpg.connect(database_url)
    try:
        tables = [row["table_name"] for row in await connection.fetch(TABLES)]
        found = {}
        for table in tables:
            text = f"SELECT t::text AS row FROM {table} t WHERE tenant_id = $1"  # noqa: S608 - ours
            found[table] = sorted(row["row"] for row in await connection.fetch(text, tenant_id))
    finally:
        await connection.close()
    assert {"responses", "response_voids", "event_queue", "idempotency_keys"} <= found.keys()
    assert found["api_keys"]
    return found
