"""Bodies of the wrong shape: which field, which kind, and where, as a JSON pointer."""

import json
from typing import Any

import pytest
from httpx import AsyncClient

from tests.edge.bodies import BODIES, SCORE, Path, at, changed, method_of, places, pointer

WRONG: list[Any] = [[], {}, "marker-text", 10**400, -1, 0.5, True, [[]], {"marker": []}, None, ""]

MAPS = [(name,) for name in ("keys", "forms", "status", "expected", "items", "labels")]

EVERY_PLACE = [
    pytest.param(name, path, id=f"{name}{pointer(path)}")
    for name, (_, body) in BODIES.items()
    for path in places(body)
]


@pytest.mark.parametrize(("name", "path"), EVERY_PLACE)
async def test_a_wrong_type_anywhere_is_pointed_at(
    client: AsyncClient, name: str, path: Path
) -> None:
    url, body = BODIES[name]
    refused = 0
    for wrong in WRONG:
        if wrong == at(body, path):
            continue
        sent = changed(body, path, wrong)
        answer = await client.request(method_of(name), url, json=sent)
        assert answer.status_code in {200, 201, 404, 409, 422, 428}, (wrong, answer.text)
        if answer.status_code != 422:
            continue
        refused += 1
        assert answer.json()["errors"]
        for error in answer.json()["errors"]:
            assert resolves(sent, error["pointer"]), (wrong, error)
            assert "marker-text" not in error["detail"]

    assert refused >= len(WRONG) - 5, "Most of these are no value for any field."


def resolves(body: Any, pointer: str) -> bool:
    """Whether the pointer names a value in the body, or one that is missing in an object of it."""
    assert pointer == "" or pointer.startswith("/")
    *path, last = [""] + [
        part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]
    ]
    for part in path[1:]:
        body = body[int(part)] if isinstance(body, list) else body[part]
    return (
        last == "" or isinstance(body, dict) or (isinstance(body, list) and int(last) < len(body))
    )


@pytest.mark.parametrize("name", BODIES)
async def test_an_unknown_field_is_pointed_at_in_every_object(
    client: AsyncClient, name: str
) -> None:
    url, body = BODIES[name]
    objects = [(), *(path for path in places(body) if isinstance(at(body, path), dict))]
    for path in objects:
        if "answers" in path or path[-1:] in MAPS:
            continue  # item numbers are no fields, nor are names that the sender chooses
        sent = changed(body, (*path, "a/b~c"), 1)
        answer = await client.request(method_of(name), url, json=sent)
        found = [error for error in answer.json()["errors"] if error["code"] == "unknown_field"]
        assert answer.status_code == 422
        assert [error["pointer"] for error in found] == [f"{pointer(path)}/a~1b~0c"]


@pytest.mark.parametrize("body", [[], [{}], "text", "", 1, None, True], ids=repr)
@pytest.mark.parametrize("name", ["score", "response", "pair", "patch"])
async def test_a_body_that_is_no_object(client: AsyncClient, name: str, body: Any) -> None:
    answer = await client.request(
        method_of(name),
        BODIES[name][0],
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == [""]


@pytest.mark.parametrize("missing", ["instrument", "answers"])
async def test_a_missing_field_is_pointed_at(client: AsyncClient, missing: str) -> None:
    sent = {name: value for name, value in SCORE.items() if name != missing}
    answer = await client.post("/v1/scores", json=sent)

    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        (f"/{missing}", "required")
    ]


async def test_a_text_in_the_place_of_a_name_is_not_given_back(client: AsyncClient) -> None:
    text = "the client said on Tuesday that she would rather not come again, ever " * 2
    for sent, where in (
        (SCORE | {text: 1}, ""),
        (SCORE | {"answers": {text: 4}}, "/answers"),
        (SCORE | {"rater": {"role": "client", text: 1}}, "/rater"),
    ):
        answer = await client.post("/v1/scores", json=sent)
        assert [error["pointer"] for error in answer.json()["errors"]] == [where]
        assert "Tuesday" not in answer.text


async def test_a_wrong_item_number_is_pointed_at_without_a_word_of_the_validator(
    client: AsyncClient,
) -> None:
    answer = await client.post("/v1/scores", json=SCORE | {"answers": {"x" * 21: 4}})

    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/answers/{'x' * 21}"]


async def test_many_faults_make_no_large_answer(client: AsyncClient) -> None:
    answer = await client.post("/v1/scores", json=SCORE | {f"f{n}": 1 for n in range(5000)})

    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(" 4999 more: see errors.")
    assert len(answer.json()["errors"]) == 100
