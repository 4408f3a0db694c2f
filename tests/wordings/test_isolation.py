"""One tenant's wording, grants and declared use are nobody else's."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from app.wordings.schemas import GRANT, TEXT
from tests.support.own import declare, definition, form_of, pack, publish, put, texts_path
from tests.wordings.test_packs import words_of


@pytest.fixture
async def other(new_tenant: Callable[..., Any]) -> AsyncIterator[AsyncClient]:
    made = await new_tenant()
    async with made.client() as client:
        yield client


async def test_a_wording_is_shown_to_its_own_tenant_alone(
    client: AsyncClient, other: AsyncClient
) -> None:
    own_words = {*words_of(TEXT), GRANT["reference"], GRANT["attribution"]}
    for caller in (client, other):
        await publish(caller, definition())
        await declare(caller, "clinical")
    await put(client, pack(), texts_path())
    for _ in range(2):
        assert (await form_of(client))["wording"] == "included"
        paths = ("/v1/grants", "/v1/instruments/x-four-questions/rights", "/v1/instruments")
        seen = [await form_of(other), *[(await other.get(path)).json() for path in paths]]
        text = json.dumps(seen)
        assert not [words for words in own_words if len(words) > 12 and words in text]
        assert seen[0]["wording"] == "structure_only"
    assert (await other.delete(texts_path())).status_code == 404
    assert (await form_of(client))["wording"] == "included"


async def test_a_declared_use_is_its_tenants(client: AsyncClient, other: AsyncClient) -> None:
    await declare(client, "research")
    assert (await other.get("/v1/declared-use")).json()["version"] == 0
