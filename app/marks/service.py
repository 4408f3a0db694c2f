"""Recording and reading marks."""

from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance
from app.alliances.merged_refs import FormerRefs, former_refs
from app.alliances.schemas import AllianceInSubmission
from app.alliances.service import get as alliance_of
from app.alliances.service import locked_for_submission
from app.database import Transaction
from app.errors import ExternalIdReused, NotFound, Overtaken
from app.marks import queries
from app.marks.rows import Row, is_shown, mark_rows, says_the_same
from app.marks.schemas import MarkCreate
from app.occasions.identity import local_date, occasion_key, refuse_day_after_end
from app.occasions.times import refuse_times_ahead
from app.signals.reported import opened, reported_rupture
from app.tenants.authentication import Actor, Caller
from app.tenants.notices import readers

MOST_MARKS: Final = 1000
"""More marks than one alliance ever had; so many are shown with its course."""

LOOKED_AT: Final = 500
"""How many marks are read at once, however few of them are for the reader: a house rule."""


async def record(
    transaction: Transaction, caller: Caller, alliance_id: UUID, said: MarkCreate
) -> tuple[Row, bool]:
    """The stored mark, and True if it was stored before (a replay).

    It comes with its occasion_key and the former references of its alliance. Raises NotFound for
    an unknown alliance, InvalidRequest when who noticed is no member or the alliance had ended,
    ExternalIdReused when its external_id is stored with other content.
    """
    occasion = said.occasion
    refuse_times_ahead(
        {
            "/occasion/occurred_at": occasion.occurred_at,
            "/occasion/occurred_on": occasion.occurred_on,
        },
        caller.clock(),
    )
    named = AllianceInSubmission(id=alliance_id)
    alliance = await locked_for_submission(transaction, said.source, named, caller.clock())
    row = _new_row(alliance, caller, said)
    known = await _known(transaction, row, said, alliance.former)
    if known is not None:
        return known, True
    refuse_day_after_end(local_date(occasion), alliance.ended_on, "/occasion")
    key = row.pop("occasion_key")
    ids = (uuid7(), uuid7())  # before the signal's, for what follows in one write goes by ids
    signal = reported_rupture(row, alliance.members, readers(row["notice"]))
    raised = opened([signal] if signal else [], row["recorded_at"], alliance.state_version + 1)
    occasion_id = await queries.record_mark(transaction, row, key, ids, raised)
    if occasion_id is None:
        raise Overtaken("Another caller recorded the same.")
    return row | {
        "occasion_id": occasion_id,
        "occasion_key": key,
        "former": alliance.former,
    }, False


async def get(transaction: Transaction, mark_id: UUID) -> Row:
    """One mark as record gives it. Raises NotFound."""
    found = await queries.mark(transaction, mark_id)
    if found is None:
        raise NotFound("No such mark.")
    alliance = await alliance_of(transaction, found["alliance_id"])
    return {**found, "former": former_refs(alliance["former_refs"])}


async def page(
    transaction: Transaction,
    alliance_id: UUID,
    actor: Actor | None,
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Up to limit marks of an alliance that this reader may see, in the order of their ids.

    Raises NotFound for an unknown alliance. Marks that are not for this reader leave no gap.
    """
    alliance = await alliance_of(transaction, alliance_id)
    former = former_refs(alliance["former_refs"])
    shown: list[Row] = []
    while len(shown) < limit:
        rows = await queries.marks_after(transaction, alliance_id, after, LOOKED_AT)
        shown += [{**row, "former": former} for row in rows if is_shown(row, actor, former)]
        if len(rows) < LOOKED_AT:
            break
        after = rows[-1]["id"]
    return shown[:limit]


async def all_of(transaction: Transaction, alliance: Row, actor: Actor | None) -> list[Row]:
    """Every mark of an alliance that this reader may see, in the order of their ids."""
    former = former_refs(alliance["former_refs"])
    rows = await queries.marks_after(transaction, alliance["id"], None, MOST_MARKS)
    return [{**row, "former": former} for row in rows if is_shown(row, actor, former)]


def _new_row(alliance: LockedAlliance, caller: Caller, said: MarkCreate) -> dict[str, Any]:
    """The row that a mark would make, with its occasion_key."""
    rows = mark_rows(
        alliance,
        caller,
        [said],
        # After the lock, so that what is received later is never marked as earlier.
        alliance.moment(caller.clock()),
        source=said.source,
        external_id=said.external_id,
        notice=said.notice.model_dump() if said.notice else caller.key.default_notice,
    )
    return rows[0] | {"occasion_key": occasion_key(said.occasion)}


async def _known(
    transaction: Transaction, row: Row, said: MarkCreate, former: FormerRefs
) -> Row | None:
    """The stored mark that this one repeats; None: nothing is stored under its external_id.

    Raises ExternalIdReused unless it says the same.
    """
    if said.external_id is None:
        return None
    stored = await queries.mark_named(transaction, said.source, said.external_id)
    if stored is None:
        return None
    if not says_the_same(row, stored, said, former):
        detail = "A mark never changes; another one needs another external_id."
        raise ExternalIdReused(detail, existing_id=str(stored["id"]))
    return {**stored, "former": former}
