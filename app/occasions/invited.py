"""Invitations as they are sent, and what each comes to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.alliances.locked import LockedAlliance
from app.alliances.merged_refs import FormerRefs, present_ref
from app.alliances.raters import named_ref
from app.errors import FieldError, InvalidRequest
from app.instruments.definitions import Catalogue
from app.instruments.service import chosen_form
from app.occasions.schemas import InvitationIn
from app.occasions.times import offset_minutes

ANSWER_DAYS: Final = timedelta(days=7)
"""How long an answer may take before the alliance is looked at for silence: a house rule."""
COMPLETED: Final = "completed"
AWAITED: Final = frozenset({"invited", "opened"})
"""States in which an answer may still come."""
SETTLED: Final = (COMPLETED, "declined", "lapsed")
"""States in which somebody was asked and no answer is awaited any more."""
STATES: Final = ("invited", "opened", *SETTLED, "not_offered")
"""Where an invitation may stand."""
SETTABLE: Final = ("state", "at", "at_offset", "reason", "response_id")
"""What may change of an invitation."""
Row = Mapping[str, Any]


class Invited(NamedTuple):
    """Which invitation of an occasion: one rater on one form, under a present reference."""

    rater_role: str
    rater_ref: str
    instrument: str
    form: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An invitation as it was sent, on a form that exists and fits its rater's role."""

    sent: InvitationIn
    form: str


def asked(catalogue: Catalogue, sent: Sequence[InvitationIn]) -> tuple[Asked, ...]:
    """The invitations of a report, their forms found.

    Raises InvalidRequest, pointing at every instrument and form to mend.
    """
    found: list[Asked] = []
    errors: list[FieldError] = []
    for index, one in enumerate(sent):
        try:
            chosen = chosen_form(catalogue, one.instrument, None, one.form, one.rater.role)
        except InvalidRequest as refused:
            errors += refused.faults(f"/invited/{index}")
        else:
            found.append(Asked(one, chosen.form.id))
    if errors:
        raise InvalidRequest.of(*errors)
    return tuple(found)


def of_alliance(alliance: LockedAlliance, sent: Sequence[Asked]) -> dict[Invited, Asked]:
    """Which invitation of the alliance each one is.

    Raises InvalidRequest for each rater who is no member (nor observer, nor supervisor), and for
    each invitation that stands there twice.
    """
    found: dict[Invited, Asked] = {}
    errors: list[FieldError] = []
    for index, one in enumerate(sent):
        pointer, rater = f"/invited/{index}", one.sent.rater
        try:
            ref = named_ref(
                alliance.members, alliance.former, rater.role, rater.ref, said_as="rater"
            )
        except InvalidRequest as refused:
            errors += refused.faults(pointer)
            continue
        invited = Invited(rater.role, ref, one.sent.instrument, one.form)
        if invited in found:
            detail = "This rater stands there twice with this form."
            errors.append(FieldError(pointer, "invited_twice", detail))
        found[invited] = one
    if errors:
        raise InvalidRequest.of(*errors)
    return found


def invited_of(row: Row, former: FormerRefs) -> Invited:
    """Which invitation a stored invitation, or a response, is or completes.

    A response answers its rater's invitation whoever filled it in for them.
    """
    role = row["rater_role"]
    return Invited(
        role, present_ref(former, role, row["rater_ref"]), row["instrument"], row["form"]
    )


def answers_by_invitation(answers: Iterable[Row], former: FormerRefs) -> dict[Invited, UUID]:
    """The response that completes each invitation; of several the last one given.

    answers: responses on the occasion that count, each with id, rater_role, rater_ref, instrument
    and form.
    """
    return {invited_of(row, former): row["id"] for row in answers}


def invitations_after(
    stored: Mapping[Invited, Row],
    sent: Mapping[Invited, Asked],
    answers: Mapping[Invited, UUID],
    now: datetime,
) -> dict[Invited, Row]:
    """What each invitation of the occasion has come to, stored and new ones.

    An answer that counts completes one, whatever was sent; what was not sent stays. One that
    comes to nothing new is the stored row itself.
    """
    after: dict[Invited, Row] = {}
    for invited in dict.fromkeys((*stored, *sent)):
        before, answer = stored.get(invited), answers.get(invited)
        if answer is not None:
            values = _values(COMPLETED, response_id=answer)
        elif invited in sent:
            one = sent[invited].sent
            values = _values(one.state, one.at, one.reason)
        else:
            values = {name: stored[invited][name] for name in SETTABLE}
        if before is None:
            after[invited] = invited._asdict() | values | {"updated_at": now, "expires_at": None}
        elif _same(before, values):
            after[invited] = before
        else:
            after[invited] = {**before, **values, "updated_at": now}
    return after


def answer_due_at(
    invitations: Sequence[Row], otherwise: datetime, now: datetime
) -> datetime | None:
    """When the first of the answers that may still come is late; None: none is awaited.

    otherwise: what counts as the time of an invitation that does not say its own. One that is
    said to have lapsed is looked at from now on.
    """
    times = [row["at"] or otherwise for row in invitations if row["state"] in AWAITED]
    late = [time + ANSWER_DAYS for time in times]
    return min(late + [now for row in invitations if row["state"] == "lapsed"], default=None)


def _values(
    state: str,
    at: datetime | None = None,
    reason: str | None = None,
    response_id: UUID | None = None,
) -> dict[str, Any]:
    return {
        "state": state,
        "at": at,
        "at_offset": offset_minutes(at),
        "reason": reason,
        "response_id": response_id,
    }


def _same(before: Row, values: Mapping[str, Any]) -> bool:
    """Whether an invitation says so already; the offset of an instant is no difference."""
    return all(before[name] == values[name] for name in SETTABLE if name != "at_offset")
