"""Wilson intervals: published values, and what holds of every share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement.proportions import proportion


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(count: int, of: int, low: float, high: float) -> None:
    found = proportion(count, of)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_there_is_no_share_of_nothing() -> None:
    assert proportion(0, 0) is None


@pytest.mark.parametrize(("count", "of"), [(-1, 3), (4, 3), (1, 0)])
def test_a_part_is_not_more_than_its_whole(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="part"):
        proportion(count, of)


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_rate_and_mirrors(given_: tuple[int, int]) -> None:
    count, of = given_
    one, other = proportion(count, of), proportion(of - count, of)

    assert one is not None
    assert other is not None
    assert 0 <= one.low <= one.rate <= one.high <= 1
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)
