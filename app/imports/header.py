"""The first line of a CSV file: what stands between its cells, and what they are."""

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.errors import FieldError, InvalidRequest
from app.imports.columns import FIXED, column_named

SEPARATORS: Final = ",;\t"
SAID: Final = re.compile(rb"sep=([,;\t])")
"""A line that Excel puts, and looks for, before the header."""
MOST_COLUMNS: Final = 1000


@dataclass(frozen=True, slots=True)
class Header:
    """How the rows of a CSV file are read."""

    separator: str
    columns: tuple[str, ...]


def separator_said(line: bytes) -> str | None:
    """The separator that a line before the header names; None: it is the header itself."""
    said = SAID.fullmatch(line)
    return said and said[1].decode()


def header_from(line: bytes, separator: str | None, defaults: Mapping[str, Any]) -> Header:
    """The header; separator None: the one that it has most of.

    Raises InvalidRequest when it cannot be read, has a column that is not known or stands twice,
    or lacks one that every row needs; defaults: fields that need no column.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        detail = "The file is not in UTF-8. In Excel, save it as CSV UTF-8."
        raise _refused("", "not_utf8", detail) from None
    if "\r" in text or "\0" in text:
        detail = "Lines must end with LF or CRLF, and the file must be in UTF-8."
        raise _refused("", "not_lines", detail)
    separator = separator or max(SEPARATORS, key=text.count)
    try:
        (cells,) = csv.reader([text], delimiter=separator, strict=True)
    except (csv.Error, ValueError):
        raise _refused("", "malformed_csv", "The header could not be read as CSV.") from None
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    _refuse_names(names)
    _refuse_missing(names, defaults)
    return Header(separator, tuple(names))


def _refuse_names(names: list[str]) -> None:
    errors = []
    for index, name in enumerate(names[: MOST_COLUMNS + 1]):
        if index == MOST_COLUMNS:
            detail = f"At most {MOST_COLUMNS} columns are taken."
            errors.append(FieldError("/columns", "too_many_columns", detail))
        elif column_named(name) is None:
            known = ", ".join(column.name for column in FIXED)
            detail = f"Known are: {known}, item_<item>, reported_<scale>_sum and _mean."
            errors.append(FieldError(f"/columns/{index}", "unknown_column", detail))
        elif name in names[:index]:
            detail = "It stands twice."
            errors.append(FieldError(f"/columns/{index}", "repeated", detail))
    if errors:
        raise InvalidRequest.of(*errors)


def _refuse_missing(names: Collection[str], defaults: Mapping[str, Any]) -> None:
    """A file without these would fail in every row."""
    needed = [("external_id",), ("alliance_external_id", "alliance_id", "void_reason")]
    if "void_reason" not in names:
        needed += [("instrument",), ("rater_role",)]
    said = {*names, *defaults}
    missing = [one for one in needed if not said & set(one)]
    errors = [
        FieldError("/columns", "missing_column", f"It needs {' or '.join(one)}.") for one in missing
    ]
    if not any(name.startswith(("item_", "reported_", "void_")) for name in names):
        detail = "It needs columns for answers (item_1, …) or for totals (reported_total_sum, …)."
        errors.append(FieldError("/columns", "missing_column", detail))
    if errors:
        raise InvalidRequest.of(*errors)


def _refused(pointer: str, code: str, detail: str) -> InvalidRequest:
    return InvalidRequest.of(FieldError(pointer, code, detail))
