"""`python -m bench.exports`: an export in CSV beside `COPY TO STDOUT` of the same columns."""

import argparse
import asyncio
import resource
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import httpx

from app.database import SERVER_SETTINGS, connected
from app.errors import StartRefused
from app.exports.schemas import ExportRequest
from app.exports.streams import stream
from app.exports.wanted import wanted
from app.instruments.definitions import shipped
from app.main import create_app
from app.settings import settings_from
from app.signals.queries import Reading
from bench.exports.filling import fill
from bench.processes import ROOT
from bench.store import Store, store

HOME: Final = ROOT / ".rapport" / "bench-exports"
FLOOR: Final = 0.6
ROUNDS: Final = 3
SAME_COLUMNS: Final = """
SELECT 'row', r.id, r.alliance_id, a.source, a.external_id, r.occasion_id, r.source, r.external_id,
  r.external_version, r.record_kind, r.amends, r.amendment_reason, r.instrument,
  r.instrument_revision, r.form, r.language, r.rater_role, r.rater_ref, r.proxy_ref, r.about_role,
  r.about_ref, r.interpreter, r.professional_present, r.mode, r.session_ref, r.session_number,
  r.occurred_at, r.occurred_at_offset, r.occurred_on, r.completed_at, r.completed_at_offset,
  r.completed_on, r.setting, r.program_ref, r.received_at, r.backfill, r.notice,
  r.outcome->'quality', r.answers, r.reported_scores
FROM responses r JOIN alliances a ON a.tenant_id = r.tenant_id AND a.id = r.alliance_id
WHERE r.tenant_id = $1
"""
"""As they are stored: judged for nobody, no formula made harmless, no time written anew."""
FORM: Final = {
    "external_id": "pattern",
    "alliance": {
        "external_id": "case:p-1",
        "case_ref": "case",
        "client_ref": "c-1",
        "professional_ref": "p-1",
    },
    "instrument": "wai-sr-2006",
    "language": "en",
    "rater": {"role": "client"},
    "occasion": {"session_number": 1, "occurred_at": "2026-10-01T10:00:00+02:00"},
    "answers": dict.fromkeys(map(str, range(1, 13)), 4) | {"4": "declined"},
}


async def copy(url: str, tenant_id: UUID) -> tuple[float, int]:
    """Seconds and bytes of the plain copy."""
    connection = await asyncpg.connect(
        url, server_settings={**SERVER_SETTINGS, "statement_timeout": "0"}
    )
    size = 0

    async def take(part: bytes) -> None:
        nonlocal size
        size += len(part)

    try:
        await connection.execute(f"SET app.tenant = '{tenant_id}'")
        begun = time.perf_counter()
        await connection.copy_from_query(SAME_COLUMNS, tenant_id, output=take, format="csv")
        return time.perf_counter() - begun, size
    finally:
        await connection.close()


async def export(url: str, tenant_id: UUID, form: str) -> tuple[float, int]:
    """Seconds and bytes of the export: judged, hashed, page by page."""
    reading = Reading("system", supervision=False, rater_role=None, rater_ref=None)
    request = ExportRequest.model_validate({"kind": "responses", "format": form})
    asked = wanted(shipped(), request, reading, datetime.now(UTC))
    size = 0
    async with connected(url, pool_size=2) as database:
        begun = time.perf_counter()
        async for part in stream(database, tenant_id, asked):
            size += len(part)
        return time.perf_counter() - begun, size


async def figures(data: Store, rows: int) -> float:
    """The ratio of the medians; what was measured is printed."""
    await _pattern(data)
    begun = time.perf_counter()
    await fill(data.url, data.tenant_id, rows)
    print(f"filled        {rows} rows in {time.perf_counter() - begun:.1f} s")
    before = _memory()
    copied, exported = [], []
    for _ in range(ROUNDS):  # A B B A, so that a machine that grows slower does so for both
        copied.append(await copy(data.url, data.tenant_id))
        exported.append(await export(data.url, data.tenant_id, "csv"))
        exported.append(await export(data.url, data.tenant_id, "csv"))
        copied.append(await copy(data.url, data.tenant_id))
    lines = await export(data.url, data.tenant_id, "ndjson")
    ratios = [
        (copied[2 * n][0] + copied[2 * n + 1][0]) / (exported[2 * n][0] + exported[2 * n + 1][0])
        for n in range(ROUNDS)
    ]
    for name, found in (("copy", copied), ("csv", exported), ("ndjson", [lines])):
        seconds = statistics.median(one for one, _ in found)
        print(f"{name:13} {rows / seconds:10.0f} rows/s   {found[0][1] / 2**20:7.1f} MiB")
    print(f"memory        {before:.0f} MiB before, at most {_memory():.0f} MiB")
    print(f"ratio         {', '.join(f'{one:.2f}' for one in ratios)} (floor {FLOOR})")
    return statistics.median(ratios)


async def _pattern(data: Store) -> None:
    """One real submission, which the others are copies of."""
    app = create_app(settings_from({"DATABASE_URL": data.url}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://service",
            headers={"Authorization": f"Bearer {data.key}"},
        ) as client,
    ):
        (await client.post("/v1/responses", json=FORM)).raise_for_status()


def _memory() -> float:
    """The most memory that this process has had so far, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def main() -> int:
    """Run it; 0 when the floor is held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.exports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="responses to export")
    parser.add_argument("--home", type=Path, default=HOME, help="where Postgres keeps its data")
    options = parser.parse_args()
    try:
        with store(options.home) as data:
            ratio = asyncio.run(figures(data, options.rows))
    except StartRefused as refused:
        print(f"bench: {refused}", file=sys.stderr)
        return 1
    return 0 if ratio >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
