"""The scores of every shipped form, held against fractions and against what must always be so."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.instruments.definitions import shipped
from app.measurement.answers import item_values
from app.measurement.key import NON_ANSWERS, Scale, ScoringKey
from app.measurement.scoring import Score, keyed_values, reported_score, rounded, scored
from tests.measurement.naive_reference import naive_scores, scorable_forms

Answers = Mapping[str, Any]

FORMS: Final = {(instrument, form): key for instrument, form, key in scorable_forms()}
INSTRUMENTS: Final = sorted(dict(FORMS.keys()).items())
"""Each instrument with one of its forms."""
TWENTY_DIGITS: Final = Fraction(1, 10**20)
BOND: Final = Scale("bond", ("1", "2", "3", "4"), "sum", "decision", "bond", 3)
STEPS: Final = ScoringKey("likert", Decimal(1), Decimal(5), BOND.items, frozenset(), (BOND,))


def key_of(form: tuple[str, str]) -> ScoringKey:
    return shipped().definition(form[0]).forms[form[1]].key


def values_of(key: ScoringKey) -> st.SearchStrategy[Any]:
    """Anything that a rater may answer with a value."""
    if key.kind == "likert":
        return st.integers(int(key.low), int(key.high))
    tenths_of_mm = st.integers(1, 2000).flatmap(
        lambda line: st.integers(0, line).map(
            lambda mark: {"mark_mm": mark / 10, "line_mm": line / 10}
        )
    )
    return st.integers(0, 10) | st.integers(0, 1000).map(lambda n: n / 100) | tenths_of_mm


def complete(key: ScoringKey) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(dict.fromkeys(key.items, values_of(key)))


@st.composite
def filled_in(draw: st.DrawFn, key: ScoringKey) -> dict[str, Any]:
    """A form with some items absent, some declined and at least one value."""
    answers = draw(complete(key))
    some = st.sets(st.sampled_from(key.items[1:]))
    declined, absent = draw(some), draw(some)
    non_answers = st.sampled_from(NON_ANSWERS)
    answers |= {item: draw(non_answers) for item in sorted(declined)}
    return {item: answer for item, answer in answers.items() if item not in absent - declined}


any_key: Final = st.sampled_from(sorted(FORMS)).map(key_of)
any_filled_in: Final = any_key.flatmap(lambda key: st.tuples(st.just(key), filled_in(key)))


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_scores_are_those_of_the_naive_reference(
    form: tuple[str, str], data: st.DataObject
) -> None:
    key, naive_key = key_of(form), FORMS[form]
    answers = data.draw(complete(key) | filled_in(key))
    expected = naive_scores(naive_key, answers)
    scores = scored(answers, key)
    assert [score.scale for score in scores] == list(expected)
    for score, scale in zip(scores, naive_key["scales"], strict=True):
        naive = expected[score.scale]
        assert same(score.sum, naive.sum)
        assert same(score.mean, naive.mean)
        assert same(score.percent_of_range, naive.percent)
        assert same(score.value, getattr(naive, scale["unit"]))
        assert (score.unit, score.items) == (scale["unit"], len(scale["items"]))
        assert (score.answered, score.prorated) == (naive.answered, naive.prorated)
        assert score.status == naive.status


def same(number: Decimal | None, fraction: Fraction | None) -> bool:
    if number is None or fraction is None:
        return number is None and fraction is None
    return abs(Fraction(number) - fraction) < TWENTY_DIGITS


@settings(max_examples=60, deadline=None)
@given(any_filled_in)
def test_scored_sums_lie_within_the_possible_ones(
    form: tuple[ScoringKey, dict[str, Any]],
) -> None:
    key, answers = form
    for score in scored(answers, key):
        assert score.sum is None or score.min <= score.sum <= score.max
        assert score.percent_of_range is None or 0 <= score.percent_of_range <= 100


@settings(max_examples=30, deadline=None)
@given(any_filled_in, st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(
    form: tuple[ScoringKey, dict[str, Any]], random: Any
) -> None:
    key, answers = form
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    assert scored(dict(shuffled), key) == scored(answers, key)


@settings(max_examples=30, deadline=None)
@given(any_filled_in)
def test_a_non_answer_scores_like_an_absent_item(form: tuple[ScoringKey, dict[str, Any]]) -> None:
    key, answers = form
    answered = {item: a for item, a in answers.items() if not isinstance(a, str)}
    assert scored(answers, key) == scored(answered, key)


@pytest.mark.parametrize("form", INSTRUMENTS, ids=" ".join)
def test_reversing_twice_is_identity_and_once_is_not(form: tuple[str, str]) -> None:
    key = key_of(form)
    values = dict.fromkeys(key.items, key.low)
    once = keyed_values(values, key)
    assert {item for item in key.items if once[item] != values[item]} == key.reversed
    assert keyed_values(once, key) == values


@settings(max_examples=60, deadline=None)
@given(any_filled_in, st.data())
def test_a_stronger_answer_never_gives_a_weaker_score(
    form: tuple[ScoringKey, dict[str, Any]], data: st.DataObject
) -> None:
    key, answers = form
    values = item_values(answers, key)
    item = data.draw(st.sampled_from(sorted(values)))
    raised = data.draw(
        st.integers(int(values[item].to_integral_value("ROUND_CEILING")), int(key.high))
    )
    direction = -1 if item in key.reversed else 1
    before, after = scored(answers, key), scored({**answers, item: raised}, key)
    for scale, was, now in zip(key.scales, before, after, strict=True):
        assert was.status == now.status
        if was.value is not None and now.value is not None:
            step = (now.value - was.value) * direction
            assert (step > 0) == (item in scale.items and raised > values[item])
            assert step >= 0


@settings(max_examples=60, deadline=None)
@given(any_key.flatmap(lambda key: st.tuples(st.just(key), complete(key))), st.data())
def test_a_skipped_item_is_unknown_not_lowest(
    form: tuple[ScoringKey, dict[str, Any]], data: st.DataObject
) -> None:
    """The two agree only where the others' mean is the lowest value itself."""
    key, answers = form
    skipped = data.draw(st.sampled_from(key.items))
    lowest = int(key.high if skipped in key.reversed else key.low)
    without = scored({i: a for i, a in answers.items() if i != skipped}, key)
    as_lowest = scored({**answers, skipped: lowest}, key)
    for scale, score, other in zip(key.scales, without, as_lowest, strict=True):
        if skipped in scale.items and score.mean is not None:
            assert score.prorated
            assert (score.sum == other.sum) == (score.mean == key.low)


@pytest.mark.parametrize("form", INSTRUMENTS, ids=" ".join)
def test_a_scale_with_too_few_answers_has_no_numbers_and_says_why(form: tuple[str, str]) -> None:
    key = key_of(form)
    answers = {key.items[0]: int(key.high)}
    unscorable = [s for s in scored(answers, key) if s.status == "not_scorable"]
    needed = {scale.id: scale.min_answered for scale in key.scales}
    assert [s.scale for s in unscorable] == [
        scale.id for scale in key.scales if scale.min_answered > (key.items[0] in scale.items)
    ]
    for s in unscorable:
        assert (s.value, s.sum, s.mean, s.percent_of_range) == (None,) * 4
        assert not s.prorated
        assert s.reason == f"{s.answered} of {s.items} items answered, {needed[s.scale]} needed"


@pytest.mark.parametrize(
    ("answers", "answered", "total", "mean", "percent"),
    [
        ({"1": 2, "2": 4, "3": 5, "4": 3}, 4, "14", "3.5", "62.5"),
        ({"1": 2, "2": 4, "3": 5}, 3, "14.6667", "3.6667", "66.6667"),
        ({"1": 2, "2": 4, "3": 5, "4": "not_understood"}, 3, "14.6667", "3.6667", "66.6667"),
        ({"1": 2, "2": 4}, 2, None, None, None),
    ],
)
def test_three_of_four_items_give_a_prorated_sum_on_the_full_scale(
    answers: Answers, answered: int, total: str | None, mean: str | None, percent: str | None
) -> None:
    (score,) = scored(answers, STEPS)
    found = (score.sum, score.mean, score.percent_of_range)
    assert [n if n is None else rounded(n) for n in found] == [
        n if n is None else Decimal(n) for n in (total, mean, percent)
    ]
    assert (score.answered, score.prorated) == (answered, answered == 3)
    assert (score.reason is None) == (score.status == "scored")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("32.7272727", "32.7273"),
        ("0.00005", "0.0001"),
        ("0.000049999", "0.0000"),
        ("-0.00005", "-0.0001"),
        ("-0.00001", "0.0000"),
        ("35.99995", "36.0000"),
    ],
)
def test_shown_values_have_four_decimals_rounded_half_up(number: str, shown: str) -> None:
    assert str(rounded(Decimal(number))) == shown


REPORTED: Final = (
    # reported sum, reported mean, sum, mean
    ("14", None, "14", "3.5"),
    (None, "3.5", "14", "3.5"),
    ("14", "3.5", "14", "3.5"),
    ("4", None, "4", "1"),
    (None, "5", "20", "5"),
    ("14.6667", "3.6667", "14.6667", "3.666675"),
    ("14.6666", "3.6666", "14.6666", "3.66665"),  # half a point in the fourth decimal apart
)


@pytest.mark.parametrize(("reported_sum", "reported_mean", "total", "mean"), REPORTED)
@pytest.mark.parametrize("unit", ["sum", "mean"])
def test_a_reported_total_is_taken_without_items(
    unit: Any, reported_sum: str | None, reported_mean: str | None, total: str, mean: str
) -> None:
    score = reported(reported_sum, reported_mean, replace(BOND, unit=unit))
    assert (score.sum, score.mean) == (Decimal(total), Decimal(mean))
    assert score.value == (score.sum if unit == "sum" else score.mean)
    assert score.percent_of_range == (Decimal(total) - 4) * 100 / 16
    assert (score.items, score.answered, score.prorated, score.status) == (4, 0, False, "scored")


@pytest.mark.parametrize("lowest", [("0", None), (None, "0"), ("0", "0")])
def test_a_reported_zero_is_a_value(lowest: tuple[str | None, str | None]) -> None:
    score = reported(*lowest, key=replace(STEPS, low=Decimal(0)))
    assert (score.sum, score.mean) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("reported_sum", "reported_mean", "said"),
    [
        (None, None, "^Give sum or mean.$"),
        ("3.9999", None, "^Expected a sum from 4 to 20, or the mean of such a sum.$"),
        ("20.0001", None, "^Expected a sum from 4 to 20"),
        (None, "0.9999", "^Expected a sum from 4 to 20"),
        (None, "5.0001", "^Expected a sum from 4 to 20"),
        ("14", "3.6", "^The sum and the mean do not agree.$"),
        ("14", "3.50006", "do not agree"),
        ("14.6666", "3.66674", "do not agree"),  # alike in four decimals, yet further apart
        ("14", "14", "do not agree"),
        ("14", "1e30", "do not agree"),
        ("1e30", "3.5", "do not agree"),
    ],
)
def test_a_reported_total_that_cannot_be_is_refused(
    reported_sum: str | None, reported_mean: str | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        reported(reported_sum, reported_mean)


def reported(
    reported_sum: str | None,
    reported_mean: str | None,
    scale: Scale = BOND,
    key: ScoringKey = STEPS,
) -> Score:
    return reported_score(
        scale,
        key,
        reported_sum=None if reported_sum is None else Decimal(reported_sum),
        reported_mean=None if reported_mean is None else Decimal(reported_mean),
    )
