"""Every operation of the contract, and every way of naming in it what belongs to another tenant."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI

from tests.isolation.matrix import (
    Tally,
    Tried,
    expected,
    foreign_bytes,
    listed,
    nobodys,
    send,
    theirs,
    tried,
)
from tests.isolation.places import Place, of_tenants, of_the_platform, places
from tests.isolation.recipes import RECIPES, Recipe, put
from tests.isolation.worlds import World, furnish, world
from tests.support.contract import Operation, operations

Record = Callable[[str, object], None]
TENANTS = 3
OPEN = {"get_liveness", "get_readiness", "get_metrics"}
every_operation = pytest.mark.parametrize("operation", of_tenants(), ids=lambda one: one.id)
LISTS = [one for one in of_tenants() if any(place.kind == "cursor" for place in places(one))]


@pytest.fixture(scope="module")
async def others(app: FastAPI) -> AsyncIterator[list[World]]:
    """Tenants that have everything, to be named by somebody else."""
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(world(app)) for _ in range(TENANTS)]
        for changes, one in enumerate(made, 2):
            await furnish(one, app, changes)
        yield made


def recipes(operation: Operation) -> tuple[Recipe, ...]:
    if operation.id not in RECIPES:
        pytest.fail(f"{operation.id} is not tried: add a recipe to tests/isolation/recipes.py")
    return RECIPES[operation.id]


@every_operation
async def test_what_another_tenant_has_reads_as_what_nobody_has(
    app: FastAPI, others: list[World], operation: Operation, record_property: Record
) -> None:
    tally = Tally()
    for recipe in recipes(operation):
        async with world(app) as reader:
            own = await send(reader.client, operation, await recipe.made(reader, "own"))
            assert own.is_success, f"the recipe of {operation.id} makes no valid call: {own.text}"
            await try_everything(reader, operation, recipe, others, tally)

    assert tally.places == set(places(operation)), f"{operation.id}: no recipe tries these places"
    assert tally.foreign_bytes == 0
    record_property("matrix", [len(tally.places), tally.calls, tally.foreign_bytes])


async def try_everything(
    reader: World, operation: Operation, recipe: Recipe, others: list[World], tally: Tally
) -> None:
    for place in filter(recipe.tries, places(operation)):
        tally.places.add(place)
        for other in others:
            for value in theirs(other, operation, place):
                found = await tried(reader, operation, recipe, place, value)
                tally.calls += 1
                tally.foreign_bytes += foreign_bytes(found, other, value)
                if place.kind != "cursor":
                    nothing = nobodys(place, value)
                    judge(found, await tried(reader, operation, recipe, place, nothing), recipe)


def judge(found: Tried, nothing: Tried, recipe: Recipe) -> None:
    """What another has is answered as what nobody has, word for word."""
    said = f"{found.place} {found.answer.text:.300}"
    assert found.text == nothing.text, said
    status = 200 if found.status < 300 else found.status
    assert status == expected(found.place, recipe), said
    if found.place.kind == "filter":
        (whole,) = listed(found.answer) or (None,)
        if whole is found.answer:  # no list: what is counted says nobody; a picture is the same
            counted = found.answer.headers["content-type"].endswith("json")
            assert not counted or found.answer.json()["clients"] is None, said
        else:
            assert whole is None, said


async def test_a_leak_would_show(others: list[World]) -> None:
    (operation,) = (one for one in of_tenants() if one.id == "get_response")
    (recipe,), place = recipes(operation), Place("path", "response_id", "id")
    for one in others:
        found = await tried(one, operation, recipe, place, one.ids["response"])
        nothing = await tried(one, operation, recipe, place, nobodys(place, one.ids["response"]))
        assert found.text != nothing.text
        assert foreign_bytes(found, one, one.ids["response"]) > len(one.mark)


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.id)
async def test_a_cursor_of_another_tenant_is_refused(
    app: FastAPI, others: list[World], operation: Operation
) -> None:
    async with world(app) as reader:
        for other in others:
            for place in places(operation):
                if place.kind == "cursor":
                    (cursor,) = theirs(other, operation, place)
                    (recipe,) = recipes(operation)
                    found = await tried(reader, operation, recipe, place, cursor)
                    broken = nobodys(place, cursor)
                    nothing = await tried(reader, operation, recipe, place, broken)
                    assert (found.status, found.answer.json()["code"]) == (400, "invalid_cursor")
                    assert found.text == nothing.text


@every_operation
async def test_its_owner_finds_what_the_others_do_not(
    others: list[World], operation: Operation
) -> None:
    """Otherwise that nobody finds it would prove nothing."""
    if operation.method != "get":
        return
    for place in places(operation):
        if place.kind in {"id", "filter"}:
            for own in others:
                found = 0
                for value in theirs(own, operation, place):
                    call = await recipes(operation)[0].made(own, f"again-{place.leaf}")
                    put(call, place, value)
                    answer = await send(own.client, operation, call)
                    shown = listed(answer) if answer.is_success else []
                    found += bool(shown)
                assert found, place


@pytest.mark.parametrize("operation", of_the_platform(), ids=lambda one: one.id)
async def test_a_tenants_key_opens_nothing_of_the_platform(
    app: FastAPI, others: list[World], operation: Operation
) -> None:
    async with world(app) as reader:
        for other in others:
            answers = []
            for value in (
                str(other.tenant.id),
                nobodys(Place("path", "", "id"), other.ids["tenant"]),
            ):
                path = {one["name"]: value for one in operation.parameters("path")}
                answer = await reader.client.request(
                    operation.method.upper(), operation.path.format(**path), json={}
                )
                assert answer.status_code in {401, 403}
                answers.append(without_request_id(answer.json()))
            assert answers[0] == answers[1]


def without_request_id(problem: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in problem.items() if name != "request_id"}


def test_every_operation_is_tried() -> None:
    known = {*RECIPES, *OPEN, *(one.id for one in of_the_platform())}
    assert {one.id for one in operations()} == known
