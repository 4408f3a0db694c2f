"""Signals that no rating raises: what people report, and answers that do not come. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.signals.rows import Raised, Readers, signal_row
from app.signals.writing_queries import SignalChanges

REPORTED: Final = "reported"
UNANSWERED: Final = "two_unanswered"
UNANSWERED_IN_A_ROW: Final = 2
ANSWERED_BEFORE: Final = 2
"""So many invitations unanswered in a row after so many answered ones are silence: a house rule."""
PAIR: Final = 2


def reported_rupture(
    mark: Mapping[str, Any],
    members: Iterable[tuple[str, str]],
    readers: frozenset[str],
) -> dict[str, Any] | None:
    """The signal of a mark, in a channel of its own: no score confirms or overrules it.

    mark: its row. readers: the kinds of readers that may see the mark. None: it is a repair.
    """
    if mark["kind"] != "rupture":
        return None
    by = (mark["by_role"], mark["by_ref"])
    raised = Raised(
        "reported_rupture", "alert", REPORTED, None, None, None, None, None, {}, "none",
        Readers(readers, readers),
    )  # fmt: skip
    origin = {
        **_nobody_else(mark["alliance_id"], by, _other(members, by)),
        "mark_id": mark["id"],
    }
    return signal_row(raised, origin, newest=True, opened_at=mark["recorded_at"])


def silence(  # noqa: PLR0917 - who, of what, for whom and when
    alliance_id: UUID,
    rater: tuple[str, str],
    members: Iterable[tuple[str, str]],
    asked: Mapping[str, Any],
    readers: frozenset[str],
    at: datetime,
) -> dict[str, Any]:
    """The signal that a rater has left invitations unanswered.

    asked: instrument and form, the occasion_ids of the unanswered ones, and whether a drop of
    theirs is open (`open_drop`), which makes it weigh more.
    """
    severity = "high" if asked["open_drop"] else "alert"
    parameters = {
        "unanswered": UNANSWERED_IN_A_ROW,
        "answered_before": ANSWERED_BEFORE,
        "occasion_ids": [str(one) for one in asked["occasion_ids"]],
        "open_drop": asked["open_drop"],
    }
    raised = Raised(
        "silence", severity, UNANSWERED, None, None, None, None, None, parameters, "none",
        Readers(readers, readers),
    )  # fmt: skip
    origin = _nobody_else(alliance_id, rater, _other(members, rater))
    origin |= {"instrument": asked["instrument"], "form": asked["form"]}
    return signal_row(raised, origin, newest=True, opened_at=at)


def opened(rows: Sequence[Mapping[str, Any]], at: datetime, sequence: int) -> SignalChanges:
    """What is to be stored of new signals of one alliance.

    sequence: the version of its state that the write makes.
    """
    events = [
        {
            "id": uuid7(),
            "type": "signal.opened",
            "alliance_id": row["alliance_id"],
            "subject_id": row["id"],
            "recorded_at": at,
            "sequence": sequence,
        }
        for row in rows
    ]
    return SignalChanges(rows, (), events)


def _other(
    members: Iterable[tuple[str, str]], one: tuple[str, str]
) -> tuple[str | None, str | None]:
    """The other member of a pair; nobody in a larger alliance."""
    all_of_them = set(members)
    others = all_of_them - {one}
    if len(all_of_them) == PAIR and len(others) == 1:
        return next(iter(others))
    return None, None


def _nobody_else(
    alliance_id: UUID, rater: tuple[str, str], about: tuple[str | None, str | None]
) -> dict[str, Any]:
    """The origin of a signal that is about no form."""
    return {
        "alliance_id": alliance_id,
        "rater_role": rater[0],
        "rater_ref": rater[1],
        "proxy_ref": None,
        "about_role": about[0],
        "about_ref": about[1],
        "instrument": None,
        "form": None,
        "language": None,
    }
