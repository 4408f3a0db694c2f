"""The examples in the contract are true: sent as they stand, they are taken."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.conftest import Clock, Tenant
from tests.support.contract import Operation, contract, operations_with_key
from tests.support.factories import below_the_cut, pair
from tests.support.own import OWN, definition, draft, publish

SCHEMAS = contract()["components"]["schemas"]
(SUBMISSION,) = SCHEMAS["Submission"]["examples"]


def examples_of(operation: Operation) -> Iterator[Any]:
    """The examples of an operation's body, on the body or on the object it names."""
    if operation.takes_body:
        content = operation.about["requestBody"]["content"]["application/json"]
        schema = SCHEMAS[content["schema"]["$ref"].split("/")[-1]]
        yield from schema.get("examples", [])
        yield from (one["value"] for one in content.get("examples", {}).values())


EXAMPLES = [
    pytest.param(operation, example, id=f"{operation.id}-{number}")
    for operation in operations_with_key()
    for number, example in enumerate(examples_of(operation))
]


@pytest.mark.parametrize(("operation", "example"), EXAMPLES)
async def test_an_example_is_taken_as_it_stands(
    callers: dict[str | None, AsyncClient],
    tenant: Tenant,
    clock: Clock,
    operation: Operation,
    example: Any,
) -> None:
    clock.fixed = datetime(2026, 12, 1, tzinfo=UTC)
    client, headers = callers[operation.key], {}
    url = operation.url(tenant_id=str(tenant.id))
    if "{instrument}" in operation.path:
        await draft(client, definition())
        if operation.id == "put_text_pack":
            await publish(client, definition())
        url = operation.url(instrument=OWN, form="client", language="en")
    if operation.id == "update_alliance":
        made = await client.post("/v1/alliances", json=pair())
        url, headers = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    if operation.id in {"amend_response", "void_response"}:
        made = await client.post("/v1/responses", json=SUBMISSION)
        url = operation.url(response_id=made.json()["id"])
    if operation.id == "record_mark":
        made = await client.post("/v1/responses", json=SUBMISSION)
        url = operation.url(alliance_id=made.json()["alliance_id"])
    if operation.id == "act_on_signal":
        made = await client.post("/v1/responses", json=below_the_cut())
        url = operation.url(signal_id=made.json()["signals"][0]["id"])
    if operation.id == "set_signal_settings":
        headers = {"If-Match": (await client.get(url)).headers["ETag"]}
    answer = await client.request(operation.method.upper(), url, json=example, headers=headers)

    assert answer.is_success, answer.text
    if "scores" in answer.json():
        assert {one["status"] for one in answer.json()["scores"]} == {"scored"}


def test_every_operation_with_a_body_has_an_example() -> None:
    with_example = {param.values[0].id for param in EXAMPLES}  # type: ignore[union-attr]
    assert with_example == {one.id for one in operations_with_key() if one.takes_body}


def test_every_example_of_a_part_fits_its_schema() -> None:
    resource = DRAFT202012.create_resource(contract())
    registry: Registry[Any] = Registry().with_resource("urn:contract", resource)
    checked = 0
    for schema in SCHEMAS.values():
        for part in [schema, *schema.get("properties", {}).values()]:
            for example in part.get("examples", []):
                rebased = _rebased(part)
                Draft202012Validator(rebased, registry=registry).validate(example)
                checked += 1

    assert checked >= 3


def _rebased(part: Any) -> Any:
    """The schema with its references leading into the contract."""
    if isinstance(part, dict):
        return {
            name: f"urn:contract{value}" if name == "$ref" else _rebased(value)
            for name, value in part.items()
        }
    return [_rebased(one) for one in part] if isinstance(part, list) else part
