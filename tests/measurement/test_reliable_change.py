"""Reliable change of thirty couples by every method, as R has it, and the methods' limits.

fixtures/reliable_change.json: made once by reliable_change.R beside it.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.reliable_change import (
    METHODS,
    Group,
    Method,
    cutoff_a,
    cutoff_c,
    difference_reliability,
    edwards_nunnally,
    group_of,
    gulliksen_lord_novick,
    hageman_arrindell,
    jacobson_truax,
    least_reliable_change,
    nunnally_kotsch,
    standard_error_of_measurement,
    verdict,
)

COUPLES: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures" / "reliable_change.json").read_text("utf-8")
)
PAIRS: Final = list(zip(COUPLES["pre"], COUPLES["post"], strict=True))
GROUP: Final = group_of(PAIRS)
ALL: Final[dict[Method, Callable[[float, float, Group, float], float]]] = {
    **METHODS,
    "nk": partial(nunnally_kotsch, reliability_after=COUPLES["reliability_post"]),
}


def test_the_couples_have_the_published_figures() -> None:
    assert len(PAIRS) == 30
    assert GROUP.mean_before == pytest.approx(81.583, abs=0.0005)
    assert GROUP.sd_before == pytest.approx(11.826, abs=0.0005)
    assert GROUP.mean_after == pytest.approx(98.050, abs=0.0005)
    assert GROUP.sd_after == pytest.approx(19.242, abs=0.0005)
    assert GROUP.correlation == pytest.approx(0.5177, abs=0.00005)


def test_error_and_least_change_of_the_couples() -> None:
    assert standard_error_of_measurement(GROUP.sd_before, 0.80) == pytest.approx(5.2886, abs=1e-4)
    assert least_reliable_change(GROUP.sd_before, 0.80) == pytest.approx(14.659, abs=5e-4)
    assert difference_reliability(GROUP, 0.80) == pytest.approx(0.7962, abs=5e-5)


@pytest.mark.parametrize("reliability", ["0.80", "0.88"])
@pytest.mark.parametrize("method", ["jt", "en", "gln", "hll", "nk", "ha"])
def test_every_couple_has_the_statistic_and_the_verdict_of_r(
    method: Method, reliability: str
) -> None:
    expected = COUPLES["results"][reliability][method]
    found = [ALL[method](*pair, GROUP, float(reliability)) for pair in PAIRS]
    assert found == pytest.approx(expected["statistic"], abs=2e-6)
    counts = Counter(verdict(statistic, method) for statistic in found)
    assert [counts[v] for v in ("stronger", "no reliable change", "weaker")] == expected["counts"]


@pytest.mark.parametrize(
    ("reliability", "method", "counts"),
    [
        ("0.80", "jt", [16, 13, 1]),
        ("0.80", "en", [20, 8, 2]),
        ("0.80", "gln", [16, 13, 1]),
        ("0.80", "ha", [19, 10, 1]),
        ("0.88", "jt", [19, 10, 1]),
        ("0.88", "en", [21, 7, 2]),
        ("0.88", "gln", [19, 9, 2]),
        ("0.88", "ha", [20, 9, 1]),
    ],
)
def test_r_counts_what_was_counted_by_hand(
    reliability: str, method: Method, counts: list[int]
) -> None:
    assert COUPLES["results"][reliability][method]["counts"] == counts


def test_a_start_far_out_counts_as_change_by_edwards_and_nunnally_alone() -> None:
    far = GROUP.mean_before - 3 * GROUP.sd_before
    assert jacobson_truax(far, far, GROUP, 0.8) == 0
    assert edwards_nunnally(far, far, GROUP, 0.8) == pytest.approx(-0.2 * 3 / sqrt(0.2))


@settings(deadline=None)
@given(st.floats(40, 120), st.floats(40, 120), st.floats(0.05, 0.95))
def test_a_higher_later_score_is_never_a_weaker_change(
    before: float, after: float, reliability: float
) -> None:
    wide = replace(GROUP, sd_after=60.0)  # so that the differences are reliable throughout
    for method in ALL.values():
        assert method(before, after + 1, wide, reliability) > method(
            before, after, wide, reliability
        )


def test_cut_off_a_lies_two_spreads_above_the_weaker_group() -> None:
    assert cutoff_a(3.0, 0.5) == 4.0


def test_cut_off_c_lies_nearer_to_the_narrower_group() -> None:
    assert cutoff_c(3.0, 1.0, 4.0, 0.5) == pytest.approx(11 / 3)


@settings(deadline=None)
@given(st.floats(1, 4), st.floats(0.1, 2), st.floats(4, 7), st.floats(0.1, 2))
def test_at_cut_off_c_a_score_is_as_many_spreads_from_both_groups(
    weaker: float, weaker_sd: float, stronger: float, stronger_sd: float
) -> None:
    cut = cutoff_c(weaker, weaker_sd, stronger, stronger_sd)
    assert (cut - weaker) / weaker_sd == pytest.approx((stronger - cut) / stronger_sd, abs=1e-9)


@pytest.mark.parametrize(
    "pairs", [[], [(3.0, 4.0)], [(3.0, 4.0), (3.0, 5.0)], [(3.0, 4.0), (2.0, 4.0)]]
)
def test_scores_without_spread_are_no_group(pairs: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="two people"):
        group_of(pairs)


@pytest.mark.parametrize("reliability", [0.0, 1.0, -0.2, 1.5])
def test_a_reliability_lies_between_nothing_and_one(reliability: float) -> None:
    for method in ALL.values():
        with pytest.raises(ValueError, match="reliability"):
            method(3.0, 4.0, GROUP, reliability)
    with pytest.raises(ValueError, match="reliability"):
        nunnally_kotsch(3.0, 4.0, GROUP, 0.8, reliability)


@pytest.mark.parametrize("sd", [0.0, -1.0])
def test_a_spread_that_is_none_is_refused(sd: float) -> None:
    with pytest.raises(ValueError, match="spread"):
        standard_error_of_measurement(sd, 0.8)
    with pytest.raises(ValueError, match="spreads"):
        cutoff_c(3.0, 0.5, 4.0, sd)


def test_differences_that_are_all_error_have_no_statistic() -> None:
    alike = Group(3.0, 1.0, 3.2, 1.0, 0.95)
    assert difference_reliability(alike, 0.8) < 0
    with pytest.raises(ValueError, match="not reliable"):
        hageman_arrindell(3.0, 4.0, alike, 0.8)


def test_differences_that_never_differ_have_no_reliability() -> None:
    with pytest.raises(ValueError, match="all the same"):
        difference_reliability(Group(3.0, 1.0, 3.5, 1.0, 1.0), 0.8)


def test_the_error_of_prediction_is_wider_than_that_of_measurement() -> None:
    pair = PAIRS[1]
    prediction = gulliksen_lord_novick(*pair, GROUP, 0.8)
    assert abs(prediction) < abs(edwards_nunnally(*pair, GROUP, 0.8))
