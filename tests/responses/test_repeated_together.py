"""The same submission several times in one transaction: stored once, and each is answered."""

from datetime import UTC, datetime

from app.responses.answer_schemas import Outcome
from app.responses.service import _with_outcome
from app.statements import JsonText

OUTCOME = Outcome(scores=[], quality=[], change=[], signals=[], not_computed=[])


def test_an_outcome_that_was_just_written_is_answered_as_one_that_was_read() -> None:
    """What travels together may repeat what the same transaction has stored a moment before."""
    written = JsonText(OUTCOME.model_dump_json())
    at = datetime(2026, 11, 24, tzinfo=UTC)

    just_now = _with_outcome({"outcome": written, "received_at": at})
    read = _with_outcome({"outcome": OUTCOME.model_dump(), "received_at": at})

    assert just_now == read == {"outcome": written, "received_at": at}
