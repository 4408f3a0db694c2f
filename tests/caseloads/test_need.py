"""The order of a caseload, by table and by property."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.caseloads.need import REASONS, need, position

ONE = UUID(int=1)


@pytest.mark.parametrize(
    ("severities", "drop", "silence", "reason"),
    [
        ((), False, False, None),
        (("high", "alert", "watch"), True, True, "high"),
        (("alert", "watch"), True, True, "alert"),
        (("watch",), True, True, "drop"),
        (("watch",), False, True, "silence"),
        (("watch",), False, False, "watch"),
    ],
)
def test_the_most_pressing_reason(
    severities: tuple[str, ...], *, drop: bool, silence: bool, reason: str | None
) -> None:
    assert need(severities, drop=drop, silence=silence) == reason


places = st.tuples(
    st.sampled_from([*REASONS, None]), st.none() | st.dates(min_value=date(1900, 1, 1)), st.uuids()
)


@given(places, places)
def test_the_order_of_texts_is_that_of_need(
    one: tuple[str | None, date | None, UUID], other: tuple[str | None, date | None, UUID]
) -> None:
    def rank(place: tuple[str | None, date | None, UUID]) -> tuple[int, date, str]:
        reason, day, alliance_id = place
        at = REASONS.index(reason) if reason else len(REASONS)
        return at, day or date.max, str(alliance_id)

    if date.max not in {one[1], other[1]}:
        assert (position(*one) < position(*other)) is (rank(one) < rank(other))


def test_the_longest_ago_comes_first_and_the_unknown_last() -> None:
    days = [date(2026, 1, 2), None, date(2026, 1, 1)]

    assert sorted(position(None, day, ONE) for day in days) == [
        position(None, day, ONE) for day in (date(2026, 1, 1), date(2026, 1, 2), None)
    ]
