"""Statements on tenants' text packs, their grants, and the use they declare."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import NO_TENANT, Row, Transaction
from app.statements import compiled, parameter
from app.wordings.models import declared_uses, text_packs

_OWN: Final = text_packs.c.tenant_id == parameter(text_packs.c.tenant_id)
_IN_USE: Final = text_packs.c.ended_at.is_(None)
_OF_INSTRUMENT: Final = text_packs.c.instrument == parameter(text_packs.c.instrument)
_OF_FORM: Final = (_OWN, _OF_INSTRUMENT, text_packs.c.form == parameter(text_packs.c.form))
_REVISION: Final = text_packs.c.form_revision == parameter(text_packs.c.form_revision)
_LANGUAGE: Final = text_packs.c.language == parameter(text_packs.c.language)
_WITHOUT_WORDING: Final = [c for c in text_packs.c if c.name != "wording"]
MOST_SHOWN: Final = 500
"""As many as a page of a list may hold."""

_PACKS: Final = compiled(sa.select(text_packs).where(*_OF_FORM, _REVISION, _IN_USE))
_NEWEST: Final = compiled(
    sa.select(*_WITHOUT_WORDING)
    .where(*_OF_FORM, _REVISION, _LANGUAGE)
    .order_by(text_packs.c.version.desc())
    .limit(1)
    .with_for_update()
)
_END: Final = {
    "wording": sa.null(),
    "ended_at": parameter(text_packs.c.ended_at),
    "ended_as": parameter(text_packs.c.ended_as),
}
_END_ONE: Final = compiled(
    sa.update(text_packs)
    .where(_OWN, text_packs.c.id == parameter(text_packs.c.id), _IN_USE)
    .values(_END)
    .returning(text_packs.c.id)
)
_WITHDRAW: Final = compiled(
    sa.update(text_packs)
    .where(*_OF_FORM, _LANGUAGE, _IN_USE)
    .values(_END)
    .returning(*_WITHOUT_WORDING)
)
_INSERT: Final = compiled(
    insert(text_packs)
    .values({c.name: parameter(c) for c in text_packs.c if c.name not in {"ended_at", "ended_as"}})
    .on_conflict_do_nothing()
    .returning(*_WITHOUT_WORDING)
)
_OF_THE_INSTRUMENT: Final = compiled(
    sa.select(*_WITHOUT_WORDING)
    .where(_OWN, _OF_INSTRUMENT)
    .order_by(text_packs.c.id.desc())
    .limit(MOST_SHOWN)
)
_GRANTS: Final = compiled(
    sa.select(*_WITHOUT_WORDING)
    .where(
        _OWN,
        _IN_USE,
        text_packs.c.id > sa.bindparam("after", type_=sa.Uuid),
        sa.or_(
            sa.bindparam("expires_by", type_=sa.Date).is_(None),
            text_packs.c.valid_to <= sa.bindparam("expires_by", type_=sa.Date),
        ),
    )
    .order_by(text_packs.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_DECLARED: Final = compiled(
    sa.select(declared_uses)
    .where(declared_uses.c.tenant_id == parameter(declared_uses.c.tenant_id))
    .order_by(declared_uses.c.version.desc())
    .limit(1)
)
_DECLARE: Final = compiled(
    insert(declared_uses)
    .values({c.name: parameter(c) for c in declared_uses.c})
    .on_conflict_do_nothing()
    .returning(declared_uses)
)


async def packs_in_use(
    transaction: Transaction, instrument: str, form: str, form_revision: str
) -> list[Row]:
    """The text packs of one form that have not ended, each with its wording."""
    return await transaction.rows(
        _PACKS, instrument=instrument, form=form, form_revision=form_revision
    )


async def newest_pack(transaction: Transaction, place: Mapping[str, str]) -> Row | None:
    """The newest version of a text pack, ended or not, locked; None: there was none.

    place: instrument, form, form_revision, language.
    """
    return await transaction.row(_NEWEST, **place)


async def end_pack(transaction: Transaction, pack_id: UUID, at: datetime, ended_as: str) -> None:
    """End one text pack; nothing of its wording is kept."""
    await transaction.row(_END_ONE, id=pack_id, ended_at=at, ended_as=ended_as)


async def insert_pack(transaction: Transaction, pack: Mapping[str, Any]) -> Row | None:
    """A new text pack as stored, without its wording. None: another one was quicker."""
    return await transaction.row(_INSERT, **pack)


async def withdraw_packs(
    transaction: Transaction, instrument: str, form: str, language: str, at: datetime
) -> list[Row]:
    """The text packs of a form in a language that were in use and end now, without wording."""
    return await transaction.rows(
        _WITHDRAW,
        instrument=instrument,
        form=form,
        language=language,
        ended_at=at,
        ended_as="withdrawn",
    )


async def packs_of_instrument(transaction: Transaction, instrument: str) -> list[Row]:
    """The newest MOST_SHOWN text packs of an instrument, ended or not, without wording."""
    return await transaction.rows(_OF_THE_INSTRUMENT, instrument=instrument)


async def grants_after(
    transaction: Transaction, expires_by: date | None, after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit text packs in use, in the order of their ids, without wording.

    expires_by: those whose last day is this one or an earlier one; None: all.
    """
    return await transaction.rows(
        _GRANTS, expires_by=expires_by, after=after or NO_TENANT, limit=limit
    )


async def declared(transaction: Transaction) -> Row | None:
    """The tenant's declared use in force; None: it has declared none."""
    return await transaction.row(_DECLARED)


async def declare(transaction: Transaction, declaration: Mapping[str, Any]) -> Row | None:
    """A new version of the declared use as stored. None: that version is taken."""
    return await transaction.row(_DECLARE, **declaration)
