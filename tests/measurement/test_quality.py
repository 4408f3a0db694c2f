"""What is said about how a form was filled in, and what is not."""

from decimal import Decimal
from typing import Any, Final

import pytest

from app.measurement.answers import AnswersRefused
from app.measurement.key import ScoringKey
from app.measurement.quality import QualityNote, quality_notes

ITEMS: Final = ("1", "2", "3", "4", "5", "6", "7", "8")
REVERSED: Final = frozenset({"3", "6"})


def key(*reversed_items: str) -> ScoringKey:
    return ScoringKey("likert", Decimal(1), Decimal(5), ITEMS, frozenset(reversed_items), ())


def row(answers: str) -> dict[str, Any]:
    """Answers in the order of the items; `-` absent, `d` declined, `n` not applicable, `?` not
    understood.
    """
    words = {"d": "declined", "n": "not_applicable", "?": "not_understood"}
    return {
        item: words.get(answer) or int(answer)
        for item, answer in zip(ITEMS, answers.split(), strict=True)
        if answer != "-"
    }


MIXED: Final = key("3", "6")
FORWARD: Final = key()
ALL_BUT_TWO: Final = key("3", "4", "5", "6", "7", "8")


@pytest.mark.parametrize(
    ("form", "answers", "codes"),
    [
        (MIXED, "4 2 3 4 5 1 4 4", ""),
        (MIXED, "4 4 4 4 4 4 4 4", "straight_line"),
        (MIXED, "5 5 5 5 5 5 5 5", "straight_line"),
        (MIXED, "4 4 4 4 4 4 4 5", ""),
        (FORWARD, "4 4 4 4 4 4 4 4", ""),  # may be what was meant
        (MIXED, "- - 4 4 4 4 - -", "straight_line"),  # four are a line
        (MIXED, "- - 4 4 4 - - -", ""),  # three are none
        (ALL_BUT_TWO, "- - 4 4 4 4 4 4", ""),  # only reversed items answered: no contradiction
        (ALL_BUT_TWO, "4 - 4 4 4 4 4 4", "straight_line"),
        (MIXED, "4 4 - 4 4 - 4 4", ""),  # no reversed item answered: nothing to see
        (MIXED, "4 4 - 4 4 4 4 4", "straight_line"),
        (MIXED, "5 5 1 5 5 1 5 5", "all_maximum"),
        (MIXED, "5 5 1 5 5 1 5 4", ""),
        (MIXED, "5 5 2 5 5 1 5 5", ""),
        (FORWARD, "5 5 5 5 5 5 5 5", "all_maximum"),
        (FORWARD, "1 1 1 1 1 1 1 1", ""),
        (FORWARD, "- - - 5 - - - -", "all_maximum"),
        (FORWARD, "4 d 3 4 5 2 4 4", ""),
        (FORWARD, "4 d 3 4 5 n 4 4", "many_declined"),
        (FORWARD, "4 ? 3 4 5 - 4 4", ""),  # absent is not declined
        (FORWARD, "d d d n n n ? ?", "many_declined"),  # and no maximum without a value
        (MIXED, "4 4 4 4 4 4 d d", "straight_line many_declined"),
        (FORWARD, "5 5 5 5 5 5 ? ?", "all_maximum many_declined"),
    ],
)
def test_what_stands_out_in_the_answering(form: ScoringKey, answers: str, codes: str) -> None:
    assert [note.code for note in quality_notes(row(answers), form)] == codes.split()


def test_a_note_counts_items_and_quotes_no_answer() -> None:
    assert quality_notes(row("4 d 3 4 5 n 4 ?"), FORWARD) == (
        QualityNote("many_declined", "3 of 8 items not answered on purpose."),
    )


def test_a_straight_line_is_seen_across_ways_of_writing_a_number() -> None:
    answers = {**row("4 4 4 4 - - - -"), "5": 4.0}
    assert [note.code for note in quality_notes(answers, MIXED)] == ["straight_line"]


def test_a_form_that_cannot_be_scored_gets_no_notes() -> None:
    with pytest.raises(AnswersRefused):
        quality_notes({"9": 4}, MIXED)
