"""docs/reference/events.md names every field of an event and every type that is written."""

import re

from app.events.schemas import EventOut
from tests.architecture.source import ROOT, modules, texts

TYPE = re.compile(r"(?:alliance|invitations|mark|occasion|people|response|signal)\.[a-z]+")


def named(head: str) -> list[str]:
    """What stands as code in the first cells of the table with this head."""
    page = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    table = page.partition(f"| {head} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def test_every_field_is_named() -> None:
    assert named("field") == list(EventOut.model_fields)


def test_every_type_that_is_written_is_named() -> None:
    written = {text for tree in modules().values() for text in texts(tree) if TYPE.fullmatch(text)}

    assert sorted(named("type")) == sorted(written)
