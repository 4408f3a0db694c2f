"""One row of a CSV file as the submission that it stands for, whatever a spreadsheet made of it.

A cell is never guessed at: what a spreadsheet has changed so that it could mean two things is
refused, with what to do about it.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app.edge.scalars import DAY, INSTANT
from app.errors import FieldError, InvalidRequest
from app.imports.columns import Column, Kind, column_named
from app.measurement.key import NON_ANSWERS
from app.responses.batch_items import LONGEST_REF

NUMBER: Final = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII)
WITH_COMMA: Final = re.compile(r"(-?\d{1,9}),(\d{1,2})", re.ASCII)
"""Not three digits after it: those could be thousands."""
COMMA_SOMEHOW: Final = re.compile(r"-?[\d.]*\d,\d+", re.ASCII)
SHORTENED: Final = re.compile(r"\d([.,]\d+)?E\+\d+", re.ASCII)
"""A long number as a spreadsheet shows it: the digits after the first few are gone."""
BROKEN: Final = frozenset(
    {
        *("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"),
        *("#BEZUG!", "#NV", "#WERT!", "#ZAHL!"),
    }
)
"""What a spreadsheet writes where a formula failed, in English and German."""
NOT_ISO: Final = (
    "Write a day as YYYY-MM-DD (in a spreadsheet, format the column as text): in other orders day "
    "and month could be taken for each other."
)


def submission_of(raw: bytes, separator: str, columns: Sequence[str]) -> dict[str, Any]:
    """The submission, or withdrawal, that the row stands for. An empty cell says nothing.

    Raises InvalidRequest, pointing at the field that each wrong cell would have filled.
    """
    cells = _cells(raw, separator, columns)
    body: dict[str, Any] = {}
    reported: dict[str, dict[str, Any]] = {}
    errors: list[FieldError] = []
    for name, cell in zip(columns, cells, strict=True):
        column = column_named(name)
        if column is None or not cell.strip():
            continue
        value = _READ[column.kind](column, cell, separator)
        if isinstance(value, FieldError):
            errors.append(value)
        elif column.kind == "number":
            _, scale, unit = column.path
            reported.setdefault(scale, {"scale": scale})[unit] = value
        else:
            _put(body, column.path, value)
    if errors:
        raise InvalidRequest.of(*errors)
    return body | ({"reported_scores": list(reported.values())} if reported else {})


def external_id_in(raw: bytes, separator: str, columns: Sequence[str]) -> str | None:
    """The external_id of a row that could not be read otherwise; None: not even that can."""
    try:
        cells = _cells(raw, separator, columns)
    except InvalidRequest:
        return None
    cell = cells[columns.index("external_id")]
    return cell if cell.strip() and len(cell) <= LONGEST_REF else None


def column_at(pointer: str, columns: Sequence[str]) -> str | None:
    """The column that fills the field at a JSON pointer, or a part of it; None: none alone does.

    >>> column_at("/answers/7", ["item_6", "item_7"]), column_at("/occasion", ["occurred_on"])
    ('item_7', None)
    """
    return next((name for name in columns if _pointer(name) == pointer), None)


def _pointer(name: str) -> str | None:
    column = column_named(name)
    return None if column is None else column.pointer


def _cells(raw: bytes, separator: str, columns: Sequence[str]) -> list[str]:
    """The cells of the row, one for each column. Raises InvalidRequest."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        detail = "The row is not in UTF-8. In Excel, save the file as CSV UTF-8."
        raise _refused("", "not_utf8", detail) from None
    try:
        (cells,) = csv.reader([text], delimiter=separator, strict=True)
    except (csv.Error, ValueError):
        detail = "The row could not be read: a quotation mark is missing, or stands in a cell."
        raise _refused("", "malformed_csv", detail) from None
    more = cells[len(columns) :]
    if len(cells) < len(columns) or any(cell.strip() for cell in more):
        detail = f"It has {len(cells)} cells, and the header has {len(columns)} columns."
        raise _refused("", "wrong_number_of_cells", detail)
    return cells[: len(columns)]


def _put(body: dict[str, Any], path: Sequence[str], value: object) -> None:
    *way, last = path
    for part in way:
        body = body.setdefault(part, {})
    body[last] = value


def _text(column: Column, cell: str, _: str) -> str | FieldError:
    if cell.strip() in BROKEN:
        return _fault(column, "spreadsheet_error", "A formula of the spreadsheet failed here.")
    if SHORTENED.fullmatch(cell.strip()):
        detail = (
            "A spreadsheet has shortened this number, and its last digits are lost. Format the "
            "column as text and enter it anew."
        )
        return _fault(column, "shortened_number", detail)
    return cell


def _code(_: Column, cell: str, __: str) -> str:
    return cell.strip()


def _words(_: Column, cell: str, __: str) -> list[str]:
    return cell.split()


def _integer(column: Column, cell: str, _: str) -> int | FieldError:
    text = cell.strip()
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
        return _fault(column, "not_a_whole_number", "Expected a whole number, such as 3.")
    return int(text)


def _boolean(column: Column, cell: str, _: str) -> bool | FieldError:
    text = cell.strip().lower()
    if text not in {"true", "false"}:
        return _fault(column, "not_true_or_false", "Expected true, false or an empty cell.")
    return text == "true"


def _date(column: Column, cell: str, _: str) -> str | FieldError:
    text = cell.strip()
    return text if DAY.fullmatch(text) else _fault(column, "date_not_iso", NOT_ISO)


def _instant(column: Column, cell: str, _: str) -> str | FieldError:
    text = cell.strip()
    if INSTANT.fullmatch(text):
        return text
    detail = (
        "Write a time with its offset, such as 2026-11-20T10:00:00+01:00; where the offset is not "
        "known, give the day in the column that ends in _on."
    )
    return _fault(column, "time_not_iso", detail)


def _number(column: Column, cell: str, separator: str) -> float | FieldError:
    found = _numeric(cell.strip(), separator)
    if found is None:
        fault = _fault(column, "not_a_number", "Expected a number, as 3.25.")
        return _without_comma(column, cell, fault)
    return found


def _answer(column: Column, cell: str, separator: str) -> float | str | FieldError:
    text = cell.strip()
    if text.lower() in NON_ANSWERS:
        return text.lower()
    found = _numeric(text, separator)
    if found is None:
        detail = "Expected a number, declined, not_applicable, not_understood or an empty cell."
        return _without_comma(column, text, _fault(column, "not_an_answer", detail))
    return found


def _numeric(text: str, separator: str) -> float | None:
    """The number that a cell says; None: it says none, or more than one could be meant."""
    comma = WITH_COMMA.fullmatch(text) if separator != "," else None
    if comma:
        text = f"{comma[1]}.{comma[2]}"
    if not NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def _without_comma(column: Column, text: str, fault: FieldError) -> FieldError:
    """The fault of a cell that is no number; another one if a comma is why."""
    if COMMA_SOMEHOW.fullmatch(text.strip()):
        detail = "Write the number with a point: the comma could be one of thousands."
        return _fault(column, "decimal_comma", detail)
    return fault


_READ: Final[Mapping[Kind, Callable[[Column, str, str], Any]]] = {
    "text": _text,
    "code": _code,
    "words": _words,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "answer": _answer,
}


def _fault(column: Column, code: str, detail: str) -> FieldError:
    return FieldError(column.pointer, code, detail)


def _refused(pointer: str, code: str, detail: str) -> InvalidRequest:
    return InvalidRequest.of(FieldError(pointer, code, detail))
