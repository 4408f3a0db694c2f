"""Submissions that cannot be stored: what is wrong, where, and nothing kept."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock
from tests.support.factories import WAI_SR, pair, submission

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def with_answers(**answers: Any) -> dict[str, Any]:
    return {"answers": WAI_SR | {key.removeprefix("i"): value for key, value in answers.items()}}


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        (with_answers(i4=3.5), "/answers/4", "not_an_answer"),
        (with_answers(i4=True), "/answers/4", "not_an_answer"),
        (with_answers(i4="4"), "/answers/4", "not_an_answer"),
        (with_answers(i4="skipped"), "/answers/4", "not_an_answer"),
        (with_answers(i4=0), "/answers/4", "not_an_answer"),
        (with_answers(i4=6), "/answers/4", "not_an_answer"),
        (with_answers(i4=None), "/answers/4", "not_an_answer"),
        (with_answers(i4=[4]), "/answers/4", "not_an_answer"),
        (with_answers(i4={"mark_mm": 1, "line_mm": 2}), "/answers/4", "not_an_answer"),
        (with_answers(i13=4), "/answers/13", "unknown_item"),
        ({"answers": {}}, "/answers", "no_answers"),
        ({"answers": None}, "", "answers_or_scores"),
        ({"instrument": "wai"}, "/instrument", "unknown_instrument"),
        ({"instrument": "calpas-1989"}, "/instrument", "instrument_pending"),
        ({"instrument_revision": "9.9"}, "/instrument_revision", "unknown_revision"),
        ({"form": "observer"}, "/form", "unknown_form"),
        ({"form": "professional"}, "/form", "form_of_another_role"),
        ({"rater": {"role": "observer", "ref": "o"}}, "/form", "unknown_form"),
        ({"rater": {"role": "client", "ref": "nobody"}}, "/rater/ref", "rater_not_member"),
        ({"about_ref": "nobody"}, "/about_ref", "about_not_member"),
        ({"occasion": {}}, "/occasion", "occasion_unplaced"),
        ({"occasion": {"session_ref": "s"}}, "/occasion", "occasion_unplaced"),
        ({"occasion": {"session_number": "3"}}, "/occasion/session_number", "int_type"),
        ({"occasion": {"session_number": True}}, "/occasion/session_number", "int_type"),
        (
            {"occasion": {"occurred_at": "2026-10-01T10:00:00"}},
            "/occasion/occurred_at",
            "malformed_time",
        ),
        ({"occasion": {"occurred_at": 1790000000}}, "/occasion/occurred_at", "malformed_time"),
        (
            {"occasion": {"occurred_at": "0001-01-01T00:00:00+14:00"}},
            "/occasion/occurred_at",
            "out_of_calendar",
        ),
        ({"occasion": {"occurred_on": "2026-13-01"}}, "/occasion/occurred_on", None),
        (
            {"occasion": {"occurred_on": "2026-10-01T00:00:00Z"}},
            "/occasion/occurred_on",
            "malformed_date",
        ),
        (
            {"occasion": {"occurred_at": "2026-10-01T23:30:00-05:00", "occurred_on": "2026-10-02"}},
            "/occasion",
            "occasion_contradicts",
        ),
        ({"completed_at": "2026-11-21T12:00:01Z"}, "/completed_at", "in_the_future"),
        ({"completed_on": "2026-11-22"}, "/completed_on", "in_the_future"),
        ({"occasion": {"occurred_on": "2027-01-01"}}, "/occasion/occurred_on", "in_the_future"),
        ({"external_id": "a\nb"}, "/external_id", "control_character"),
        ({"external_id": "x" * 201}, "/external_id", "string_too_long"),
        ({"external_version": 0}, "/external_version", "greater_than_equal"),
        ({"unheard": 1}, "/unheard", "unknown_field"),
        ({"alliance": {"external_id": "new"}}, "/alliance", "members_needed"),
        ({"alliance": {"external_id": "n", "client_ref": "c"}}, "/alliance", "pair_incomplete"),
        ({"alliance": {}}, "/alliance", "alliance_unnamed"),
        ({"reported_scores": [{"scale": "total", "sum": 40}]}, "", "answers_or_scores"),
    ],
)
async def test_what_cannot_be_stored(
    client: AsyncClient, clock: Clock, wrong: dict[str, Any], pointer: str, code: str | None
) -> None:
    clock.fixed = NOW
    answer = await client.post("/v1/responses", json=submission() | wrong)

    assert answer.status_code == 422, answer.json()
    errors = answer.json()["errors"]
    assert pointer in [error["pointer"] for error in errors], errors
    assert code is None or code in [error["code"] for error in errors], errors
    for kept in ("/v1/responses", "/v1/alliances"):
        assert (await client.get(kept)).json()["items"] == []


@pytest.mark.parametrize(
    ("reported", "pointer", "code"),
    [
        ({"scale": "nothing", "sum": 3}, "/reported_scores/0/scale", "unknown_scale"),
        ({"scale": "total", "sum": 61}, "/reported_scores/0", "not_a_score"),
        ({"scale": "total", "sum": 11}, "/reported_scores/0", "not_a_score"),
        ({"scale": "total", "mean": 5.1}, "/reported_scores/0", "not_a_score"),
        ({"scale": "total", "sum": 40, "mean": 4.0}, "/reported_scores/0", "not_a_score"),
        ({"scale": "total"}, "/reported_scores/0", "score_missing"),
        ({"scale": "total", "sum": "40"}, "/reported_scores/0/sum", "float_type"),
    ],
)
async def test_totals_that_cannot_be(
    client: AsyncClient, reported: dict[str, Any], pointer: str, code: str
) -> None:
    sent = submission(reported_scores=[reported])
    del sent["answers"]
    answer = await client.post("/v1/responses", json=sent)
    assert answer.status_code == 422
    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert (pointer, code) in found


async def test_every_wrong_answer_is_named_at_once(client: AsyncClient) -> None:
    answer = await client.post(
        "/v1/responses", json=submission(answers={"1": 9, "2": "x", "77": 1, "4": 4})
    )
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/answers/1", "/answers/2", "/answers/77"]


async def test_a_day_ahead_is_taken(client: AsyncClient, clock: Clock) -> None:
    """Clocks differ, and so do the sides of the date line."""
    clock.fixed = NOW
    sent = submission(completed_at="2026-11-21T11:59:59Z", occasion={"occurred_on": "2026-11-21"})
    assert (await client.post("/v1/responses", json=sent)).status_code == 201


async def test_a_form_after_the_end_is_refused_and_a_late_one_is_taken(client: AsyncClient) -> None:
    alliance = pair(ended_on="2026-10-01", end_reason="completed")
    late = submission(alliance=alliance, occasion={"occurred_on": "2026-10-01"})
    after = submission(alliance=alliance, occasion={"occurred_on": "2026-10-02"})
    undated = submission(alliance=alliance, occasion={"session_number": 9})

    assert (await client.post("/v1/responses", json=late)).status_code == 201
    refused = await client.post("/v1/responses", json=after)
    assert refused.json()["errors"][0]["code"] == "alliance_ended"
    assert (await client.post("/v1/responses", json=undated)).status_code == 201


async def test_unknown_alliance_ids_are_not_found(client: AsyncClient) -> None:
    unknown = {"id": "01a20546-cbdf-7696-ab47-5fe4ee35dee3"}
    answer = await client.post("/v1/responses", json=submission(alliance=unknown))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
