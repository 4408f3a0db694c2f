"""Reading exports as those who get them do."""

import csv
import hashlib
import io
import json
import re
from typing import Any

END = re.compile(rb"end rows=(\d+) sha256=([0-9a-f]{64}) as_of=\S+?,*\r\n")


def csv_rows(content: bytes) -> list[dict[str, str]]:
    """The records of a whole CSV export, texts as they were sent; its last line is checked."""
    body, _, last = content.removesuffix(b"\r\n").rpartition(b"\r\n")
    body += b"\r\n"
    told = END.fullmatch(last + b"\r\n")
    assert told is not None, last
    assert hashlib.sha256(body).hexdigest().encode() == told[2]
    table = csv.reader(io.StringIO(body.decode(), newline=""), strict=True)
    names, *rows = list(table)
    assert all(len(row) == len(names) for row in rows)
    assert last.count(b",") == len(names) - 1
    assert len(rows) == int(told[1])
    return [dict(zip(names, map(plain, row), strict=True)) for row in rows]


def plain(cell: str) -> str:
    """The text that a cell stands for."""
    return cell.removeprefix("'")


def json_rows(content: bytes) -> list[dict[str, Any]]:
    """The records of a whole NDJSON export; its last line is checked."""
    body, _, last = content.removesuffix(b"\n").rpartition(b"\n")
    body += b"\n" if body else b""
    told = json.loads(last)
    rows = [json.loads(line) for line in body.splitlines()]
    assert told["record"] == "end"
    assert told["rows"] == len(rows)
    assert told["sha256"] == hashlib.sha256(body).hexdigest()
    return rows
