"""Statements that make, change and publish a tenant's own instruments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import Row, Transaction
from app.instruments.models import own_instruments
from app.statements import compiled, parameter

_OWN: Final = own_instruments.c.tenant_id == parameter(own_instruments.c.tenant_id)
_INSTRUMENT: Final = (
    _OWN,
    own_instruments.c.instrument == parameter(own_instruments.c.instrument),
)
_DRAFT: Final = (
    *_INSTRUMENT,
    own_instruments.c.revision == parameter(own_instruments.c.revision),
    own_instruments.c.published_at.is_(None),
)
_ROWS: Final = compiled(sa.select(own_instruments).where(*_INSTRUMENT).with_for_update())
_NEW: Final = [c for c in own_instruments.c if c.name != "published_at"]
_INSERT: Final = compiled(
    insert(own_instruments)
    .values({c.name: parameter(c) for c in _NEW})
    .on_conflict_do_nothing()
    .returning(own_instruments)
)
_CHANGED: Final = [c for c in _NEW if c.name not in {"tenant_id", "instrument", "revision"}]
_CHANGE: Final = compiled(
    sa.update(own_instruments)
    .where(*_DRAFT)
    .values({c.name: parameter(c) for c in _CHANGED})
    .returning(own_instruments)
)
_PUBLISH: Final = compiled(
    sa.update(own_instruments)
    .where(*_DRAFT, own_instruments.c.sha256 == parameter(own_instruments.c.sha256))
    .values(
        {
            c.name: parameter(c)
            for c in own_instruments.c
            if c.name in {"published_at", "key_id", "actor_role", "actor_ref"}
        }
    )
    .returning(own_instruments)
)


async def locked_revisions(transaction: Transaction, instrument: str) -> list[Row]:
    """Every revision of one instrument of the tenant, drafts too, kept from changing meanwhile."""
    return await transaction.rows(_ROWS, instrument=instrument)


async def insert_draft(transaction: Transaction, draft: Mapping[str, Any]) -> Row | None:
    """A new draft as stored. None: that revision is there already."""
    return await transaction.row(_INSERT, **draft)


async def change_draft(transaction: Transaction, draft: Mapping[str, Any]) -> Row | None:
    """A draft as it stands from now on. None: there is no draft of this revision."""
    return await transaction.row(_CHANGE, **draft)


async def publish(
    transaction: Transaction, draft: Mapping[str, Any], published_at: datetime
) -> Row | None:
    """The draft with this hash, published. None: it is no longer that draft."""
    return await transaction.row(_PUBLISH, **draft, published_at=published_at)
