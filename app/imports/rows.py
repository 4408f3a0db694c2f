"""The rows of a chunk, read as the items of a batch are, and what became of each."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.edge.json_body import strict_json
from app.errors import Problem
from app.imports.csv_rows import column_at, external_id_in, submission_of
from app.imports.defaults import with_defaults
from app.responses.answer_schemas import BatchItemOut

_OF_SUCCEEDED: Final = ("external_id", "external_version", "verdict", "status", "id")


def items_of(row: Mapping[str, Any], raw: Iterable[bytes]) -> list[object]:
    """Each row of an import as an item of a batch would be sent, or as the problem with it."""
    return [_item(row, one) for one in raw]


def _item(row: Mapping[str, Any], raw: bytes) -> object:
    try:
        if row["format"] == "csv":
            read: object = submission_of(raw, row["separator"], row["columns"])
        else:
            read = strict_json(raw)
    except Problem as problem:
        return problem
    return with_defaults(read, row["source"], row["defaults"])


def succeeded_of(line: int, item: BatchItemOut) -> dict[str, Any]:
    """What is kept of a row whose record is stored: which it is, and nothing that was answered."""
    return {"line": line} | {name: getattr(item, name) for name in _OF_SUCCEEDED}


def failed_of(line: int, item: BatchItemOut, row: Mapping[str, Any], raw: bytes) -> dict[str, Any]:
    """What is kept of a row of the import that was refused, beside its bytes."""
    problem, columns, external_id = item.problem or {}, row["columns"], item.external_id
    if columns and external_id is None:
        external_id = external_id_in(raw, row["separator"], columns)
    errors = problem["errors"]
    first = errors[0] if errors else {"code": problem["code"], "pointer": "", "detail": ""}
    return {
        "line": line,
        "external_id": external_id,
        "external_version": item.external_version,
        "status": item.status,
        "problem": problem["code"],
        "code": first["code"],
        "pointer": first["pointer"],
        "column": column_at(first["pointer"], columns) if columns else None,
        "detail": problem["detail"],
        "errors": errors,
        "existing_id": problem.get("existing_id"),
    }
