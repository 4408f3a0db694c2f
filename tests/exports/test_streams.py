"""Exports that are sent while they are read: what stands in them, and how it is written."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.exports.columns import OF_KIND
from tests.exports.reading import csv_rows, json_rows
from tests.support.factories import WAI_SR, below_the_cut, pair, submission

RISKY = ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "\uff1d1", '=HYPERLINK("x","y")', "a,b", 'a"b']


async def sent(client: AsyncClient, body: dict[str, Any], path: str = "/v1/responses") -> Any:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def exported(client: AsyncClient, kind: str, **query: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/exports/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    read = json_rows if query.get("format") == "ndjson" else csv_rows
    rows: list[dict[str, Any]] = list(read(answer.content))
    return rows


@pytest.mark.parametrize("kind", OF_KIND)
@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_of_nothing_there_is_a_whole_export(
    client: AsyncClient, kind: str, form: str
) -> None:
    assert await exported(client, kind, format=form) == []


@pytest.mark.parametrize("kind", OF_KIND)
async def test_the_columns_are_those_of_the_dictionary(client: AsyncClient, kind: str) -> None:
    await sent(client, below_the_cut())
    told = (await client.get("/v1/exports/dictionary", params={"kind": kind})).json()
    names = [column["name"] for column in told["columns"]]
    (row, *_) = await exported(client, kind)
    (line, *_) = await exported(client, kind, format="ndjson")

    assert list(row) == list(line) == names
    assert row["record"] == "row"


async def test_a_response_says_what_was_sent(client: AsyncClient) -> None:
    body = submission(
        occasion={"session_number": 3, "occurred_at": "2026-10-01T10:00:00+02:00"},
        completed_at="2026-10-01T10:55:00+02:00",
    )
    made = await sent(client, body)
    (row,) = await exported(client, "responses")
    (line,) = await exported(client, "responses", format="ndjson")

    assert row["id"] == line["id"] == made["id"]
    assert row["external_id"] == body["external_id"]
    assert row["alliance_external_id"] == body["alliance"]["external_id"]
    assert (row["occurred_at"], row["occurred_at_offset"]) == ("2026-10-01T08:00:00+00:00", "120")
    assert line["occurred_at"] == "2026-10-01T08:00:00+00:00"
    assert row["completed_at"] == "2026-10-01T08:55:00+00:00"
    assert line["answers"] == body["answers"]
    assert (row["withheld"], line["withheld"]) == ("", None)
    assert (row["record_status"], row["amended_by"]) == ("current", "")


async def test_items_stand_beside_what_became_of_them(client: AsyncClient) -> None:
    answers: dict[str, Any] = dict(WAI_SR) | {"2": "declined", "3": "not_applicable"}
    del answers["4"]
    await sent(client, submission(answers=answers))
    scores = [{"scale": "total", "mean": 4}]
    await sent(client, submission(answers=None, reported_scores=scores))
    first, second = await exported(
        client, "responses", instrument="wai-sr-2006", form="client", format="ndjson"
    )

    assert (first["item_1"], first["item_1_state"]) == (4, "answered")
    assert (first["item_2"], first["item_2_state"]) == (None, "declined")
    assert (first["item_3"], first["item_3_state"]) == (None, "not_applicable")
    assert (first["item_4"], first["item_4_state"]) == (None, "skipped")
    assert (second["item_1"], second["item_1_state"]) == (None, "scores_only")
    assert "answers" not in first


async def test_a_mark_on_a_line_is_read_as_scoring_reads_it(client: AsyncClient) -> None:
    answers = {"1": {"mark_mm": 33.3, "line_mm": 90}, "2": 7.5, "3": 0, "4": 10}
    await sent(client, submission(instrument="srs-3", answers=answers))
    (row,) = await exported(client, "responses", instrument="srs-3", form="client")

    assert [row[f"item_{n}"] for n in range(1, 5)] == ["3.7", "7.5", "0", "10"]
    assert {row[f"item_{n}_state"] for n in range(1, 5)} == {"answered"}


async def test_scores_are_those_that_were_answered(client: AsyncClient) -> None:
    made = await sent(client, submission())
    rows = await exported(client, "scores", format="ndjson")

    assert [row["scale"] for row in rows] == [score["scale"] for score in made["scores"]]
    for row, score in zip(rows, made["scores"], strict=True):
        assert {name: row[name] for name in score} == score
        assert row["response_id"] == made["id"]


async def test_a_score_that_there_is_not_is_empty_and_never_zero(client: AsyncClient) -> None:
    await sent(client, submission(answers=dict.fromkeys(WAI_SR, "declined")))
    rows = await exported(client, "scores")

    assert {row["status"] for row in rows} == {"not_scorable"}
    assert {row["value"] for row in rows} == {row["mean"] for row in rows} == {""}


async def test_signals_and_alliances(client: AsyncClient) -> None:
    body = below_the_cut(alliance=pair(case_ref="case-1", program_ref="p"))
    made = await sent(client, body)
    (signal,) = await exported(client, "signals", format="ndjson")
    (alliance,) = await exported(client, "alliances", format="ndjson")
    (shown,) = made["signals"]

    for name in ("id", "code", "severity", "value", "threshold", "parameters", "state"):
        assert signal[name] == shown[name]
    assert alliance["id"] == made["alliance_id"]
    assert alliance["client_ref"] == body["alliance"]["client_ref"]
    assert {member["role"] for member in alliance["members"]} == {"client", "professional"}


@pytest.mark.parametrize("text", RISKY)
async def test_no_text_of_a_caller_is_a_formula_and_each_can_be_had_back(
    client: AsyncClient, text: str
) -> None:
    alliance = pair(external_id=text, client_ref=text, case_ref=text)
    occasion = {"session_ref": text, "session_number": 1}
    body = submission(external_id=text, alliance=alliance, occasion=occasion)
    made = await sent(client, body)
    await client.post(f"/v1/responses/{made['id']}/void", json={"reason": text})
    answer = await client.get("/v1/exports/responses", params={"versions": "all"})
    (row,) = csv_rows(answer.content)
    (line,) = await exported(client, "responses", versions="all", format="ndjson")

    for name in ("external_id", "alliance_external_id", "rater_ref", "session_ref", "void_reason"):
        assert row[name] == line[name] == text
    cells = answer.content.replace(b'"', b"").decode().split(",")
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\uff1d"))]
    (alliance_row,) = await exported(client, "alliances")
    assert alliance_row["case_ref"] == text


async def test_a_negative_number_stays_a_number(client: AsyncClient) -> None:
    """Every column that holds numbers is written as one, and never with a sign before it."""
    body = submission(occasion={"session_number": 1, "occurred_at": "2026-10-01T10:00:00-05:00"})
    await sent(client, body)
    answer = await client.get("/v1/exports/responses")

    assert b",-300," in answer.content


async def test_amended_and_voided_versions(client: AsyncClient) -> None:
    body = submission()
    first = await sent(client, body)
    second = await sent(client, body | {"external_version": 2, "amendment_reason": "typed wrongly"})
    third = await sent(client, submission())
    await sent(client, {"reason": "wrong person"}, f"/v1/responses/{third['id']}/void")
    current = await exported(client, "responses")
    every = {row["id"]: row for row in await exported(client, "responses", versions="all")}

    assert [row["id"] for row in current] == [second["id"]]
    assert every[first["id"]]["record_status"] == "amended"
    assert every[first["id"]]["amended_by"] == second["id"]
    assert every[second["id"]]["amends"] == first["id"]
    assert every[third["id"]]["record_status"] == "voided"
    assert every[third["id"]]["void_reason"] == "wrong person"
    scores = await exported(client, "scores", versions="all")
    assert {row["record_status"] for row in scores} == {"current", "amended", "voided"}


async def test_periods_and_filters(client: AsyncClient) -> None:
    days = ("2026-09-30", "2026-10-01", "2026-10-02")
    made = [
        await sent(client, submission(
            alliance=pair(program_ref=f"program-{day}"),
            occasion={"session_number": 1, "occurred_at": f"{day}T23:30:00+02:00"},
        ))
        for day in days
    ]  # fmt: skip
    await sent(client, submission(occasion={"session_number": 1}))
    ids = [one["id"] for one in made]

    async def found(**query: str) -> list[str]:
        return [row["id"] for row in await exported(client, "responses", **query)]

    assert await found(occasion_from="2026-10-01") == ids[1:]
    assert await found(occasion_from="2026-10-01", occasion_to="2026-10-01") == ids[1:2]
    assert await found(program_ref="program-2026-10-02") == ids[2:]
    received = made[1]["received_at"]
    assert await found(received_to=received) == ids[:1]
    assert (await found(received_from=received))[:2] == ids[1:]
    assert await found(instrument="srs-3") == []
    assert len(await found(instrument="wai-sr-2006")) == 4


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"form": "client"}, "#/query/instrument", "instrument_unnamed"),
        ({"instrument": "nothing"}, "#/query/instrument", "unknown_instrument"),
        ({"instrument": "srs-3", "form": "x"}, "#/query/form", "unknown_form"),
        ({"format": "parquet"}, "#/query/format", "literal_error"),
        ({"received_from": "2026-10-01"}, "#/query/received_from", "malformed_time"),
    ],
)
async def test_what_cannot_be_exported(
    client: AsyncClient, query: dict[str, str], pointer: str, code: str
) -> None:
    answer = await client.get("/v1/exports/responses", params=query)

    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
        pointer,
        code,
    )


async def test_the_dictionary_comes_as_csv_too(client: AsyncClient) -> None:
    query = {"kind": "responses", "instrument": "wai-sr-2006", "form": "client"}
    told = (await client.get("/v1/exports/dictionary", params=query)).json()
    answer = await client.get("/v1/exports/dictionary", params=query | {"format": "csv"})
    item = next(column for column in told["columns"] if column["name"] == "item_12")

    assert (item["type"], item["low"], item["high"]) == ("integer", 1.0, 5.0)
    assert item["source"].startswith("wai-sr-2006 ")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.count("\r\n") == len(told["columns"]) + 1
