"""The published keys at work: every test vector of the catalogue's sources, typed from there.

Each vector was chosen so that a wrong reversal or a wrong grouping changes a score; the wrong
totals that are seen in the wild stand beside the right ones. Values are semantic: 1 is the lowest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from app.instruments.definitions import Form, shipped
from app.measurement.answers import AnswersRefused, item_values
from app.measurement.cuts import cut_finding
from app.measurement.key import ScoringKey
from app.measurement.quality import quality_notes
from app.measurement.scoring import keyed_values, rounded, scored

Answers = Mapping[str, object]
Grouping = Mapping[str, tuple[int, ...]]

# vector, instrument, form, answers from item 1 on (- absent), scale sum mean, ...
VECTORS: Final = (
    ("WAI36-1", "wai-1989", "client",
     "3 6 7 5 4 2 5 6 5 4 6 7 6 6 5 6 5 2 3 1 7 6 7 7 5 5 3 3 7 3 1 1 5 4 7 5",
     "tasks 57 4.7500, bond 58 4.8333, goals 41 3.4167, total 156 4.3333"),
    ("WAI36-2", "wai-1989", "client",
     "2 4 4 2 7 1 7 1 6 3 5 7 4 6 7 7 5 4 6 4 5 2 2 1 3 5 7 3 6 5 5 7 7 6 3 4",
     "tasks 34 2.8333, bond 50 4.1667, goals 39 3.2500, total 123 3.4167"),
    ("WAIS-1", "wai-s-1989", "client", "4 7 5 3 7 6 2 2 7 3 6 1",
     "tasks 14 3.50, bond 21 5.25, goals 22 5.50, total 57 4.7500"),
    ("WAIS-2", "wai-s-1989", "client", "3 7 3 3 5 2 4 6 2 1 3 5",
     "tasks 21 5.25, bond 14 3.50, goals 17 4.25, total 52 4.3333"),
    ("WAISR-1", "wai-sr-2006", "client", "1 4 1 5 3 2 3 5 1 1 4 5",
     "goals 16 4.00, tasks 11 2.75, bond 8 2.00, total 35 2.9167"),
    ("WAISR-2", "wai-sr-2006", "client", "3 5 2 1 1 3 4 2 5 3 2 5",
     "goals 8 2.00, tasks 16 4.00, bond 12 3.00, total 36 3.0000"),
    ("WAISR-1-missing", "wai-sr-2006", "client", "1 4 1 5 3 2 3 - 1 1 4 5",
     "goals 14.6667 3.6667, tasks 11 2.75, bond 8 2.00, total 32.7273 2.7273"),
    ("WAISRT-1", "wai-srt-2006", "professional", "1 3 5 2 1 4 4 5 3 5",
     "bond 11 2.75, goals 14 4.6667, tasks 8 2.6667, goals_tasks 22 3.6667, total 33 3.30"),
    ("WAISRT-2", "wai-srt-2006", "professional", "4 5 1 3 1 1 4 5 4 2",
     "bond 14 3.50, goals 7 2.3333, tasks 9 3.00, goals_tasks 16 2.6667, total 30 3.00"),
    ("HAQ2-1", "haq2-1996", "client", "6 5 6 2 6 5 5 1 4 6 2 5 6 2 4 1 4 6 1", "total 98 5.1579"),
    ("HAQ2-2", "haq2-1996", "client", "5 2 1 6 3 2 3 5 2 2 5 3 1 3 5 4 3 2 2", "total 50 2.6316"),
    ("ARM5-1", "arm5-2012", "client", "7 6 1 4 7", "total 31 6.2"),
    ("ARM5-2", "arm5-2012", "client", "7 6 5 2 3", "total 21 4.2"),
    ("SAI-1", "sai-2015", "client", "3 5 5 5 2 5",
     "bond 12 4.0000, goals_tasks 13 4.3333, total 25 4.1667"),
    ("SAI-2", "sai-2015", "client", "1 2 0 3 1 1",
     "bond 3 1.0000, goals_tasks 5 1.6667, total 8 1.3333"),
)  # fmt: skip
ANSWERS: Final = {vector: answers for vector, _, _, answers, _ in VECTORS}

AS_IN_THE_WAI_SR: Final = {"goals": (4, 6, 8, 11), "tasks": (1, 2, 10, 12)}
AS_IN_THE_WAI_S: Final = {"goals": (4, 6, 10, 11), "tasks": (1, 2, 8, 12)}
BLOCKS_OF_FOUR: Final = {"goals": (1, 2, 3, 4), "tasks": (5, 6, 7, 8), "bond": (9, 10, 11, 12)}

# answers to items 1 to 4, what is read on each line, total, default cut met by, variant met by
SRS_VECTORS: Final = {
    "SRS-1": ((9.4, 9.1, 8.8, 9.0), "9.4 9.1 8.8 9.0", "36.3", "item 3", ""),
    "SRS-2": ((9.0, 9.0, 9.0, 9.0), "9 9 9 9", "36.0", "", "total"),
    "SRS-3": ((9.3, 9.0, 9.0, 8.6), "9.3 9 9 8.6", "35.9", "total, item 4", "total"),
    "SRS-4": ((9.7, 6.2, 7.1, 7.5), "9.7 6.2 7.1 7.5", "30.5",
              "total, item 2, item 3, item 4", "total"),
    "SRS-5": ((10, 10, 10, 10), "10 10 10 10", "40.0", "", ""),
    "SRS-6": (tuple({"mark_mm": mark, "line_mm": 137} for mark in (130, 120, 125.5, 118)),
              "9.5 8.8 9.2 8.6", "36.1", "item 2, item 4", ""),
}  # fmt: skip


@pytest.mark.parametrize(("_vector", "instrument", "form", "answers", "expected"), VECTORS)
def test_the_answers_give_the_published_scores(
    _vector: str, instrument: str, form: str, answers: str, expected: str
) -> None:
    assert shown(likert(answers), form_of(instrument, form).key) == {
        scale: (Decimal(total), Decimal(mean))
        for scale, total, mean in (part.split() for part in expected.split(", "))
    }


@pytest.mark.parametrize(
    ("vector", "instrument", "without_reversal"),
    [
        ("WAI36-1", "wai-1989", 170),
        ("WAI36-2", "wai-1989", 163),
        ("WAIS-1", "wai-s-1989", 53),
        ("WAIS-2", "wai-s-1989", 44),
        ("HAQ2-1", "haq2-1996", 77),
        ("HAQ2-2", "haq2-1996", 59),
        ("ARM5-1", "arm5-2012", 25),
        ("ARM5-2", "arm5-2012", 23),
    ],
)
def test_a_forgotten_reversal_gives_another_total(
    vector: str, instrument: str, without_reversal: int
) -> None:
    key, answers = form_of(instrument).key, likert(ANSWERS[vector])
    assert total(answers, replace(key, reversed=frozenset())) == without_reversal
    assert total(answers, key) != without_reversal


def test_a_reversal_of_the_older_short_form_gives_another_total() -> None:
    key, answers = form_of("wai-sr-2006").key, likert(ANSWERS["WAISR-2"])
    assert total(answers, replace(key, reversed=frozenset({"4", "10"}))) == 40
    assert total(answers, key) != 40


@pytest.mark.parametrize(
    ("vector", "instrument", "grouping", "wrong_sums"),
    [
        ("WAIS-1", "wai-s-1989", AS_IN_THE_WAI_SR, {"tasks": 17, "goals": 19}),
        ("WAIS-2", "wai-s-1989", AS_IN_THE_WAI_SR, {"tasks": 22, "goals": 16}),
        ("WAISR-1", "wai-sr-2006", AS_IN_THE_WAI_S, {"tasks": 15, "goals": 12}),
        ("WAISR-2", "wai-sr-2006", AS_IN_THE_WAI_S, {"tasks": 15, "goals": 9}),
        ("WAISR-1", "wai-sr-2006", BLOCKS_OF_FOUR, {"goals": 11, "tasks": 13, "bond": 11}),
        ("WAISR-2", "wai-sr-2006", BLOCKS_OF_FOUR, {"goals": 11, "tasks": 10, "bond": 15}),
    ],
)
def test_a_grouping_of_another_form_gives_other_sums(
    vector: str, instrument: str, grouping: Grouping, wrong_sums: Mapping[str, int]
) -> None:
    key, answers = form_of(instrument).key, likert(ANSWERS[vector])
    wrong, right = sums(answers, regrouped(key, grouping)), sums(answers, key)
    assert {scale: wrong[scale] for scale in wrong_sums} == wrong_sums
    assert all(right[scale] != wrong_sums[scale] for scale in wrong_sums)


@pytest.mark.parametrize(
    ("vector", "boxes", "taken_as_values"),
    [
        ("WAISR-1", "1 2 1 5 3 4 3 1 1 5 2 5", 33),
        ("WAISR-2", "3 1 2 1 5 3 4 4 5 3 4 5", 40),
    ],
)
def test_boxes_from_left_to_right_on_the_paper_form_are_not_values(
    vector: str, boxes: str, taken_as_values: int
) -> None:
    form, answers = form_of("wai-sr-2006"), likert(ANSWERS[vector])
    printed = likert(boxes)
    decoded = {item: 6 - box if item in form.high_to_low else box for item, box in printed.items()}
    assert decoded == answers
    assert total(printed, form.key) == taken_as_values
    assert total(answers, form.key) != taken_as_values


def test_answers_coded_from_one_do_not_pass_for_answers_coded_from_zero() -> None:
    with pytest.raises(AnswersRefused) as refused:
        item_values(likert("4 6 6 6 3 6"), form_of("sai-2015").key)
    assert [fault.item for fault in refused.value.faults] == ["2", "3", "4", "6"]


@pytest.mark.parametrize("vector", SRS_VECTORS)
def test_lines_are_read_to_one_decimal_before_summing(vector: str) -> None:
    lines, read, expected, _, _ = SRS_VECTORS[vector]
    key, answers = form_of("srs-3").key, numbered(lines)
    assert item_values(answers, key) == numbered(map(Decimal, read.split()))
    assert total(answers, key) == Decimal(expected)


def test_lines_summed_before_they_are_read_would_end_elsewhere() -> None:
    unread = sum(Decimal(10) * Decimal(mark) / 137 for mark in ("130", "120", "125.5", "118"))
    assert round(unread, 1) == Decimal("36.0") != Decimal(SRS_VECTORS["SRS-6"][2])


@pytest.mark.parametrize("vector", SRS_VECTORS)
def test_both_readings_of_the_cut_at_36(vector: str) -> None:
    lines, _, _, *met_by = SRS_VECTORS[vector]
    key, answers = form_of("srs-3").key, numbered(lines)
    keyed = keyed_values(item_values(answers, key), key)
    findings = [cut_finding(rule, scored(answers, key), keyed) for rule in key.cuts]
    assert [(rule.id, rule.default) for rule in key.cuts] == [
        ("srs-below-36-or-item-below-9", True),
        ("srs-at-most-36", False),
    ]
    assert [", ".join(finding.met_by) for finding in findings] == met_by
    assert [finding.met for finding in findings] == [bool(by) for by in met_by]


def test_only_the_form_marked_at_every_end_is_all_maximum() -> None:
    key = form_of("srs-3").key
    codes = {
        v: [n.code for n in quality_notes(numbered(SRS_VECTORS[v][0]), key)] for v in SRS_VECTORS
    }
    assert codes == {v: ["all_maximum"] if v == "SRS-5" else [] for v in SRS_VECTORS}


@pytest.mark.parametrize(
    ("instrument", "best", "worst"),
    [
        ("wai-1989", 252, 36),
        ("wai-s-1989", 84, 12),
        ("wai-sr-2006", 60, 12),
        ("wai-srt-2006", 50, 10),
        ("haq2-1996", 114, 19),
        ("arm5-2012", 35, 5),
        ("sai-2015", 30, 0),
        ("srs-3", 40, 0),
    ],
)
def test_all_best_and_all_worst_answers_are_the_ends_of_the_range(
    instrument: str, best: int, worst: int
) -> None:
    key = form_of(instrument).key
    high, low = int(key.high), int(key.low)
    scores = [
        next(score for score in scored(answers, key) if score.scale == "total")
        for answers in (
            {item: low if item in key.reversed else high for item in key.items},
            {item: high if item in key.reversed else low for item in key.items},
        )
    ]
    assert [s.sum for s in scores] == [best, worst]
    assert [s.percent_of_range for s in scores] == [100, 0]
    assert [(s.min, s.max) for s in scores] == [(Decimal(worst), Decimal(best))] * 2


@pytest.mark.parametrize(
    ("instrument", "sum_of_the_line", "visible"),
    [
        ("wai-1989", 168, True),
        ("wai-s-1989", 72, True),
        ("haq2-1996", 89, True),
        ("arm5-2012", 29, True),
        ("wai-sr-2006", 60, False),
        ("sai-2015", 30, False),
        ("srs-3", 40, False),
    ],
)
def test_a_straight_line_at_the_top_is_visible_only_where_items_are_reversed(
    instrument: str, sum_of_the_line: int, *, visible: bool
) -> None:
    key = form_of(instrument).key
    line = {item: int(key.high) for item in key.items}
    codes = [note.code for note in quality_notes(line, key)]
    assert total(line, key) == sum_of_the_line
    assert codes == ["straight_line" if visible else "all_maximum"]


def form_of(instrument: str, form: str | None = None) -> Form:
    forms = shipped().definition(instrument).forms
    return forms[form] if form else next(iter(forms.values()))


def likert(answers: str) -> dict[str, int]:
    """Answers in the order of the items; `-` stands for an absent one."""
    return {
        str(item): int(answer) for item, answer in enumerate(answers.split(), 1) if answer != "-"
    }


def numbered(lines: Iterable[object]) -> dict[str, object]:
    return {str(item): line for item, line in enumerate(lines, 1)}


def shown(answers: Answers, key: ScoringKey) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    return {
        s.scale: (s.sum and rounded(s.sum), s.mean and rounded(s.mean))
        for s in scored(answers, key)
    }


def sums(answers: Answers, key: ScoringKey) -> dict[str, Decimal | None]:
    return {score.scale: score.sum for score in scored(answers, key)}


def total(answers: Answers, key: ScoringKey) -> Decimal | None:
    return sums(answers, key)["total"]


def regrouped(key: ScoringKey, grouping: Grouping) -> ScoringKey:
    """The key with other items in the scales that are named."""
    return replace(
        key,
        scales=tuple(
            replace(scale, items=tuple(map(str, grouping.get(scale.id, scale.items))))
            for scale in key.scales
        ),
    )
