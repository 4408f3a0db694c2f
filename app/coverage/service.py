"""Coverage of one group of alliances, as far as it may be shown of so many people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from app.coverage import session_queries
from app.coverage.rendering import (
    Shown,
    hours_out,
    invited_out,
    non_response_out,
    reach_out,
    sessions_out,
    standing_out,
)
from app.coverage.schemas import CoverageOut, WindowOut
from app.coverage.session_queries import Counted
from app.database import Transaction
from app.errors import FieldError, InvalidRequest
from app.instruments.definitions import Catalogue
from app.tenants.authentication import Actor, Caller
from app.tenants.notices import reader

Filters: TypeAlias = Mapping[str, Any]
USUAL_DAYS: Final = 90
"""Length of a window that does not say where it begins. House rule."""
MOST_DAYS: Final = 366
"""The longest window: what one call may count. House rule."""
BEFORE_ITS_OCCASION: Final = timedelta(days=2)
"""How long before its occasion a rating may have been received: a day at most, and one for clocks
and zones."""
DEFAULT_SOURCE: Final = "default"


@dataclass(frozen=True, slots=True)
class Window:
    """The days that are looked at, both included."""

    start: date
    end: date

    @property
    def floor(self) -> UUID:
        """The lowest id of a response about a day in the window: ids go by the time of receipt."""
        since = datetime(*self.start.timetuple()[:3], tzinfo=UTC) - BEFORE_ITS_OCCASION
        return UUID(int=max(int(since.timestamp() * 1000), 0) << 80)


def window(start: date | None, end: date | None, today: date) -> Window:
    """The window that is asked for; by default USUAL_DAYS up to today.

    Raises InvalidRequest when it ends before it begins or is longer than MOST_DAYS.
    """
    until = end or today
    since = start or until - timedelta(days=USUAL_DAYS - 1)
    if since > until:
        raise InvalidRequest.of(
            FieldError("#/query/from", "window_reversed", "It is after the last day.")
        )
    if (until - since).days >= MOST_DAYS:
        detail = f"At most {MOST_DAYS} days are counted at a time."
        raise InvalidRequest.of(FieldError("#/query/from", "window_too_long", detail))
    return Window(since, until)


def own_view(actor: Actor | None, filters: Filters) -> bool:
    """Whether a professional asks about their own clients, whom they know."""
    return (
        actor is not None
        and actor.role == "professional"
        and actor.ref == filters.get("professional_ref")
    )


async def count(
    transaction: Transaction, caller: Caller, filters: Filters, days: Window, today: date
) -> Counted:
    """What is to be told of the alliances that meet these filters."""
    asked = dict(filters)
    if "professional_ref" in asked:
        asked.setdefault("source", DEFAULT_SOURCE)
    given = {"start": days.start, "end": days.end, "floor": days.floor, "today": today}
    return await session_queries.counted(transaction, asked, given, reader(caller.actor))


def coverage(
    counted: Counted, catalogue: Catalogue, caller: Caller, filters: Filters, days: Window
) -> CoverageOut:
    """What was counted, as far as it may be shown; what is withheld stands in not_computed."""
    shown = Shown(own=own_view(caller.actor, filters))
    people = counted.people
    if "language" in filters:
        shown.miss("invitations", "An invitation has no language.")
    visible = shown.enough(people["clients"], "clients")
    reach, depth = reach_out(people, shown) if visible else (None, None)
    known = "language" not in filters and visible
    invited = invited_out(counted.invited, shown) if known else []
    return CoverageOut(
        window=WindowOut(start=days.start, end=days.end),
        clients=shown.people(people["clients"]) if visible else None,
        coverage=standing_out(invited, reach, shown) if visible else None,
        invitations=invited,
        sessions=sessions_out(counted.sessions, shown) if visible else None,
        timeliness=hours_out(counted.times, shown) if visible else [],
        reach=reach,
        depth=depth,
        undated_ratings=people["undated"] if visible else None,
        non_response=non_response_out(counted.last_said, catalogue, shown) if visible else [],
        not_computed=shown.missing,
    )
