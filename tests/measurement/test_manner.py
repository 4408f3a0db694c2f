"""How a form is filled in, against the same rater's earlier forms."""

import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.instruments.definitions import shipped
from app.measurement.answers import AnswersRefused
from app.measurement.course import Manner
from app.measurement.manner import NO_FORMS, MannerState, manner_of, with_form
from tests.support.ratings import followed, point

WAI_SR: Final = shipped().definition("wai-sr-2006").forms["client"].key
TRIAD: Final = shipped().definition("open-triad-1").forms["client"].key
LINES: Final = shipped().definition("srs-3").forms["client"].key
MIXED: Final = dict(zip(WAI_SR.items, (4, 5, 3, 4, 4, 4, 5, 3, 4, 4, 5, 4), strict=True))


def codes(*forms: Any) -> list[list[str]]:
    """What is remarked at each form."""
    state, found = NO_FORMS, []
    for one in forms:
        state, notes = with_form(state, one)
        found.append([note.code for note in notes])
    return found


def all_maximum() -> dict[str, int]:
    """The strongest answer to every item of the triad, whichever way it is keyed."""
    reversed_items = {item for item in TRIAD.items if item in TRIAD.reversed}
    return {item: 0 if item in reversed_items else 4 for item in TRIAD.items}


def test_no_answer_stands_in_what_is_kept() -> None:
    manner = manner_of(MIXED, WAI_SR)
    assert manner.fingerprint is not None
    assert len(manner.fingerprint) == 16
    assert (manner.items, manner.step, manner.all_maximum) == (12, 1.0, False)


def test_the_same_answers_have_one_fingerprint_and_others_another() -> None:
    one, other = manner_of(MIXED, WAI_SR), manner_of(MIXED | {WAI_SR.items[0]: 5}, WAI_SR)
    assert manner_of(dict(MIXED), WAI_SR).fingerprint == one.fingerprint != other.fingerprint


def test_a_skipped_item_leaves_no_fingerprint() -> None:
    manner = manner_of(MIXED | {WAI_SR.items[0]: "declined"}, WAI_SR)
    assert (manner.fingerprint, manner.items) == (None, 11)


def test_a_line_is_measured_in_tenths() -> None:
    manner = manner_of(dict.fromkeys(LINES.items, 9.9), LINES)
    assert manner.step == pytest.approx(0.1)
    assert not manner.all_maximum


def test_the_strongest_answers_are_counted_as_they_are_keyed() -> None:
    assert manner_of(all_maximum(), TRIAD).all_maximum
    assert not manner_of(dict.fromkeys(TRIAD.items, 4), TRIAD).all_maximum


def test_an_answer_that_the_form_has_not_is_refused() -> None:
    with pytest.raises(AnswersRefused):
        manner_of({WAI_SR.items[0]: 9}, WAI_SR)


def test_scatter_is_remarked_against_the_own_past_only() -> None:
    wide = dict(zip(WAI_SR.items, [1, 5] * 6, strict=True))
    calm, wild = manner_of(MIXED, WAI_SR), manner_of(wide, WAI_SR)
    shuffled = [
        manner_of(dict(zip(WAI_SR.items, [*values[n:], *values[:n]], strict=True)), WAI_SR)
        for values in [list(MIXED.values())]
        for n in range(5)
    ]
    assert codes(*shuffled, wild)[-1] == ["item_scatter"]
    assert codes(wild, wild)[0] == []
    assert codes(calm)[0] == []


def test_the_same_answers_form_after_form_are_remarked() -> None:
    found = codes(*[manner_of(MIXED, WAI_SR)] * 6)
    assert found[0] == []
    assert "repeated_vector" in found[-1]


def test_nothing_but_the_strongest_again_and_again_is_no_repetition() -> None:
    found = codes(*[manner_of(all_maximum(), TRIAD)] * 6)
    assert found[-1] == ["uninformative_high"]


def test_reported_totals_break_a_run_and_keep_the_scatter() -> None:
    same = manner_of(MIXED, WAI_SR)
    long_run = codes(*[same] * 6)
    broken = codes(*[same] * 3, None, *[same] * 2)
    assert long_run[-1] != []
    assert broken[-1] == []
    state, _ = with_form(NO_FORMS, same)
    after, notes = with_form(state, None)
    assert (after, notes) == (MannerState(state.scatter), ())


def test_one_answered_item_has_no_scatter_and_counts_for_none() -> None:
    manner = manner_of({WAI_SR.items[0]: 4}, WAI_SR)
    state, _ = with_form(NO_FORMS, manner)
    assert manner.scatter is None
    assert state.scatter == NO_FORMS.scatter


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(1, 5), min_size=12, max_size=12) | st.none(), max_size=12))
def test_the_state_is_the_same_through_json(forms: list[list[int] | None]) -> None:
    state = NO_FORMS
    for values in forms:
        answers = values and dict(zip(WAI_SR.items, values, strict=True))
        state, _ = with_form(state, manner_of(answers, WAI_SR) if answers else None)
        assert MannerState.from_stored(json.loads(json.dumps(state.as_stored()))) == state


def test_a_manner_that_stands_out_is_remarked() -> None:
    points = [
        point(n, {"total": 60 + n}, manner=Manner(scatter, 12, 1.0, None, all_maximum=False))
        for n, scatter in enumerate([0.5, 0.5, 0.5, 0.5, 3.0])
    ]
    assert [len(told.remarks) for _, told in followed(points)] == [0, 0, 0, 0, 1]
