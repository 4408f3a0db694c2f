"""Which occasion of an alliance is meant, by forms, reports and marks alike."""

from datetime import date

from app.errors import FieldError, InternalError, InvalidRequest
from app.occasions.schemas import OccasionFields


def occasion_key(occasion: OccasionFields) -> str:
    """What makes two forms belong to one occasion of an alliance: same key, same occasion.

    Its session_ref, else its session_number, else its local date.
    """
    if occasion.session_ref is not None:
        return f"ref:{occasion.session_ref}"
    if occasion.session_number is not None:
        return f"number:{occasion.session_number}"
    day = local_date(occasion)
    if day is None:
        raise InternalError("An occasion without reference, number and date.")
    return f"date:{day.isoformat()}"


def local_date(occasion: OccasionFields) -> date | None:
    """The day on which it was, where it was; None: not said."""
    return occasion.occurred_at.date() if occasion.occurred_at else occasion.occurred_on


def refuse_day_after_end(day: date | None, ended_on: date | None, pointer: str) -> None:
    """Raises InvalidRequest, pointing there, for an occasion after the alliance's end."""
    if ended_on is not None and day is not None and day > ended_on:
        detail = "The alliance had ended by then. A reopened case is a new alliance (`continues`)."
        raise InvalidRequest.of(FieldError(pointer, "alliance_ended", detail))
