"""The small things that requests are made of: references, days, instants, languages."""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError as Mistake

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998
"""So that no offset can push an instant out of what a calendar holds."""
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
REGION_LENGTH: Final = 2


class Closed(BaseModel):
    """A request object: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


def _no_control_characters(text: str) -> str:
    if CONTROL.search(text):
        raise Mistake("control_character", "Control characters are not taken.")
    return text


def _iso_day(value: object) -> date:
    if isinstance(value, str) and DAY.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise Mistake("malformed_date", "Expected a day of the calendar as YYYY-MM-DD.")


def _rfc_3339(value: object) -> datetime:
    if isinstance(value, str) and INSTANT.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value.upper())
    raise Mistake(
        "malformed_time",
        "Expected an RFC 3339 time with offset, such as 2026-11-20T10:00:00+01:00 "
        "(in a query string + is written %2B).",
    )


def _within_years(time: date) -> date:
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise Mistake("out_of_calendar", "Expected a year from 1900 to 9998.")
    return time


def _one_spelling(tag: str) -> str:
    primary, *rest = tag.split("-")
    return "-".join(
        [primary.lower(), *(p.upper() if len(p) == REGION_LENGTH else p.lower() for p in rest)]
    )


Ref = Annotated[
    str,
    Field(min_length=1, max_length=200, description="The caller's own id; compared exactly."),
    AfterValidator(_no_control_characters),
]
Source = Annotated[
    Ref, Field(description="The system that the identifiers come from; ids are unique within it.")
]
Day = Annotated[
    date,
    BeforeValidator(_iso_day, json_schema_input_type=date),
    AfterValidator(_within_years),
    Field(description="YYYY-MM-DD, from 1900 on."),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_rfc_3339, json_schema_input_type=datetime),
    AfterValidator(_within_years),
    Field(description="RFC 3339 with offset; given back with the offset as sent."),
]
Language = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        max_length=35,
        description="BCP 47: the language version that was filled in; a stream of its own.",
    ),
    # One spelling for each tag, so that `en-us` and `en-US` are one stream.
    AfterValidator(_one_spelling),
]
