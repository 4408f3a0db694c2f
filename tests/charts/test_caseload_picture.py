"""A caseload drawn: the rows of the list, what each reader may see of them, and no more."""

import os
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from httpx import AsyncClient, Response

from tests.charts import courses
from tests.charts.courses import answers, day, rating
from tests.charts.test_routes import HOSTILE, NAMESPACE, Page, image, said
from tests.conftest import Clock
from tests.support.caseloads import caseload
from tests.support.factories import invitation, pair, report
from tests.support.meetings import reported
from tests.support.signals import rating as wai_rating

PICTURES = Path(__file__).parent / "pictures"
ACTING = {"Rapport-Actor": "professional;p"}
WHOSE = {"professional_ref": "p", "source": "ehr"}


@pytest.fixture(autouse=True)
def _time(clock: Clock) -> None:
    clock.fixed = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def asked(client: AsyncClient, kind: str = "svg", **params: str) -> Response:
    actor = params.pop("actor", "professional;p")
    path = f"/v1/caseloads.{kind}"
    return await client.get(path, params=WHOSE | params, headers={"Rapport-Actor": actor})


def of(name: str, **more: str) -> dict[str, object]:
    return pair(external_id=name, client_ref=f"client-{name}", professional_ref="p", **more)


async def send(client: AsyncClient, sent: list[dict[str, object]]) -> None:
    numbered = [one | {"external_id": f"{n}-{one['external_id']}"} for n, one in enumerate(sent)]
    named = [
        one | {"external_id": f"{one['alliance']['external_id']}-{one['external_id']}"}  # type: ignore[index]
        for one in numbered
    ]
    answer = await client.post("/v1/responses:batch", json={"items": named})
    assert {one["verdict"] for one in answer.json()["items"]} == {"accepted"}, answer.text


async def a_caseload(client: AsyncClient) -> None:
    """One alliance fallen, one not heard, one steady, one with gaps and another form, one new."""
    await courses.a_pair(client)
    steady, gaps = of("steady"), of("gaps")
    sent = [rating(n, "client", alliance=steady, answers=answers(27 + n % 3)) for n in range(1, 15)]
    for number, total in enumerate((24, None, 26, 25, 29), start=1):
        own_eyes = {"audience": ["client"], "level": "items"} if number == 4 else {}
        fields = {"notice": own_eyes} if own_eyes else {}
        sent.append(rating(number, "client", alliance=gaps, answers=answers(total), **fields))
        sent.append(rating(number, "professional", alliance=gaps, answers=answers(20 + number)))
    await send(client, sent)
    other = [wai_rating(of("other-form"), n, value) for n, value in enumerate((3, 4, 4, 5))]
    for number, one in enumerate(other):
        one["occasion"] = {"session_number": number, "occurred_on": day(number)}
        one["external_id"] = f"wai-{number}"
        assert (await client.post("/v1/responses", json=one)).status_code == 201
    silent = {"alliance": of("not-heard"), "session_number": 1}
    at = "2026-03-02T10:00:00+01:00"
    invited = [invitation(state="lapsed", at=at, instrument="open-triad-1")]
    await reported(client, report(**silent, occurred_at=at, invited=invited))
    assert (await client.post("/v1/alliances", json=of("new") | {"source": "ehr"})).is_success


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("caseload.svg", {}),
        ("caseload-narrow-de.svg", {"width": "360", "theme": "dark", "labels": "de"}),
        ("caseload-phone.svg", {"width": "390"}),
        ("caseload-one-form.svg", {"instrument": "open-triad-1", "theme": "auto", "labels": "es"}),
        ("caseload-page.html", {}),
    ],
)
async def test_a_caseload_is_the_one_that_was_looked_at(
    client: AsyncClient, name: str, params: dict[str, str]
) -> None:
    await a_caseload(client)
    answer = await asked(client, name.partition(".")[2], **params)
    assert answer.status_code == 200, answer.text
    kept = PICTURES / name
    if os.environ.get("PICTURES") == "write":
        kept.write_text(answer.text, encoding="utf-8")
    assert answer.text == kept.read_text(encoding="utf-8")


async def test_its_rows_are_those_of_the_list_in_their_order(client: AsyncClient) -> None:
    await a_caseload(client)
    listed = await caseload(client, actor="professional;p")
    clients = [
        next(one["ref"] for one in case["alliance"]["members"] if one["role"] == "client")
        for case in listed
    ]
    for kind in ("svg", "html"):
        text = (await asked(client, kind)).text
        places = [text.index(f"{ref}: ") for ref in clients]
        assert places == sorted(places)
        assert len(places) == 6


async def test_a_cursor_of_the_list_goes_on_in_the_picture(client: AsyncClient) -> None:
    await a_caseload(client)
    page = (await client.get("/v1/caseloads", params=WHOSE | {"limit": "2"}, headers=ACTING)).json()
    rest = said(image(await asked(client, limit="2", cursor=page["next_cursor"])))
    everything = await caseload(client, actor="professional;p")
    refs = [case["alliance"]["members"][0]["ref"] for case in everything]
    assert [ref in rest.split() for ref in refs] == [False, False, True, True, False, False]
    wrong = await asked(client, limit="2", cursor=page["next_cursor"], has="drop")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_cursor")


async def test_what_a_reader_may_not_see_is_in_no_caseload_picture(client: AsyncClient) -> None:
    own_eyes = {"audience": ["client"], "level": "items"}
    alliance = of("a")
    sent = [
        rating(number, "client", alliance=alliance, notice=own_eyes, answers=answers(13))
        for number in (1, 2, 3)
    ]
    sent.append(rating(1, "professional", alliance=alliance, answers=answers(31)))
    await send(client, sent)
    for kind in ("svg", "html"):
        seen = {
            actor: (await asked(client, kind, actor=actor)).text
            for actor in ("client;client-a", "professional;p", "supervisor;s", "client;other")
        }
        assert "1.44" in seen["client;client-a"]
        for reader in ("professional;p", "supervisor;s"):
            assert "1.44" not in seen[reader], reader
            assert "3.44" in seen[reader]
        assert "client-a" not in seen["client;other"]
    page = (await asked(client, "html")).text
    assert page.count("not for this reader (2026-0") == 3


async def test_a_page_of_a_caseload_has_a_row_for_each_line(client: AsyncClient) -> None:
    await a_caseload(client)
    page = Page()
    answer = await asked(client, "html")
    page.feed(answer.text)
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe", "form", "a", "object"}
    assert len(page.ids) == len(set(page.ids)) == 4
    # Of six alliances two have both sides, two the client's, two none.
    assert page.rows == page.headed == 2 * 2 + 2 + 2
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")


async def test_a_known_caseload_picture_is_answered_without_a_body(client: AsyncClient) -> None:
    await a_caseload(client)
    for kind in ("svg", "html"):
        first = await asked(client, kind)
        headers = ACTING | {"If-None-Match": first.headers["ETag"]}
        path = f"/v1/caseloads.{kind}"
        again = await client.get(path, params=WHOSE, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        narrower = WHOSE | {"labels": "de"}
        other = await client.get(path, params=narrower, headers=headers)
        assert other.status_code == 200


async def test_nothing_that_callers_send_gets_out_of_its_place(client: AsyncClient) -> None:
    hostile = HOSTILE.replace("\ufffe", "").replace("\u200b", "")
    alliance = pair(external_id="a", client_ref=hostile, professional_ref="p")
    await send(client, [rating(1, "client", alliance=alliance, answers=answers(20))])
    for kind in ("svg", "html"):
        text = (await asked(client, kind)).text
        assert "<script" not in text
        assert "&lt;script&gt;" in text


async def test_clients_of_one_name_are_told_apart_by_the_alliances_own_id(
    client: AsyncClient,
) -> None:
    for name in ("first", "second"):
        alliance = pair(external_id=name, client_ref="c", professional_ref="p")
        sent = [rating(1, "client", alliance=alliance, answers=answers(20))]
        await send(client, sent)
    told = str(image(await asked(client)).findtext(f"{NAMESPACE}desc"))
    assert "c (first): Client 2.22" in told
    assert "c (second): Client 2.22" in told


async def test_a_caseload_without_alliances_says_so(client: AsyncClient) -> None:
    root: ET.Element = image(await asked(client))
    assert "No current alliances here." in said(root)
    page = Page()
    page.feed((await asked(client, "html")).text)
    assert page.rows == 0
