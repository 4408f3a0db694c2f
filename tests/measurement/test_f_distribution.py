"""Quantiles of F, as R has them.

fixtures/reliability.json: made once by reliability.R beside it.
"""

import json
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.f_distribution import beta_share, f_quantile

QUANTILES: Final = json.loads(
    (Path(__file__).parent / "fixtures" / "reliability.json").read_text("utf-8")
)["f_quantiles"]
degrees: Final = st.floats(0.5, 300)


@pytest.mark.parametrize(("probability", "above", "below", "expected"), QUANTILES)
def test_a_quantile_is_that_of_r(
    probability: float, above: float, below: float, expected: float
) -> None:
    assert f_quantile(probability, above, below) == pytest.approx(expected, rel=1e-7, abs=1e-8)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.001, 0.999), degrees, degrees)
def test_the_share_below_a_quantile_is_its_probability(
    probability: float, above: float, below: float
) -> None:
    quantile = f_quantile(probability, above, below)
    share = above * quantile / (above * quantile + below)
    if 0 < share < 1:
        assert beta_share(share, above / 2, below / 2) == pytest.approx(probability, abs=1e-6)


@pytest.mark.parametrize("x", [0.1, 0.37, 0.5, 0.9])
def test_a_flat_beta_has_as_much_below_as_the_place_says(x: float) -> None:
    assert beta_share(x, 1, 1) == pytest.approx(x)
    assert beta_share(x, 3, 1) == pytest.approx(x**3)


@pytest.mark.parametrize(
    ("probability", "above", "below"), [(0.0, 3, 3), (1.0, 3, 3), (0.5, 0, 3), (0.5, 3, -1)]
)
def test_what_is_no_probability_or_no_degree_is_refused(
    probability: float, above: float, below: float
) -> None:
    with pytest.raises(ValueError, match="degrees of freedom"):
        f_quantile(probability, above, below)
