"""The reference page of signal texts and guidance is that of the data."""

from app.signals.guidance import codes
from tests.documentation.guidance_tables import PAGE, page_with_tables


def test_the_guidance_tables_are_those_of_the_data() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page_with_tables(text), (
        "run `.venv/bin/python -m tests.documentation.guidance_tables`"
    )


def test_the_page_names_every_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [code for code in codes() if f"| `{code}` |" not in text] == []
