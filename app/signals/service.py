"""Reading signals, and what people do about them. Signals are never deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import locked
from app.alliances.queries import locked_by_id
from app.alliances.service import get as get_alliance
from app.database import Transaction
from app.errors import NotFound, Overtaken, SignalConflict
from app.measurement.key import Component
from app.occasions.times import local, offset_minutes, refuse_times_ahead
from app.signals import queries
from app.signals.guidance import Guidance, guidance_for
from app.signals.queries import Reading
from app.signals.rows import signal_out
from app.signals.schemas import (
    ActionOut,
    GuidanceOut,
    Party,
    SignalAction,
    SignalDetail,
    SignalOut,
    StepOut,
)
from app.tenants.authentication import Caller
from app.tenants.notices import reader
from app.tenants.scopes import Scope

Row = Mapping[str, Any]
COMPONENTS: Final = frozenset(get_args(Component))
LEADS_TO: Final[Mapping[str, str]] = {
    "acknowledge": "acknowledged",
    "discuss": "discussed",
    "try_step": "step_tried",
    "resolve": "resolved",
    "close": "closed",
}
"""What was done -> the signal's state afterwards. A note changes none."""
ORDER: Final = ("open", "recorded", "acknowledged", "discussed", "step_tried", "resolved", "closed")
"""A signal goes on, never back; what was done again stays where it is."""
ENDED: Final = frozenset({"resolved", "closed", "superseded"})
NOTE_READERS: Final = frozenset({"system", "professional", "supervisor"})
"""A note about a client is not shown to them here; ask the client's record for that."""


def reading_of(caller: Caller) -> Reading:
    """For whom this caller looks signals up.

    What is for supervision alone is seen by a supervisor, through a key that may read it.
    """
    actor = caller.actor
    return Reading(
        reader(actor),
        reader(actor) == "supervisor" and Scope.SUPERVISION_READ in caller.key.scopes,
        actor.role if actor else None,
        actor.ref if actor else None,
    )


def shown(row: Row, reading: Reading, language: str) -> SignalOut:
    """A signal that this reader may see, as far as it may see its numbers."""
    numbers = reading.kind in row["number_audience"] or row["own"]
    return signal_out(row, language, numbers=numbers)


async def page(
    transaction: Transaction,
    caller: Caller,
    filters: Mapping[str, Any],
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Up to limit signals that meet every filter and that this caller may see, oldest first."""
    return await queries.signals_after(transaction, filters, reading_of(caller), after, limit)


async def detail(
    transaction: Transaction, caller: Caller, signal_id: UUID, language: str
) -> SignalDetail:
    """One signal with what was done about it and guidance. Raises NotFound, also if not shown."""
    row = await _seen(transaction, caller, signal_id)
    alliance = await get_alliance(transaction, row["alliance_id"])
    actions = await queries.actions_of(transaction, [signal_id])
    reading = reading_of(caller)
    return SignalDetail(
        **shown(row, reading, language).model_dump(),
        actions=[action_out(action, reading) for action in actions],
        guidance=_guidance_out(
            guidance_for(row["code"], _component(row), alliance["setting"], language)
        ),
    )


async def act(
    transaction: Transaction, caller: Caller, signal_id: UUID, action: SignalAction
) -> tuple[Row, bool]:
    """The action as stored, and False: it is new. The signal goes on to the state it leads to.

    Raises InvalidRequest for a time more than a day ahead; NotFound, also when this caller may
    not see the signal; SignalConflict when the signal is past what the action would lead to.
    """
    refuse_times_ahead({"/at": action.at}, caller.clock())
    seen = await _seen(transaction, caller, signal_id)
    row = await locked_by_id(transaction, seen["alliance_id"])
    if row is None:
        raise Overtaken("The alliance went away.")
    # Read again: until the lock somebody else may have done something about it.
    current = await _seen(transaction, caller, signal_id)
    stored = {
        "id": uuid7(),
        "signal_id": signal_id,
        "kind": action.kind,
        "by_ref": action.by_ref,
        "at": action.at,
        "at_offset": offset_minutes(action.at),
        "note": action.note,
        "state": next_state(current["state"], action.kind),
        "key_id": caller.key.key_id,
        "actor_role": caller.actor and caller.actor.role,
        "actor_ref": caller.actor and caller.actor.ref,
        "recorded_at": locked(row).moment(caller.clock()),
    }
    await queries.record_action(transaction, stored, uuid7())
    return stored, False


def next_state(state: str, kind: str) -> str:
    """Where a signal stands after an action. Raises SignalConflict when it is past that.

    >>> next_state("open", "discuss"), next_state("closed", "note")
    ('discussed', 'closed')
    """
    if kind == "note":
        return state
    leads_to = LEADS_TO[kind]
    if state == leads_to:
        return state
    if state in ENDED or ORDER.index(leads_to) < ORDER.index(state):
        raise SignalConflict(f"It is {state}. A note can still be added.")
    return leads_to


async def stored_action(caller: Caller, transaction: Transaction, action_id: UUID) -> Row:
    """An action as it was stored. Raises NotFound, also when this caller may not see its signal."""
    found: Row | None = await queries.action(transaction, action_id)
    if found is None:
        raise NotFound("No such action.")
    await _seen(transaction, caller, found["signal_id"])
    return found


def action_out(action: Row, reading: Reading) -> ActionOut:
    """An action as this reader may see it."""
    role = action["actor_role"]
    return ActionOut(
        id=action["id"],
        kind=action["kind"],
        by_ref=action["by_ref"],
        at=local(action["at"], action["at_offset"]),
        note=action["note"] if reading.kind in NOTE_READERS else None,
        state=action["state"],
        recorded_by=None if role is None else Party(role=role, ref=action["actor_ref"]),
        recorded_at=action["recorded_at"],
    )


async def of_alliance(transaction: Transaction, caller: Caller, alliance_id: UUID) -> Sequence[Row]:
    """Every signal of an alliance that this caller may see, oldest first."""
    return await queries.signals_of_alliance(transaction, alliance_id, reading_of(caller))


async def as_known(
    transaction: Transaction, rows: Sequence[Row], as_of: datetime | None
) -> Sequence[Row]:
    """The signals that were there at as_of, each in the state that it had then; None: now."""
    if as_of is None:
        return rows
    there = [row for row in rows if row["opened_at"] <= as_of]
    changed = [row["id"] for row in there if row["state_at"] > as_of]
    then: dict[UUID, str] = {}
    for action in await queries.actions_of(transaction, changed) if changed else ():
        if action["recorded_at"] <= as_of:
            then[action["signal_id"]] = action["state"]
    return [
        {
            **row,
            "state": then.get(row["id"], row["opened_as"]),
            "superseded_by": None,
        }
        if row["state_at"] > as_of
        else row
        for row in there
    ]


async def _seen(transaction: Transaction, caller: Caller, signal_id: UUID) -> Row:
    found: Row | None = await queries.signal(transaction, signal_id, reading_of(caller))
    if found is None:
        raise NotFound("No such signal.")
    return found


def _component(row: Row) -> Component | None:
    """What to speak about: the component, or of the whole the one that fell furthest."""
    fell = [name for name in row["parameters"].get("fell", ()) if name in COMPONENTS]
    component: Component | None = row["component"] or next(iter(fell), None)
    return component


def _guidance_out(guidance: Guidance) -> GuidanceOut:
    return GuidanceOut(
        language=guidance.language,
        reviewed=guidance.reviewed,
        steps=[StepOut(text=step.text, leans_on=list(step.leans_on)) for step in guidance.steps],
        references={
            one.id: f"{one.authors} ({one.year}). {one.title}. {one.source}"
            for one in guidance.references
        },
    )
