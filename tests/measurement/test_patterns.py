"""Patterns of answering: what is seen within a form and over forms, and where nothing is said."""

from decimal import Decimal
from math import sqrt
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.answers import AnswersRefused
from app.measurement.key import ScoringKey
from app.measurement.patterns import (
    longest_run,
    repeated_vector,
    response_variability,
    uninformative_high,
)

ITEMS: Final = ("1", "2", "3", "4", "5", "6", "7", "8")


def key(*reversed_items: str) -> ScoringKey:
    return ScoringKey("likert", Decimal(1), Decimal(5), ITEMS, frozenset(reversed_items), ())


def row(answers: str) -> dict[str, Any]:
    """Answers in the order of the items; `-` absent, `d` declined."""
    return {
        item: "declined" if answer == "d" else int(answer)
        for item, answer in zip(ITEMS, answers.split(), strict=True)
        if answer != "-"
    }


MIXED: Final = key("3", "6")
FORWARD: Final = key()


@pytest.mark.parametrize(
    ("form", "answers", "run"),
    [
        (MIXED, "1 2 3 4 5 4 3 2", 1),
        (MIXED, "4 4 4 2 5 5 5 5", 4),
        (MIXED, "4 4 4 4 4 4 4 4", 8),
        (MIXED, "4 4 4 - 4 4 4 4", 4),  # what was not answered was not the same
        (MIXED, "4 4 4 d 4 4 4 4", 4),
        (MIXED, "4 - - - - 4 - -", 1),
        (FORWARD, "4 4 4 4 4 4 4 4", None),  # may be what was meant
        (MIXED, "4 4 - 4 4 - 4 4", None),  # no reversed item answered
        (MIXED, "- - 4 - - 4 - -", None),  # only reversed ones answered
        (MIXED, "d d d d d d d d", None),
    ],
)
def test_a_run_counts_only_where_equal_answers_contradict_each_other(
    form: ScoringKey, answers: str, run: int | None
) -> None:
    assert longest_run(row(answers), form) == run


@pytest.mark.parametrize(
    ("answers", "spread"),
    [
        ("4 4 4 4 4 4 4 4", 0),
        ("1 5 1 5 1 5 1 5", sqrt(32 / 7)),
        ("1 5 - - - - d d", sqrt(8)),
        ("4 - - - - - - -", None),
    ],
)
def test_variability_is_that_of_the_answers_as_ticked(answers: str, spread: float | None) -> None:
    assert response_variability(row(answers), MIXED) == (spread and pytest.approx(spread))


def test_an_answer_that_the_form_has_not_is_refused() -> None:
    with pytest.raises(AnswersRefused):
        longest_run({"9": 4}, MIXED)
    with pytest.raises(AnswersRefused):
        response_variability({"1": 9}, MIXED)


@pytest.mark.parametrize(
    ("forms", "count"),
    [
        ([], None),
        (["a", "a"], None),
        (["a", "a", "a"], 3),
        (["b", "a", "a", "a", "a"], 4),
        (["a", "a", "a", "b"], None),  # over now
        (["a", "b", "a", "a"], None),
        (["a", None, "a", "a"], None),
        ([None, None, None], None),  # incomplete forms are not known to be the same
    ],
)
def test_a_row_of_answers_is_repeated_from_the_third_form_on(
    forms: list[str | None], count: int | None
) -> None:
    note = repeated_vector(forms)
    if count is None:
        assert note is None
    else:
        assert note is not None
        assert note.code == "repeated_vector"
        assert f" {count} successive" in note.detail


@pytest.mark.parametrize(
    ("forms", "said"),
    [("", False), ("++", False), ("+++", True), ("-++++", True), ("+++-", False), ("+-++", False)],
)
def test_a_maximum_that_never_changes_tells_little(forms: str, *, said: bool) -> None:
    note = uninformative_high([form == "+" for form in forms])
    assert (note is not None) == said
    if note is not None:
        assert note.code == "uninformative_high"


@settings(deadline=None)
@given(st.lists(st.sampled_from((None, "a", "b")), max_size=8), st.lists(st.text(), max_size=5))
def test_older_forms_never_silence_a_repetition(forms: list[str | None], older: list[str]) -> None:
    if repeated_vector(forms) is not None:
        assert repeated_vector([*older, *forms]) is not None
