"""The documentation page works where there is no way out of the house."""

import re
from html.parser import HTMLParser
from typing import Any

from httpx import AsyncClient

from tests.support.contract import contract


class Addresses(HTMLParser):
    """What a page loads, and what its scripts say."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value for name, value in attrs if name in {"src", "href"} and value]


async def page(client: AsyncClient) -> tuple[str, list[str]]:
    answer = await client.get("/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    found = Addresses()
    found.feed(answer.text)
    return answer.text, found.loaded


async def test_the_page_names_no_other_host(client: AsyncClient) -> None:
    text, loaded = await page(client)

    assert loaded
    assert all(re.match(r"/[^/]", one) for one in loaded)
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text)
    assert "url: '/openapi.json'" in text


async def test_every_asset_comes_from_the_service_with_its_type(client: AsyncClient) -> None:
    types = {"js": "javascript", "css": "text/css", "png": "image/png"}
    _, loaded = await page(client)
    for address in loaded:
        answer = await client.get(address)
        assert answer.status_code == 200
        assert types[address.rpartition(".")[2]] in answer.headers["Content-Type"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(answer.content) > 100


async def test_the_styles_load_nothing_either(client: AsyncClient) -> None:
    _, loaded = await page(client)
    for address in (one for one in loaded if one.endswith(".css")):
        text = (await client.get(address)).text
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", text)


async def test_the_service_gives_the_contract_that_is_committed(client: AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    given: dict[str, Any] = answer.json()

    assert answer.headers["Content-Type"] == "application/json"
    assert given == contract()
