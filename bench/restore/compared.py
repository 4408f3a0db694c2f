"""What a restored server holds, against what callers were told and what the old one allowed."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from bench.crash.history import CREATED, fingerprint
from bench.crash.postgres import OwnPostgres
from bench.crash.stored import read
from bench.processes import OK
from bench.restore.callers import PATH, Caller, Told, call
from bench.restore.tenants import NAME, url

ALLOWED: Final = """
SELECT 'right', relation.relname::text, coalesce(part.attname::text, ''),
  given.grantee::regrole::text, given.privilege_type
FROM pg_class relation LEFT JOIN pg_attribute part
  ON part.attrelid = relation.oid AND part.attacl IS NOT NULL,
  aclexplode(coalesce(part.attacl, relation.relacl)) given
WHERE relation.relnamespace = 'public'::regnamespace
UNION ALL SELECT 'forced', relname::text, relrowsecurity::text, relforcerowsecurity::text, ''
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL SELECT 'policy', tablename::text, policyname::text, roles::text, concat(qual, with_check)
FROM pg_policies WHERE schemaname = 'public'
UNION ALL SELECT 'key', conrelid::regclass::text, conname::text, convalidated::text,
  pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', tablename::text, indexname::text, '', indexdef
FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'member', granted.rolname::text, member.rolname::text,
  (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE oid = member.oid)::text, inherit_option::text
FROM pg_auth_members JOIN pg_roles granted ON granted.oid = roleid
  JOIN pg_roles member ON member.oid = pg_auth_members.member
WHERE granted.rolname LIKE 'rapport%'
ORDER BY 1, 2, 3, 4, 5
"""
EVENTS: Final = """
SELECT tenant_id, position, id, type, subject_id FROM events ORDER BY tenant_id, position
"""
NOT_FOUND: Final = 404
FOREIGN: Final = 50
"""How many of another tenant's records each tenant asks for."""


def rows(where: str, statement: str) -> list[tuple[Any, ...]]:
    """All rows of a statement, comparable."""

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(where)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def allowed(server: OwnPostgres) -> list[tuple[Any, ...]]:
    """Every right, policy, key, index and membership, and whether row-level security is forced."""
    return rows(server.database_url(NAME), ALLOWED)


def events(server: OwnPostgres) -> list[tuple[Any, ...]]:
    """The log of events of all tenants."""
    return rows(server.database_url(NAME), EVENTS)


def whole(server: OwnPostgres, callers: Sequence[Caller]) -> Counter[str]:
    """How many responses the callers' tenants have, and how much of their data disagrees."""
    counts = Counter[str]()
    for caller in callers:
        found = asyncio.run(read(server.database_url(NAME), caller.held.tenant_id))
        counts["responses"] += len(found.rows)
        counts["miscounted"] += len(found.miscounted())
        counts["mistold"] += len(found.mistold())
        counts["empty_occasions"] += found.empty_occasions
    return counts


def in_bulk(server: OwnPostgres, tenant_id: UUID) -> int:
    """How many responses a tenant has that was filled beforehand."""
    statement = f"SELECT count(*) FROM responses WHERE tenant_id = '{tenant_id}'"  # noqa: S608 - ours
    return int(rows(server.database_url(NAME), statement)[0][0])


def seen_without_a_tenant(server: OwnPostgres) -> int:
    """How many responses the service's login sees that names no tenant. Should be 0."""

    async def ask() -> int:
        connection = await asyncpg.connect(
            url(server, "rapport_service"), server_settings={"role": "rapport_app"}
        )
        try:
            count: int = await connection.fetchval("SELECT count(*) FROM responses")
            return count
        finally:
            await connection.close()

    return asyncio.run(ask())


def replayed(port: int, caller: Caller, told: Sequence[Told]) -> list[str]:
    """What is not answered as before when it is sent again: status or words."""
    wrong = []
    for one in told:
        status, body = call(port, caller.held.key, "POST", PATH, one.form.body)
        if (status, one.said) != (OK, fingerprint(body)):
            wrong.append(f"{one.form.external_id}: {status}")
    return wrong


def sent_again(port: int, caller: Caller, told: Sequence[Told]) -> list[str]:
    """What was lost and is not stored anew when it is sent again."""
    statuses = {
        one.form.external_id: call(port, caller.held.key, "POST", PATH, one.form.body)[0]
        for one in told
    }
    return [f"{name}: {status}" for name, status in statuses.items() if status != CREATED]


def foreign(port: int, callers: Sequence[Caller]) -> list[str]:
    """What a tenant gets to see of another's records. Should be nothing."""
    seen = []
    for mine in callers:
        for other in callers:
            if other.held.tenant_id == mine.held.tenant_id:
                continue
            for one in other.told[:FOREIGN]:
                status, _ = call(port, mine.held.key, "GET", f"{PATH}/{one.response_id}")
                seen += [] if status == NOT_FOUND else [f"{one.response_id}: {status}"]
        status, body = call(port, mine.held.key, "GET", f"{PATH}?limit=500")
        own = {one.form.external_id for one in mine.told}
        listed = {item["external_id"] for item in json.loads(body)["items"]}
        seen += sorted(listed - own)
    return seen
