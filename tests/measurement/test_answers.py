"""What is taken as an answer, what is refused, and how a refusal says so."""

from decimal import Decimal
from typing import Any, Final

import pytest

from app.measurement.answers import AnswerFault, AnswersRefused, item_values
from app.measurement.key import NON_ANSWERS, ScoringKey

STEPS: Final = ScoringKey("likert", Decimal(1), Decimal(5), ("1", "2", "3"), frozenset({"3"}), ())
LINES: Final = ScoringKey(
    "visual_analogue", Decimal(0), Decimal(10), ("1", "2", "3"), frozenset(), ()
)


def mark(mark_mm: object, line_mm: object, **more: object) -> dict[str, object]:
    return {"mark_mm": mark_mm, "line_mm": line_mm, **more}


@pytest.mark.parametrize(("answer", "value"), [(1, 1), (5, 5), (4.0, 4)])
def test_a_step_of_the_form_is_taken(answer: float, value: int) -> None:
    assert item_values({"1": answer}, STEPS) == {"1": value}


@pytest.mark.parametrize(
    "answer",
    [0, 6, -1, 3.5, 4.000001, True, False, "4", "", "Declined", None, [4], {"value": 4},
     mark(50, 100), float("nan"), float("inf"), float("-inf"), Decimal(4), 4 + 0j],
)  # fmt: skip
def test_what_is_not_a_step_of_the_form_is_refused(answer: object) -> None:
    (fault,) = faults({"1": answer}, STEPS)
    assert (fault.item, fault.code) == ("1", "not_an_answer")
    assert "a whole number from 1 to 5" in fault.detail


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (0, "0"),
        (10, "10"),
        (7.3, "7.3"),
        (8.95, "9.0"),  # the float below 8.95 is read as it was written
        (8.949, "8.9"),
        (mark(0, 100), "0"),
        (mark(100, 100), "10"),
        (mark(37.5, 75), "5"),
        (mark(44.5, 100), "4.5"),
        (mark(1, 3), "3.3"),
        (mark(2, 3), "6.7"),
    ],
)
def test_a_line_is_read_to_one_decimal(answer: object, value: str) -> None:
    assert item_values({"1": answer}, LINES) == {"1": Decimal(value)}


@pytest.mark.parametrize(
    "answer",
    [
        -0.01,
        10.01,  # would be read as 10.0
        "5",
        True,
        None,
        float("nan"),
        float("inf"),
        mark(101, 100),
        mark(-1, 100),
        mark(0, 0),
        mark(0, -100),
        mark(-50, -100),
        mark("50", 100),
        mark(50, None),
        {"mark_mm": True, "line_mm": 100},
        mark(50, float("inf")),
        mark(float("nan"), 100),
        mark(50, 100, unit="mm"),
        {"mark_mm": 50},
        {"line_mm": 100},
        {},
    ],
)
def test_what_is_not_on_the_line_is_refused(answer: object) -> None:
    (fault,) = faults({"1": answer}, LINES)
    assert (fault.item, fault.code) == ("1", "not_an_answer")
    assert 'a number from 0 to 10, or {"mark_mm", "line_mm"}' in fault.detail


@pytest.mark.parametrize("non_answer", NON_ANSWERS)
@pytest.mark.parametrize("key", [STEPS, LINES], ids=["steps", "lines"])
def test_a_non_answer_is_taken_and_has_no_value(key: ScoringKey, non_answer: str) -> None:
    assert item_values({"1": non_answer, "2": 3}, key) == {"2": 3}


def test_a_form_of_non_answers_alone_is_taken() -> None:
    assert item_values(dict.fromkeys(STEPS.items, "declined"), STEPS) == {}


def test_a_form_without_answers_is_refused_as_a_whole() -> None:
    assert [(fault.item, fault.code) for fault in faults({}, STEPS)] == [(None, "no_answers")]


@pytest.mark.parametrize("answer", [3, "declined", "nonsense"])
def test_an_item_that_the_form_does_not_have_is_refused(answer: object) -> None:
    (fault,) = faults({"4": answer}, STEPS)
    assert (fault.item, fault.code) == ("4", "unknown_item")


def test_all_faults_are_named_at_once_in_the_order_answered() -> None:
    answers = {"3": 3.5, "zz": 1, "1": 4, "2": True}
    with pytest.raises(AnswersRefused, match="3 answers do not fit the form") as refused:
        item_values(answers, STEPS)
    assert [(fault.item, fault.code) for fault in refused.value.faults] == [
        ("3", "not_an_answer"),
        ("zz", "unknown_item"),
        ("2", "not_an_answer"),
    ]


def test_no_fault_repeats_the_offending_value() -> None:
    said = str(faults({"1": "my own words", "2": 987, "3": -123}, STEPS))
    assert not any(value in said for value in ("own words", "987", "123"))


def test_values_are_as_answered_before_reversal() -> None:
    assert item_values({"3": 1}, STEPS) == {"3": 1}


def faults(answers: dict[str, Any], key: ScoringKey) -> list[AnswerFault]:
    with pytest.raises(AnswersRefused) as refused:
        item_values(answers, key)
    return list(refused.value.faults)
