"""Submitting a response: stored once, scored, answered with its change."""

from httpx import AsyncClient

from tests.support.factories import pair, submission


async def test_a_submission_is_scored_and_stored(client: AsyncClient) -> None:
    answer = await client.post("/v1/responses", json=submission())

    assert answer.status_code == 201
    scores = {score["scale"]: score["value"] for score in answer.json()["scores"]}
    assert scores == {"goals": 16.0, "tasks": 17.0, "bond": 16.0, "total": 49.0}
    stored = await client.get(f"/v1/responses/{answer.json()['id']}")
    assert stored.json()["answers"] == submission()["answers"]


async def test_the_same_again_is_a_replay_and_no_second_record(client: AsyncClient) -> None:
    sent = submission()
    first = await client.post("/v1/responses", json=sent)
    again = await client.post("/v1/responses", json=sent)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    found = await client.get("/v1/responses", params={"external_id": sent["external_id"]})
    assert len(found.json()["items"]) == 1


async def test_change_is_measured_against_the_previous_and_the_first(client: AsyncClient) -> None:
    alliance = pair()
    for number, low in ((1, 3), (2, 4), (3, 2)):
        answer = await client.post(
            "/v1/responses",
            json=submission(
                alliance=alliance,
                occasion={"session_number": number, "occurred_on": f"2026-10-0{number}"},
                answers={str(item): low for item in range(1, 13)},
            ),
        )
    change = {
        (one["scale"], one["reference"]): one["difference"] for one in answer.json()["change"]
    }
    assert change["total", "previous"] == -24.0
    assert change["total", "first"] == -12.0
