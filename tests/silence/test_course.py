"""Who has fallen silent, from their invitations alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.occasions.invited import ANSWER_DAYS
from app.silence.course import lapsed_by, late_at, next_due, silent

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
NOW = START + timedelta(days=100)
WEEK = timedelta(days=7)


def invitation(number: int, state: str, **overrides: Any) -> dict[str, Any]:
    """A client's invitation to the weekly session with this number."""
    at = START + number * WEEK
    return {
        "occasion_id": UUID(int=number),
        "rater_role": "client",
        "rater_ref": "c",
        "instrument": "srs-3",
        "form": "client",
        "state": state,
        "at": at,
        "updated_at": at,
        "occurred_at": at,
        "occurred_on": None,
        "session_number": number,
        "created_at": at,
        **overrides,
    }


def course(*states: str) -> list[dict[str, Any]]:
    return [invitation(number, state) for number, state in enumerate(states, start=1)]


@pytest.mark.parametrize(
    ("states", "unanswered"),
    [
        (("completed", "completed", "lapsed", "lapsed"), [3, 4]),
        (("completed", "completed", "lapsed", "lapsed", "lapsed"), [3, 4]),
        (("completed", "completed", "lapsed", "not_offered", "lapsed"), [3, 5]),
        (("completed", "completed", "lapsed", "lapsed", "invited"), [3, 4]),
        (("completed", "completed", "lapsed"), None),
        (("completed", "completed", "lapsed", "completed", "lapsed"), None),
        (("completed", "completed", "lapsed", "declined", "lapsed"), None),
        (("completed", "completed", "declined", "declined"), None),
        (("completed", "lapsed", "lapsed"), None),
        (("lapsed", "lapsed", "lapsed"), None),
        (("completed", "completed", "opened", "invited"), None),
        ((), None),
    ],
)
def test_silence_is_two_unanswered_in_a_row_after_two_answered(
    states: tuple[str, ...], unanswered: list[int] | None
) -> None:
    found = silent(course(*states), [], {})
    assert [[one.int for one in each.occasion_ids] for each in found] == (
        [] if unanswered is None else [unanswered]
    )


def test_what_lapses_now_counts_and_the_order_of_rows_does_not() -> None:
    rows = course("completed", "completed", "lapsed", "invited")
    assert silent(rows, [], {}) == []
    (found,) = silent(reversed(rows), [rows[3]], {})
    assert found.invited == ("client", "c", "srs-3", "client")
    assert [one.int for one in found.occasion_ids] == [3, 4]


def test_raters_and_forms_are_silent_each_for_itself() -> None:
    client = course("completed", "completed", "lapsed", "lapsed")
    professional = [
        {**row, "rater_role": "professional", "rater_ref": "p", "form": "professional"}
        for row in course("completed", "completed", "completed", "lapsed")
    ]
    other = [{**row, "instrument": "wai-sr-2006"} for row in course("lapsed", "lapsed")]
    found = silent([*professional, *client, *other], [], {})
    assert [(one.invited.rater_role, one.invited.instrument) for one in found] == [
        ("client", "srs-3")
    ]


def test_a_rater_under_a_merged_reference_is_one_rater() -> None:
    rows = course("completed", "completed", "lapsed", "lapsed")
    rows[0] |= {"rater_ref": "old"}
    assert silent(rows, [], {}) == []
    (found,) = silent(rows, [], {("client", "old"): "c"})
    assert found.invited.rater_ref == "c"


def test_an_answer_is_late_a_week_after_it_could_have_come() -> None:
    asked = invitation(1, "invited")
    assert late_at(asked) == asked["at"] + ANSWER_DAYS
    timed = asked | {"at": None}
    assert late_at(timed) == asked["occurred_at"] + ANSWER_DAYS
    dated = timed | {"occurred_at": None, "occurred_on": START.date()}
    assert late_at(dated) == datetime(2026, 3, 3, tzinfo=UTC) + ANSWER_DAYS
    undated = timed | {"occurred_at": None}
    assert late_at(undated) == asked["updated_at"] + ANSWER_DAYS


def test_only_what_is_awaited_lapses_and_at_its_time() -> None:
    rows = course("completed", "opened", "invited", "declined", "lapsed")
    second = late_at(rows[1])
    assert lapsed_by(rows, second - timedelta(seconds=1)) == []
    assert lapsed_by(rows, second) == [rows[1]]
    assert lapsed_by(rows, NOW) == [rows[1], rows[2]]
    assert next_due(rows, second) == late_at(rows[2])
    assert next_due(rows, NOW) is None


def test_undated_occasions_stand_in_the_order_of_their_numbers() -> None:
    rows = [
        invitation(number, state, occurred_at=None, at=None, created_at=START)
        for number, state in ((3, "lapsed"), (1, "completed"), (4, "lapsed"), (2, "completed"))
    ]
    (found,) = silent(rows, [], {})
    assert [one.int for one in found.occasion_ids] == [3, 4]
