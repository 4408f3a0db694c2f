"""Times as they are sent and given back, and how far ahead of ours they may be."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from app.errors import FieldError, InvalidRequest

AHEAD: Final = timedelta(days=1)
"""How far ahead of ours a sender's clock may be before what it says is refused: a house rule."""


def local(instant: datetime | None, offset_minutes: int | None) -> datetime | None:
    """An instant with the offset that it was sent with."""
    if instant is None or offset_minutes is None:
        return None
    zone = timezone(timedelta(minutes=offset_minutes)) if offset_minutes else UTC
    return instant.astimezone(zone)


def offset_minutes(instant: datetime | None) -> int | None:
    """The offset of an instant as it was sent."""
    offset = instant.utcoffset() if instant else None
    return None if offset is None else int(offset.total_seconds()) // 60


def refuse_times_ahead(said: Mapping[str, datetime | date | None], now: datetime) -> None:
    """Raises InvalidRequest for every time that is more than a day ahead of now.

    said: JSON pointer -> what stands there. What is planned has not been an occasion yet.
    """
    latest = now + AHEAD
    errors = tuple(
        FieldError(pointer, "in_the_future", "More than a day ahead of now.")
        for pointer, time in said.items()
        if time is not None and _is_after(time, latest)
    )
    if errors:
        raise InvalidRequest.of(*errors)


def _is_after(time: datetime | date, latest: datetime) -> bool:
    if isinstance(time, datetime):
        return time > latest
    # The furthest zone is 14 hours ahead of UTC; within AHEAD that is already allowed for.
    return time > latest.date()
