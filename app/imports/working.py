"""Working imports off, chunk by chunk, and removing what was kept of them. Any number may."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from app.database import Database, Row, Transaction
from app.errors import InternalError, Problem
from app.imports import chunk_queries, queries
from app.imports.rows import failed_of, items_of, succeeded_of
from app.imports.service import ended
from app.instruments.definitions import Catalogue
from app.instruments.own import with_own
from app.metrics import IMPORTED_ROWS
from app.responses import service as responses
from app.responses.batch_items import instruments_in, item_out, read_items
from app.tenants.authentication import Actor, Caller, Clock
from app.tenants.turns import one_round
from app.tenants.verification import key_again

STEPS: Final = 3
"""How many steps are done at most before the worker looks at something else: some two seconds."""
MOST_FAILED_STEPS: Final = 8
"""After so many in a row an import is given up; the pauses between them double."""

_log = structlog.get_logger("rapport.imports")


async def work_off(
    database: Database,
    catalogue: Catalogue,
    clock: Clock,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """How many steps were done for imports that were due, of every tenant, up to STEPS.

    Tenants take turns, a step each: a chunk is worked off, or chunks are removed. A step is one
    transaction: verdicts are stored with the responses that they are about, so a worker that dies
    loses nothing and doubles nothing. Raises Unavailable and the like when Postgres is away.
    """

    async def due(after: UUID) -> list[UUID]:
        async with database.worker_transaction() as transaction:
            return await queries.tenants_due(transaction, after, clock())

    async def step(tenant_id: UUID) -> bool:
        return await _Step(database, catalogue, clock, tenant_id).taken()

    done, more = 0, 1
    while more and done < STEPS:
        more = await one_round(due, step, STEPS - done, stopping)
        done += more
    return done


class _Step:
    """One step for a tenant's import that has waited longest."""

    def __init__(
        self, database: Database, catalogue: Catalogue, clock: Clock, tenant_id: UUID
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._clock = clock
        self._tenant_id = tenant_id
        self._row: Row | None = None

    async def taken(self) -> bool:
        """Whether something was done."""
        try:
            verdicts = await self._database.attempt(self._tenant_id, self._work)
        except Problem as problem:
            _log.warning("import_not_advanced", tenant=str(self._tenant_id), code=problem.code)
            if self._row is not None:
                await self._put_off(self._row["id"])
            return False
        for verdict, count in (verdicts or {}).items():
            IMPORTED_ROWS.labels(verdict).inc(count)
        return verdicts is not None

    async def _work(self, transaction: Transaction) -> dict[str, int] | None:
        """The verdicts, counted; None: nothing was due, or others are at it."""
        now = self._clock()
        self._row = row = await queries.due(transaction, now)
        if row is None:
            return None
        if row["state"] not in queries.WORKED_OFF:
            await _remove(transaction, row, now)
            return {}
        key = await key_again(transaction, row["key_id"])
        if key is None:
            await ended(transaction, row, "failed", now, "key_revoked")
            return {}
        actor = Actor(row["actor_role"], row["actor_ref"]) if row["actor_role"] else None
        return await self._chunk(transaction, Caller(key, actor, self._database, self._clock), row)

    async def _chunk(self, transaction: Transaction, caller: Caller, row: Row) -> dict[str, int]:
        """Work the next chunk off, as a batch would be."""
        number = row["done_chunks"]
        chunk = await chunk_queries.get(transaction, row["id"], number)
        if chunk is None:
            raise InternalError("A chunk is missing.")
        sent = items_of(row, chunk["raw"])
        catalogue = await with_own(transaction, self._catalogue, instruments_in(sent))
        items = await read_items(caller, catalogue, sent)
        decisions = await responses.decide_all(transaction, catalogue, items, self._clock)
        succeeded: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        left: tuple[list[int], list[bytes]] = [], []
        counts: dict[str, int] = {}
        for index, decision in enumerate(decisions):
            line, raw = chunk["lines"][index], chunk["raw"][index]
            item = item_out(index, sent[index], decision, str(row["id"]))
            counts[item.verdict] = counts.get(item.verdict, 0) + 1
            if item.problem is None:
                succeeded.append(succeeded_of(line, item))
            else:
                failed.append(failed_of(line, item, row, raw))
                left[0].append(line)
                left[1].append(raw)
        await chunk_queries.save_verdicts(transaction, row["id"], number, (succeeded, failed), left)
        await self._went_on(transaction, row, len(succeeded), len(failed))
        return counts

    async def _went_on(
        self, transaction: Transaction, row: Row, succeeded: int, failed: int
    ) -> None:
        now = self._clock()
        advanced: dict[str, Any] = {
            **row,
            "done_chunks": row["done_chunks"] + 1,
            "succeeded": row["succeeded"] + succeeded,
            "failed": row["failed"] + failed,
            "failed_steps": 0,
        }
        if advanced["done_chunks"] == row["chunks"]:
            await ended(transaction, advanced, "done", now)
        else:
            # Due from now on: the tenant's imports take turns.
            await queries.save(transaction, {**advanced, "state": "running", "due_at": now})

    async def _put_off(self, import_id: UUID) -> None:
        """Try a step that failed again later; give the import up after MOST_FAILED_STEPS."""
        now = self._clock()
        async with self._database.transaction(self._tenant_id) as transaction:
            row = await queries.locked(transaction, import_id)
            if row is None or row["state"] not in queries.WORKED_OFF:
                return
            failed_steps = row["failed_steps"] + 1
            later = {
                **row,
                "failed_steps": failed_steps,
                "due_at": now + timedelta(seconds=2**failed_steps),
            }
            if failed_steps >= MOST_FAILED_STEPS:
                await ended(transaction, later, "failed", now, "interrupted")
            else:
                await queries.save(transaction, later)


async def _remove(transaction: Transaction, row: Row, now: datetime) -> None:
    """Remove what was kept of an import that has ended, or never came whole."""
    gone = await chunk_queries.remove(transaction, row["id"])
    never_whole = {"state": "expired", "finished_at": now, "expires_at": now}
    changes = never_whole if row["state"] == "incomplete" else {}
    await queries.save(transaction, {**row, **changes, "due_at": None if gone else now})
