"""Published cuts: which side of the boundary, and what stays unknown."""

from decimal import Decimal
from typing import Final

import pytest

from app.measurement.cuts import COMPARISONS, CutFinding, cut_finding
from app.measurement.key import Comparator, CutCondition, CutRule, Scale, ScoringKey
from app.measurement.scoring import Score, reported_score, rounded

TOTAL: Final = Scale("total", ("1", "2", "3", "4"), "sum", "decision", None, 4)
BOND: Final = Scale("bond", ("1", "2"), "mean", "decision", "bond", 2)
KEY: Final = ScoringKey(
    "visual_analogue", Decimal(0), Decimal(10), TOTAL.items, frozenset(), (TOTAL, BOND)
)


def rule(*any_of: tuple[str | None, Comparator, str]) -> CutRule:
    conditions = tuple(CutCondition(scale, by, Decimal(value)) for scale, by, value in any_of)
    return CutRule("a-cut", default=True, any_of=conditions, citation="Somebody (2003).")


def score(scale: Scale, value: str | None) -> Score:
    """The scale's score with this value; None: not scorable."""
    if value is not None:
        number = Decimal(value)
        by_sum, by_mean = (number, None) if scale.unit == "sum" else (None, number)
        return reported_score(scale, KEY, reported_sum=by_sum, reported_mean=by_mean)
    return Score(
        scale.id, scale.unit, None, None, None, Decimal(0), Decimal(40), None,
        4, 3, prorated=False, status="not_scorable", reason="3 of 4 items answered, 4 needed",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("comparator", "met_below", "met_at", "met_above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
    ],
)
def test_a_comparator_says_what_holds_at_the_boundary_itself(
    comparator: Comparator, *, met_below: bool, met_at: bool, met_above: bool
) -> None:
    at_36 = rule(("total", comparator, "36"))
    found = [
        cut_finding(at_36, [score(TOTAL, value)], {}).met for value in ("35.9", "36.0", "36.1")
    ]
    assert found == [met_below, met_at, met_above]


def test_every_comparator_of_a_definition_is_known() -> None:
    assert set(COMPARISONS) == set(Comparator.__args__)  # type: ignore[attr-defined]


def test_a_cut_meets_the_value_before_it_is_rounded() -> None:
    just_below = score(TOTAL, "35.99995")
    assert rounded(just_below.sum or Decimal(0)) == 36
    assert cut_finding(rule(("total", "<", "36")), [just_below], {}).met is True


def test_a_scale_is_compared_in_its_own_unit() -> None:
    below_five = rule(("bond", "<", "5"))
    assert cut_finding(below_five, [score(BOND, "4.5")], {}).met is True  # its sum is 9


TOTAL_OR_ITEM: Final = rule(("total", "<", "36"), (None, "<", "9"))


@pytest.mark.parametrize(
    ("cut", "total", "items", "met", "met_by"),
    [
        (TOTAL_OR_ITEM, "36.3", {"1": "9.4", "3": "8.8"}, True, ("item 3",)),
        (TOTAL_OR_ITEM, "36", {"1": "9", "2": "9"}, False, ()),
        (TOTAL_OR_ITEM, "35.9", {"1": "9.3", "4": "8.6"}, True, ("total", "item 4")),
        (TOTAL_OR_ITEM, "30", {"2": "6", "3": "7"}, True, ("total", "item 2", "item 3")),
        # a total that is unknown: an answered item may still meet the cut, and only that
        (TOTAL_OR_ITEM, None, {"1": "9.4", "3": "8.8"}, True, ("item 3",)),
        (TOTAL_OR_ITEM, None, {"1": "9.4"}, None, ()),
        (TOTAL_OR_ITEM, None, {}, None, ()),
        (rule(("total", "<", "36")), None, {"1": "1"}, None, ()),
        (rule(("total", "<", "36")), "36", {"1": "1"}, False, ()),
        (rule((None, ">=", "9")), "20", {"1": "8.9", "2": "9"}, True, ("item 2",)),
        (rule((None, "<", "9")), None, {"1": "9"}, False, ()),  # no total is needed
        (rule((None, "<", "9")), None, {}, None, ()),  # nothing answered is not "fine"
        # a scale without a score is unknown, known conditions are still judged
        (rule(("bond", "<", "5"), ("total", "<", "36")), "35", {}, True, ("total",)),
        (rule(("bond", "<", "5"), ("total", "<", "36")), "37", {}, None, ()),
    ],
)
def test_a_rule_is_met_by_any_of_its_conditions(
    cut: CutRule,
    total: str | None,
    items: dict[str, str],
    *,
    met: bool | None,
    met_by: tuple[str, ...],
) -> None:
    keyed = {item: Decimal(value) for item, value in items.items()}
    assert cut_finding(cut, [score(TOTAL, total)], keyed) == CutFinding(cut, met, met_by)
