"""The small things that requests are made of: references, days, instants, languages."""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Final

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
PLAIN: Final[dict[str, Any]] = {"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"}
"""What the contract says of a text that no_control_characters checks."""
LINES: Final[dict[str, Any]] = {
    "pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
}
"""What the contract says of a text that `lines` checks."""
LINE_CHARACTERS: Final = str.maketrans("", "", "\n\r\t")


class Closed(BaseModel):
    """A request object: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


def no_control_characters(text: str) -> str:
    """The text. Raises Mistake when it holds control characters, which Postgres may not store."""
    if CONTROL.search(text):
        raise Mistake("control_character", "Control characters are not taken.")
    return text


def lines(text: str) -> str:
    """The text, which may have lines and tabs. Raises Mistake for other control characters."""
    no_control_characters(text.translate(LINE_CHARACTERS))
    return text


def not_blank(text: str) -> str:
    """The text. Raises Mistake when it is made of spaces alone."""
    if not text.strip():
        raise Mistake("blank", "Say it in words.")
    return text


def plain_numbers(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value with one spelling for each number: 4 and 4.0 are the same."""
    if isinstance(value, dict):
        return {name: plain_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain_numbers(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
    Field(
        min_length=1,
        max_length=200,
        description="The caller's own id; compared exactly.",
        json_schema_extra=PLAIN,
    ),
    AfterValidator(no_control_characters),
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
Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        description="For the record; no health data, please.",
        json_schema_extra=PLAIN,
    ),
    AfterValidator(no_control_characters),
    AfterValidator(not_blank),
]
