"""Responses in bulk: one real submission, copied by `INSERT … SELECT` under ids of their own."""

from uuid import UUID

import asyncpg

from app.responses.models import responses

ALLIANCES = """
INSERT INTO alliances (tenant_id, id, source, external_id, case_ref, setting, program_ref, version,
  created_at)
SELECT tenant_id, gen_random_uuid(), source, 'case-' || n || ':p-' || n % 400, 'case-' || n,
  setting, 'return-to-work', 1, created_at
FROM alliances, generate_series(1, $2::int) AS n WHERE tenant_id = $1
"""
OCCASIONS = """
INSERT INTO occasions (tenant_id, alliance_id, id, occasion_key, created_at)
SELECT tenant_id, id, gen_random_uuid(), 'ref:filled', created_at FROM alliances
WHERE tenant_id = $1 AND case_ref <> 'case'
"""
PLACES = """
CREATE TEMPORARY TABLE places AS
SELECT alliance_id, id AS occasion_id, row_number() OVER (ORDER BY id) - 1 AS n
FROM occasions WHERE occasion_key = 'ref:filled'
"""
NEW = {
    "id": "(encode(substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) "
    "FROM 3), 'hex') || '7' || substr(md5(random()::text), 1, 3) || '8' "
    "|| substr(md5(random()::text), 1, 15))::uuid",
    "alliance_id": "places.alliance_id",
    "occasion_id": "places.occasion_id",
    "external_id": "'r-' || number",
    "session_number": "number / $4::int",
    "rater_ref": "'c-' || places.n",
}
"""What is not as in the pattern."""
RESPONSES = """
INSERT INTO responses ({columns})
SELECT {values}
FROM responses AS pattern, generate_series($2::int, $3::int) AS number
JOIN places ON places.n = number % $4::int
WHERE pattern.tenant_id = $1 AND pattern.external_id = 'pattern'
"""


def responses_statement() -> str:
    """The statement that copies the pattern."""
    names = [column.name for column in responses.c]
    values = (NEW.get(name, f"pattern.{name}") for name in names)
    return RESPONSES.format(columns=", ".join(names), values=", ".join(values))


async def fill(url: str, tenant_id: UUID, rows: int) -> None:
    """Give the tenant so many responses like its first one, in alliances of twenty each.

    Its first response has the external_id `pattern`, in an alliance with the case_ref `case`. The
    new ones' ids grow with time, as those of submissions do.
    """
    connection = await asyncpg.connect(url)
    count = max(rows // 20, 1)
    try:
        await connection.execute(ALLIANCES, tenant_id, count)
        await connection.execute(OCCASIONS, tenant_id)
        await connection.execute(PLACES)
        await connection.execute("ANALYZE places")
        statement = responses_statement()
        for first in range(0, rows, 50_000):
            last = min(first + 50_000, rows) - 1
            await connection.execute(statement, tenant_id, first, last, count)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
