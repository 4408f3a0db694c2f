"""Bodies of the wrong shape on the platform's calls: pointed at, and never repeated."""

import secrets
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.edge.bodies import Path, at, changed, places, pointer
from tests.edge.test_fields import WRONG, resolves

MARK = "qzxmark"
NUMBER = 871_387_138
SHAPES: list[Any] = [
    MARK, f"{MARK}\x07", MARK * 40, NUMBER, NUMBER + 0.5, [MARK], {f"{MARK}-name" * 9: MARK},
    f"2036-01-01T00:00:00Z{MARK}",
]  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "tenant": {
        "name": "North",
        "default_notice": {"ref": "n", "audience": ["client"], "level": "items"},
        "id": str(uuid4()),
    },
    "key": {"label": "x", "scopes": ["trends:read"], "expires_at": "2036-01-01T00:00:00Z"},
}
EVERY_PLACE = [
    pytest.param(name, path, id=f"{name}{pointer(path)}")
    for name, body in BODIES.items()
    for path in places(body)
]


@pytest.fixture
def urls(tenant: Tenant) -> dict[str, str]:
    """Where each body goes."""
    return {"tenant": "/v1/tenants", "key": f"/v1/tenants/{tenant.id}/keys"}


def fresh(name: str) -> dict[str, Any]:
    """The body, for a tenant that is not there yet."""
    return BODIES[name] | ({"id": str(uuid4())} if name == "tenant" else {})


@pytest.mark.parametrize(("name", "path"), EVERY_PLACE)
async def test_a_wrong_type_anywhere_is_pointed_at(
    platform_client: AsyncClient, urls: dict[str, str], name: str, path: Path
) -> None:
    refused = 0
    for wrong in WRONG:
        sent = changed(fresh(name), path, wrong)
        answer = await platform_client.post(urls[name], json=sent)
        assert answer.status_code in {201, 422}, (wrong, answer.text)
        refused += answer.status_code == 422
        for error in answer.json().get("errors", []):
            assert resolves(sent, error["pointer"]), (wrong, error)

    assert refused >= len(WRONG) - 2


@pytest.mark.parametrize(("name", "path"), EVERY_PLACE)
async def test_no_value_comes_back_in_a_refusal(
    platform_client: AsyncClient, urls: dict[str, str], name: str, path: Path
) -> None:
    for shape in SHAPES:
        sent = changed(fresh(name), path, shape)
        answer = await platform_client.post(urls[name], json=sent)
        if answer.status_code == 422:
            said = answer.text + str(answer.headers)
            assert MARK not in said
            assert str(NUMBER) not in said


@pytest.mark.parametrize("name", BODIES)
async def test_an_unknown_field_is_pointed_at_in_every_object(
    platform_client: AsyncClient, urls: dict[str, str], name: str
) -> None:
    body = fresh(name)
    for path in [(), *(path for path in places(body) if isinstance(at(body, path), dict))]:
        unknown = secrets.token_hex(3)
        sent = changed(body, (*path, unknown), 1)
        answer = await platform_client.post(urls[name], json=sent)
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
            (f"{pointer(path)}/{unknown}", "unknown_field")
        ]
