"""What a report makes of an occasion and of its invitations, without a database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import OccasionConflict
from app.occasions.invited import (
    ANSWER_DAYS,
    AWAITED,
    SETTABLE,
    Asked,
    Invited,
    answer_due_at,
    invitations_after,
)
from app.occasions.rendering import named_by
from app.occasions.report import FACTS, answers_awaited_from, occasion_after
from app.occasions.schemas import InvitationIn, OccasionReport

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = [Invited(role, role, "wai-sr-2006", role) for role in ("client", "professional")]
STATES = ("invited", "opened", "declined", "not_offered", "lapsed")
times = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)).map(  # noqa: DTZ001 - given a zone
    lambda time: time.replace(tzinfo=UTC, microsecond=0).isoformat()
)


@st.composite
def sent_invitations(draw: st.DrawFn) -> dict[Invited, Asked]:
    """What a report may say of some of the invitations."""
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return {
        name: Asked(
            InvitationIn.model_validate(
                {
                    "rater": {"role": name.rater_role, "ref": name.rater_ref},
                    "instrument": name.instrument,
                    "state": draw(st.sampled_from(STATES)),
                    "at": draw(times),
                    "reason": draw(st.none() | st.just("No.")),
                }
            ),
            name.form,
        )
        for name in chosen
    }


answers = st.dictionaries(st.sampled_from(NAMES), st.builds(uuid4), max_size=2)


def report(**fields: Any) -> OccasionReport:
    said = {"alliance": {"external_id": "a"}, "status": "held", "session_ref": "s"}
    return OccasionReport.model_validate(said | {"session_number": 1} | fields)


@given(first=sent_invitations(), second=sent_invitations(), found=answers)
def test_a_report_again_changes_nothing(
    first: dict[Invited, Asked], second: dict[Invited, Asked], found: dict[Invited, UUID]
) -> None:
    before = invitations_after({}, first, {}, NOW)
    once = invitations_after(before, second, found, NOW)
    again = invitations_after(once, second, found, NOW + timedelta(days=1))
    assert all(again[name] is once[name] for name in once)


@given(first=sent_invitations(), second=sent_invitations(), found=answers)
def test_every_invitation_is_completed_just_where_an_answer_counts(
    first: dict[Invited, Asked], second: dict[Invited, Asked], found: dict[Invited, UUID]
) -> None:
    after = invitations_after(invitations_after({}, first, {}, NOW), second, found, NOW)
    assert after.keys() == first.keys() | second.keys()
    for name, row in after.items():
        assert (row["state"] == "completed") == (row["response_id"] is not None) == (name in found)
        assert row["response_id"] == found.get(name)
        if name not in found:
            said = (second if name in second else first)[name].sent
            assert (row["state"], row["at"], row["reason"]) == (said.state, said.at, said.reason)


@given(first=sent_invitations())
def test_what_a_report_leaves_out_stays_as_it_was(first: dict[Invited, Asked]) -> None:
    before = invitations_after({}, first, {}, NOW)
    after = invitations_after(before, {}, {}, NOW + timedelta(days=1))
    assert after == before
    assert all(set(row) >= set(SETTABLE) for row in after.values())


@given(sent=sent_invitations())
def test_the_first_awaited_answer_that_is_late_is_due(sent: dict[Invited, Asked]) -> None:
    rows = list(invitations_after({}, sent, {}, NOW).values())
    due = answer_due_at(rows, NOW, NOW)
    late = [(row["at"] or NOW) + ANSWER_DAYS for row in rows if row["state"] in AWAITED]
    late += [NOW for row in rows if row["state"] == "lapsed"]
    assert due == min(late, default=None)


def test_a_first_report_is_taken_as_it_stands() -> None:
    facts = occasion_after(None, report(occurred_at="2026-10-01T10:00:00+02:00"))
    assert facts == {
        "status": "held",
        "session_ref": "s",
        "session_number": 1,
        "occurred_at": datetime(2026, 10, 1, 8, tzinfo=UTC),
        "occurred_at_offset": 120,
        "occurred_on": None,
    }


def test_a_day_beside_a_time_of_the_same_day_contradicts_nothing() -> None:
    told = report(occurred_at="2026-10-01T23:30:00-05:00")
    stored = occasion_after(None, told) | {"id": uuid4()}
    after = occasion_after(stored, report(occurred_on="2026-10-01"))
    assert after == {name: stored[name] for name in FACTS} | {"occurred_on": date(2026, 10, 1)}
    with pytest.raises(OccasionConflict) as refused:
        occasion_after(stored, report(occurred_on="2026-10-02"))
    assert refused.value.existing_id == str(stored["id"])


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        ({"occurred_at": "2026-10-01T10:00:00Z"}, datetime(2026, 10, 1, 10, tzinfo=UTC)),
        ({"occurred_on": "2026-12-31"}, datetime(2027, 1, 1, tzinfo=UTC)),
        ({}, NOW),
    ],
)
def test_answers_are_awaited_from_the_occasion_on(fields: dict[str, str], since: datetime) -> None:
    assert answers_awaited_from(occasion_after(None, report(**fields)), NOW) == since


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("ref:number:3", ("number:3", None, None)),
        ("number:3", (None, 3, None)),
        ("date:2026-10-01", (None, None, date(2026, 10, 1))),
    ],
)
def test_a_key_tells_what_names_the_occasion(key: str, named: tuple[Any, Any, Any]) -> None:
    assert tuple(named_by(key).values()) == named
