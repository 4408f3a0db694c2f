"""docs/how-to/read-the-logs.md names every field and every event of ours."""

import re

from tests.architecture.source import APP, ROOT
from tests.logs.test_request_lines import FIELDS

CALLS = r"(?:\blog|\.(?:debug|info|warning|error|critical|log))"
EVENT = re.compile(CALLS + r'\((?:level, )?\s*"([a-z]+(?:_[a-z]+)*)"')
OF_AN_ERROR = {"kind", "frames", "cause", "sqlstate"}


def named(heading: str) -> set[str]:
    """What stands as code in the first cells of the table under a heading."""
    page = (ROOT / "docs" / "how-to" / "read-the-logs.md").read_text(encoding="utf-8")
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_field_is_named() -> None:
    assert named("What stands in a line") == FIELDS | OF_AN_ERROR | {"trace_id"}


def test_every_event_is_named() -> None:
    logged = {
        event
        for path in APP.rglob("*.py")
        for event in EVENT.findall(path.read_text(encoding="utf-8"))
    }
    assert {"request", "database_error", "unforeseen_error"} <= logged
    assert named("Events") == logged
