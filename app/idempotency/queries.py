"""Statements on Idempotency-Keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.database import Row, Transaction
from app.idempotency.models import idempotency_keys
from app.statements import Statement, compiled, parameter

SWEPT_AT_ONCE: Final = 20
_OWN: Final = (
    idempotency_keys.c.tenant_id == parameter(idempotency_keys.c.tenant_id),
    idempotency_keys.c.idempotency_key == parameter(idempotency_keys.c.idempotency_key),
)
_NOW: Final = sa.bindparam("now", type_=idempotency_keys.c.expires_at.type)


def _claim_statement() -> Statement:
    """The key made this call's own: new, or in place of an expired one."""
    columns = [c for c in idempotency_keys.c if c.name != "subject_id"]
    claim = insert(idempotency_keys).values({c.name: parameter(c) for c in columns})
    return compiled(
        claim.on_conflict_do_update(
            index_elements=["tenant_id", "idempotency_key"],
            set_={c.name: claim.excluded[c.name] for c in idempotency_keys.c if not c.primary_key},
            where=idempotency_keys.c.expires_at <= _NOW,
        ).returning(idempotency_keys.c.idempotency_key)
    )


def _settle_statement() -> Statement:
    """What the key's call made; a few keys that nobody can use any more go on the way."""
    expired = (
        sa.select(idempotency_keys.c.idempotency_key)
        .where(_OWN[0], idempotency_keys.c.expires_at <= _NOW)
        .order_by(idempotency_keys.c.expires_at)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    # As an array: looked up once, whatever the plan, so that the limit holds.
    found = sa.func.array(expired.scalar_subquery(), type_=ARRAY(sa.Text))
    swept = sa.delete(idempotency_keys).where(
        _OWN[0], idempotency_keys.c.idempotency_key == sa.func.any(found)
    )
    return compiled(
        sa.update(idempotency_keys)
        .where(*_OWN)
        .values(subject_id=parameter(idempotency_keys.c.subject_id))
        .returning(idempotency_keys.c.subject_id)
        .add_cte(swept.cte("swept"))
    )


_CLAIM: Final = _claim_statement()
_SETTLE: Final = _settle_statement()
_GET: Final = compiled(sa.select(idempotency_keys).where(*_OWN))


async def claim(
    transaction: Transaction, new: Mapping[str, Any], now: datetime, seconds: int
) -> bool:
    """Make a key this call's own. False: an earlier call has it.

    Waits up to seconds for a call that is still using it; raises LockNotAvailable after that.
    """
    return await transaction.row_when_free(_CLAIM, seconds, **new, now=now) is not None


async def claimed(transaction: Transaction, key: str) -> Row | None:
    """The call that has the key."""
    return await transaction.row(_GET, idempotency_key=key)


async def settle(transaction: Transaction, key: str, subject_id: UUID, now: datetime) -> None:
    """Note what the key's call made."""
    await transaction.row(_SETTLE, idempotency_key=key, subject_id=subject_id, now=now)
