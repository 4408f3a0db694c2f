"""Statements on jobs: what the worker does step by step, a row for each, due at a time.

A job's table has tenant_id, id, state and due_at. Its file comes or goes in numbered chunks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.statements import Statement, compiled, parameter

LOOKED_AT: Final = 500
"""How many tenants are looked up at a time."""


@dataclass(frozen=True, slots=True)
class JobStatements:
    """Those on the jobs of one table."""

    insert: Statement
    get: Statement
    """By id."""
    lock: Statement
    """As get, the row locked to the end of the transaction."""
    standing: Statement
    """Counts, as `standing`, the tenant's jobs that have not ended."""
    save: Statement
    """By id, everything that changes."""
    tenants_due: Statement
    """Tenants after one of whom some job is due by now. Needs a worker's transaction."""
    due: Statement
    """The job of the tenant that has waited longest, locked."""


def job_statements(
    jobs: sa.Table, changing: Iterable[str], standing: Iterable[str]
) -> JobStatements:
    """changing: columns that save sets. standing: states of jobs that have not ended."""
    of_tenant = jobs.c.tenant_id == parameter(jobs.c.tenant_id)
    by_id = (of_tenant, jobs.c.id == parameter(jobs.c.id))
    get = sa.select(jobs).where(*by_id)
    return JobStatements(
        insert=compiled(
            insert(jobs).values({c.name: parameter(c) for c in jobs.c}).returning(jobs)
        ),
        get=compiled(get),
        lock=compiled(get.with_for_update()),
        standing=compiled(
            sa.select(sa.func.count().label("standing")).where(
                of_tenant, sa.or_(*(jobs.c.state == state for state in standing))
            )
        ),
        save=compiled(
            sa.update(jobs)
            .where(*by_id)
            .values({name: parameter(jobs.c[name]) for name in changing})
            .returning(jobs)
        ),
        tenants_due=_tenants_due(jobs),
        due=_due(jobs),
    )


def _due_by_now(jobs: sa.Table) -> sa.ColumnElement[bool]:
    return jobs.c.due_at <= sa.bindparam("now", type_=jobs.c.due_at.type)


def _tenants_due(jobs: sa.Table) -> Statement:
    return compiled(
        sa.select(jobs.c.tenant_id)
        .where(_due_by_now(jobs), jobs.c.tenant_id > sa.bindparam("after", type_=sa.Uuid))
        .distinct()
        .order_by(jobs.c.tenant_id)
        .limit(LOOKED_AT),
        of_one_tenant=False,
    )


def _due(jobs: sa.Table) -> Statement:
    return compiled(
        sa.select(jobs)
        .where(jobs.c.tenant_id == parameter(jobs.c.tenant_id), _due_by_now(jobs))
        .order_by(jobs.c.due_at, jobs.c.id)
        .limit(1)
        # What another worker is at is left to that one.
        .with_for_update(skip_locked=True)
    )


def removal_of_chunks(chunks: sa.Table, job_id: sa.Column[Any], at_once: int) -> Statement:
    """Removes the first chunks of a job, up to at_once, and counts them as `removed`."""
    of_job = (
        chunks.c.tenant_id == parameter(chunks.c.tenant_id),
        job_id == parameter(job_id),
    )
    first = sa.select(chunks.c.number).where(*of_job).order_by(chunks.c.number).limit(at_once)
    removed = (
        sa.delete(chunks)
        .where(*of_job, chunks.c.number.in_(first))
        .returning(chunks.c.number)
        .cte("removed")
    )
    return compiled(sa.select(sa.func.count().label("removed")).select_from(removed))
