"""Many alliances of one tenant in the tables, as coverage reads them."""

import json
from datetime import date
from typing import Any, Final

import asyncpg

from tests.conftest import Tenant

TABLES: Final = (
    "alliances", "alliance_members", "alliance_state", "occasions", "responses", "invitations",
)  # fmt: skip
FIRST_DAY: Final = date(2026, 1, 5)
_SCALES: Final = ("bond", "goals", "tasks", "total")
_OUTCOME: Final[dict[str, Any]] = {
    "scores": [
        {
            "scale": scale, "unit": "sum", "value": 48.0, "sum": 48.0, "mean": 4.0, "min": 12.0,
            "max": 60.0, "percent_of_range": 75.0, "items": 12, "answered": 12, "prorated": False,
            "status": "scored", "reason": None,
        }
        for scale in _SCALES
    ],
    "change": [
        {
            "scale": scale, "unit": "sum", "reference": reference, "difference": 0.0,
            "threshold": 9.2, "reliable": None,
            "basis": {"source": "assumed", "coefficient": "R_C", "kind": "within", "value": 0.75,
                      "citation": "House assumption, none is published."},
        }
        for scale in _SCALES
        for reference in ("previous", "first")
    ],
    "quality": [], "signals": [], "not_computed": [],
}  # fmt: skip
_STREAM: Final = {
    "revision": "1.0",
    "latest": {scale: [None, "48", 12, ["client", "professional", "system"]] for scale in _SCALES},
}
FILL: Final = (
    """INSERT INTO alliances (tenant_id, id, source, external_id, version, program_ref, created_at)
       SELECT $1, md5('a' || n)::uuid, 'ehr', 'a-' || n, 1, 'program' || n % 10,
         $4::date + time '08:00'
       FROM generate_series(1, $2) n WHERE $3 > 0""",
    """INSERT INTO alliance_members (tenant_id, alliance_id, role, ref)
       SELECT $1, md5('a' || n)::uuid, role, role || CASE role WHEN 'client' THEN n ELSE n / 30 END
       FROM generate_series(1, $2) n, unnest(ARRAY['client', 'professional']) role
       WHERE $3 > 0 AND $4::date IS NOT NULL""",
    """INSERT INTO alliance_state (tenant_id, alliance_id, version, streams)
       SELECT $1, md5('a' || n)::uuid, 1, jsonb_build_object(
         jsonb_build_array('client', 'client' || n, null, 'professional', 'professional' || n / 30,
           'wai-sr-2006', 'client', '1', 'en')::text, $5::jsonb)
       FROM generate_series(1, $2) n WHERE $3 > 0 AND $4::date IS NOT NULL""",
    """INSERT INTO occasions (tenant_id, alliance_id, id, occasion_key, created_at, status,
         session_number, occurred_at, occurred_at_offset, reported_at)
       SELECT $1, md5('a' || n)::uuid, md5('o' || n || '-' || m)::uuid, 'number:' || m, at, 'held',
         m, at, 60, at
       FROM generate_series(1, $2) n, generate_series(1, $3) m,
         LATERAL (SELECT ($4::date + 7 * m + time '10:00') AT TIME ZONE 'UTC' AS at) w""",
    """INSERT INTO responses (tenant_id, id, alliance_id, occasion_id, source, external_version,
         content_sha256, instrument, instrument_revision, form_revision, definition_sha256, form,
         language, rater_role, rater_ref, about_role, about_ref, mode, session_number, occurred_at,
         occurred_at_offset, completed_at, completed_at_offset, record_kind, answers, notice,
         backfill, outcome, key_id, received_at)
       SELECT $1, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
           || substr(md5(role || n || '-' || m), 1, 20))::uuid,
         md5('a' || n)::uuid, md5('o' || n || '-' || m)::uuid, 'ehr', 1, '\\x00', 'wai-sr-2006',
         '1.0', '1', 'x', role, 'en', role, role || CASE role WHEN 'client' THEN n ELSE n / 30 END,
         CASE role WHEN 'client' THEN 'professional' ELSE 'client' END, 'x', 'unknown', m, at, 60,
         at + interval '1 hour', 60, 'answered',
         '{"1":4,"2":4,"3":4,"4":4,"5":4,"6":4,"7":4,"8":4,"9":4,"10":4,"11":4,"12":4}',
         '{"audience": ["client", "professional"], "level": "items"}', false, $5::jsonb, 'k',
         at + interval '2 hours'
       FROM generate_series(1, $2) n, generate_series(1, $3) m,
         unnest(ARRAY['client', 'professional']) role,
         LATERAL (SELECT ($4::date + 7 * m + time '10:00') AT TIME ZONE 'UTC' AS at) w
       WHERE (n + m) % 3 < CASE role WHEN 'client' THEN 2 ELSE 1 END""",
    """INSERT INTO invitations (tenant_id, alliance_id, occasion_id, rater_role, rater_ref,
         instrument, form, state, response_id, updated_at)
       SELECT $1, md5('a' || n)::uuid, md5('o' || n || '-' || m)::uuid, 'client', 'client' || n,
         'wai-sr-2006', 'client', CASE WHEN r.id IS NULL THEN 'lapsed' ELSE 'completed' END, r.id,
         now()
       FROM generate_series(1, $2) n CROSS JOIN generate_series(1, $3) m
       LEFT JOIN responses r ON r.tenant_id = $1 AND r.alliance_id = md5('a' || n)::uuid
         AND r.occasion_id = md5('o' || n || '-' || m)::uuid AND r.rater_role = 'client'
       WHERE $4::date IS NOT NULL""",
)


async def fill(owner: asyncpg.Connection, tenant: Tenant, alliances: int, sessions: int) -> None:
    """Alliances with weekly sessions, each with an invitation of its client.

    Of three sessions the client has rated two, and the professional one.
    """
    for statement in FILL:
        given = [tenant.id, alliances, sessions, FIRST_DAY]
        if "$5" in statement:
            given.append(json.dumps(_OUTCOME if "outcome" in statement else _STREAM))
        await owner.execute(statement, *given)
    for table in TABLES:
        await owner.execute(f"ANALYZE {table}")
