"""Pictures over HTTP: who sees what, what nobody can put in, and what a browser is told."""

import re
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from httpx import AsyncClient, Response

from tests.charts import courses
from tests.charts.courses import answers, rating, stored
from tests.conftest import Tenant
from tests.support.factories import mark, pair

NAMESPACE = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>&\"' \ufffe\u200b"


async def asked(client: AsyncClient, alliance_id: str, kind: str, **headers: str) -> Response:
    return await client.get(f"/v1/alliances/{alliance_id}/trend.{kind}", headers=headers)


def image(answer: Response) -> ET.Element:
    assert answer.status_code == 200, answer.text
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def said(root: ET.Element) -> str:
    return " ".join("".join(part.itertext()) for part in root.iter(f"{NAMESPACE}text"))


async def test_a_picture_has_a_name_a_description_and_loads_nothing(client: AsyncClient) -> None:
    alliance_id = await courses.a_pair(client)
    answer = await asked(client, alliance_id, "svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    root = image(answer)
    ids = {part.get("id"): part for part in root.iter() if part.get("id")}
    title, description = (ids[one] for one in root.attrib["aria-labelledby"].split())
    assert (root.get("role"), title.tag, description.tag) == (
        "img", f"{NAMESPACE}title", f"{NAMESPACE}desc"
    )  # fmt: skip
    assert "Total, Client: 14 ratings, the latest 1.33 of 0 to 4 (2026-04-20" in str(
        description.text
    )
    assert {part.tag.removeprefix(NAMESPACE) for part in root.iter()} <= {
        "svg", "title", "desc", "defs", "pattern", "rect", "g", "path", "text"
    }  # fmt: skip
    targets = re.findall(r"url\((.*?)\)", answer.text)
    assert targets
    assert all(target.removeprefix("#") in ids for target in targets)
    assert "href" not in answer.text


async def test_a_page_holds_what_the_picture_shows_and_runs_nothing(client: AsyncClient) -> None:
    alliance_id = await courses.a_pair(client)
    answer = await asked(client, alliance_id, "html")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page()
    page.feed(answer.text)
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe", "form", "a", "object"}
    assert len(page.ids) == len(set(page.ids)) > 4
    trend = (await client.get(f"/v1/alliances/{alliance_id}/trend")).json()
    ratings = sum(len(stream["points"]) for stream in trend["streams"])
    happened = len(trend["drops"]) + len(trend["signals"]) + len(trend["marks"])
    assert page.rows == ratings + happened
    assert page.headed == page.rows


class Page(HTMLParser):
    """Reads a page as a browser does, as far as these tests ask."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.rows = self.headed = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids += [one for name, one in attrs if name == "id" and one]
        assert not [name for name in given if name.startswith("on")]
        if tag != "meta":
            self.open.append(tag)
        self.rows += tag == "tr" and "tbody" in self.open
        self.headed += tag == "th" and given.get("scope") == "row"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_a_known_tag_is_answered_without_a_body(client: AsyncClient) -> None:
    alliance_id = await courses.numbered(client)
    for kind in ("svg", "html"):
        first = await asked(client, alliance_id, kind)
        tag = first.headers["ETag"]
        for known in (tag, f'"other", W/{tag}', "*"):
            again = await asked(client, alliance_id, kind, **{"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["ETag"] == tag
        other = await asked(client, alliance_id, kind, **{"If-None-Match": '"other"'})
        assert other.text == first.text
    sent = rating(10, "client", occasion={"session_number": 10}, answers=answers(9))
    found = (await client.get(f"/v1/alliances/{alliance_id}")).json()
    await client.post("/v1/responses", json=sent | {"alliance": {"id": found["id"]}})
    changed = await asked(client, alliance_id, "html", **{"If-None-Match": tag})
    assert changed.status_code == 200


async def test_what_a_reader_may_not_see_is_in_no_picture_and_on_no_page(
    client: AsyncClient,
) -> None:
    alliance = pair(external_id="a", client_ref="c", professional_ref="p")
    own_eyes = {"audience": ["client"], "level": "items"}
    sent = [
        rating(number, "client", alliance=alliance, notice=own_eyes, answers=answers(13))
        for number in (1, 2, 3)
    ]
    sent.append(rating(1, "professional", alliance=alliance, answers=answers(31)))
    alliance_id = await stored(client, sent)
    secret = mark(kind="rupture", note="only mine", notice=own_eyes)
    assert (await client.post(f"/v1/alliances/{alliance_id}/marks", json=secret)).is_success
    for kind in ("svg", "html"):
        seen = {
            role: (await asked(client, alliance_id, kind, **{"Rapport-Actor": role})).text
            for role in ("client;c", "professional;p", "supervisor;s")
        }
        assert "1.44" in seen["client;c"]
        assert "upture that somebody noticed" in seen["client;c"] or kind == "html"
        for reader in ("professional;p", "supervisor;s"):
            assert "1.44" not in seen[reader], reader
            assert "only mine" not in seen[reader]
            assert "1 rupture noticed" not in seen[reader]
            assert "3.44" in seen[reader]


async def test_signals_for_supervision_are_drawn_for_supervisors_alone(
    client: AsyncClient,
) -> None:
    """A fall of the client's that the professional did not notice."""
    alliance = pair(external_id="a", client_ref="c", professional_ref="p")
    sent = []
    for number in range(1, 9):
        own = answers(10 if number in {6, 7} else 31 + number % 2)
        sent.append(rating(number, "client", alliance=alliance, answers=own))
        other = rating(number, "professional", alliance=alliance, answers=answers(29))
        sent.append(other)
    alliance_id = await stored(client, sent)
    path = f"/v1/alliances/{alliance_id}/trend"
    texts, pages, flags = {}, {}, {}
    for role in ("professional;p", "supervisor;s"):
        headers = {"Rapport-Actor": role}
        signals = (await client.get(path, headers=headers)).json()["signals"]
        pages[role] = (await client.get(f"{path}.html", headers=headers)).text
        flags[role] = said(image(await asked(client, alliance_id, "svg", **headers)))
        texts[role] = {one["text"] for one in signals}
        assert texts[role]
        assert all(text in pages[role] for text in texts[role])
    hidden = texts["supervisor;s"] - texts["professional;p"]
    assert hidden
    assert not [text for text in hidden if text in pages["professional;p"]]
    assert flags["professional;p"] != flags["supervisor;s"]


async def test_no_text_of_a_caller_becomes_markup(client: AsyncClient) -> None:
    members = [{"role": "client", "ref": f"{HOSTILE}{n}"} for n in (1, 2)]
    members.append({"role": "professional", "ref": HOSTILE})
    alliance = {"external_id": "a", "members": members}
    sent = [
        rating(1, "client", rater=member, about_ref=HOSTILE, alliance=alliance, answers=answers(20))
        for member in members[:2]
    ]
    alliance_id = await stored(client, sent)
    noted = mark(note=HOSTILE, by={"role": "client", "ref": members[0]["ref"]})
    noted |= {"notice": {"audience": ["professional", "client"], "level": "items"}}
    answer = await client.post(f"/v1/alliances/{alliance_id}/marks", json=noted)
    assert answer.is_success, answer.text
    acting = {"Rapport-Actor": "client;x"}
    assert "alert(1)" in said(image(await asked(client, alliance_id, "svg", **acting)))
    page = (await asked(client, alliance_id, "html", **acting)).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\ufffe" not in page


async def test_a_view_cuts_the_picture_and_nothing_else(client: AsyncClient) -> None:
    """A drop that began before the view is drawn as far as it reaches into it."""
    alliance_id = await courses.a_pair(client)
    path = f"/v1/alliances/{alliance_id}/trend.html?scale=total"
    acting = {"Rapport-Actor": "professional;p"}
    whole = (await client.get(path, headers=acting)).text
    part = (await client.get(f"{path}&from=2026-03-01&to=2026-03-31", headers=acting)).text
    assert "Drop, repaired" in part
    assert "Without a place in this view: " in part
    assert "2026-03-02, session 7" in part
    assert "2026-02-09, session 4" in whole
    assert "2026-02-09, session 4" not in part
    none = (await client.get(f"{path}&from=2027-01-01", headers=acting)).text
    assert "No ratings to draw here." in none


async def test_unplaced_ratings_are_listed(client: AsyncClient) -> None:
    alliance_id = await courses.partly_placed(client)
    text = said(image(await asked(client, alliance_id, "svg")))
    assert "Without a place in the order: Client, Total: 3.11; " in text
    assert "and 2 more" in text


async def test_a_long_course_stays_small_and_the_text_does_not_grow_with_it(
    client: AsyncClient,
) -> None:
    alliance_id = await courses.a_long_course(client)
    answer = await asked(client, alliance_id, "svg")
    assert len(answer.content) < 160_000
    assert len(list(image(answer).iter())) < 400


@pytest.mark.parametrize("width", [280, 359, 640, 2000])
async def test_no_text_is_cut_off_at_any_width(client: AsyncClient, width: int) -> None:
    alliance_id = await courses.a_family(client)
    answer = await client.get(f"/v1/alliances/{alliance_id}/trend.svg?width={width}&language=de")
    root = image(answer)
    assert root.get("width") == str(width)
    for right in ends(root, 0.0):
        assert right <= width + 1


def ends(part: ET.Element, left: float) -> list[float]:
    """The right ends of all texts, as wide as they are taken to be."""
    moved = re.match(r"translate\(([\d.-]+)", part.get("transform", ""))
    left += float(moved[1]) if moved else 0.0
    found = [one for child in part for one in ends(child, left)]
    if part.tag == f"{NAMESPACE}text":
        size, x = float(part.get("font-size", "12")), left + float(part.get("x", "0"))
        wide = 0.52 * size * len(part.text or "")
        share = {"end": 0.0, "middle": 0.5}.get(part.get("text-anchor", ""), 1.0)
        found.append(x + share * wide)
    return found


async def test_the_pictures_of_another_tenant_are_not_there(
    client: AsyncClient, new_tenant: Callable[[], Awaitable[Tenant]]
) -> None:
    alliance_id = await courses.numbered(client)
    async with (await new_tenant()).client() as stranger:
        for kind in ("svg", "html"):
            answer = await asked(stranger, alliance_id, kind, **{"If-None-Match": "*"})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
