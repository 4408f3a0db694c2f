"""What was sent never comes back in a refusal: it can be an answer, or a name."""

from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from httpx import AsyncClient, Response
from pydantic_core._pydantic_core import list_all_errors

from app.edge.problem_documents import validation_problem
from tests.edge.bodies import BODIES, Path, at, changed, method_of, places, pointer
from tests.support.contract import Operation, operations_with_key

MARKER = "qzxmark"
NUMBER = 871_387_138
SHAPES = [
    MARKER,
    f"2026-10-01T10:00:00Z{MARKER}",
    f"2026-10-0{MARKER}",
    f"019ab0b6-7e62-7ae1-8f6f-0000{MARKER}",
    f"client;{MARKER}",
    f"{MARKER} said on Tuesday that she would rather not come any more " * 9,
    f"{MARKER}\x07",
    NUMBER,
    float(NUMBER) + 0.5,
    [MARKER],
    {MARKER + "-in-an-object": MARKER},
]
EVERY_LEAF = [
    pytest.param(name, path, id=f"{name}{pointer(path)}")
    for name, (_, body) in BODIES.items()
    for path in places(body)
    if not isinstance(at(body, path), dict | list)
]
HEADERS = ["Authorization", "Rapport-Actor", "If-Match", "Content-Type", "Idempotency-Key"]


def says_nothing(answer: Response) -> None:
    if answer.status_code < 400:
        return
    text = answer.text
    for error in answer.json()["errors"]:
        text = text.replace(error["pointer"], "")  # names that the caller needs to mend
    for said in (text, str(answer.headers)):
        assert MARKER not in said
        assert str(NUMBER) not in said


@pytest.mark.parametrize(("name", "path"), EVERY_LEAF)
async def test_no_value_of_a_body_comes_back(client: AsyncClient, name: str, path: Path) -> None:
    url, body = BODIES[name]
    for shape in SHAPES:
        sent = changed(body, path, shape)
        says_nothing(await client.request(method_of(name), url, json=sent))
        batch = await client.post("/v1/scores:batch", json={"items": [sent]})
        (verdict,) = batch.json()["items"]
        problem = verdict["problem"] or {"detail": "", "errors": []}
        assert MARKER not in problem["detail"]
        assert all(MARKER not in error["detail"] for error in problem["errors"])


@pytest.mark.parametrize("operation", operations_with_key(), ids=lambda one: one.id)
async def test_no_part_of_path_query_or_header_comes_back(
    callers: dict[str | None, AsyncClient], operation: Operation
) -> None:
    client, method = callers[operation.key], operation.method.upper()
    texts = [shape for shape in SHAPES if isinstance(shape, str) and shape.isprintable()]
    for text in texts:
        for parameter in operation.parameters("path"):
            url = operation.url(**{parameter["name"]: text})
            says_nothing(await client.request(method, url))
        for parameter in operation.parameters("query"):
            query = {parameter["name"]: text}
            answer = await client.request(method, operation.url(), params=query)
            says_nothing(answer)
        unknown = await client.request(method, operation.url(), params={text: text})
        says_nothing(unknown)
        for header in HEADERS:
            answer = await client.request(method, operation.url(), headers={header: text})
            says_nothing(answer)


@pytest.mark.parametrize("known", list_all_errors(), ids=lambda known: known["type"])
def test_no_message_of_the_validator_quotes_its_input(known: Any) -> None:
    """Every kind that pydantic has, so that a new field cannot bring one in unseen."""
    context = {
        name: MARKER if isinstance(value, str) else value
        for name, value in (known.get("example_context") or {}).items()
        if name in {"error", "tag", "encoding_error", "attribute"}
    }
    message = known["message_template_python"]
    for name, value in (known.get("example_context") or {}).items():
        message = message.replace("{" + name + "}", str(context.get(name, value)))
    if known["type"] in {"value_error", "assertion_error"}:
        return  # our own sentences
    raised = RequestValidationError(
        [{"type": known["type"], "loc": ("body", "a"), "msg": message, "ctx": context}]
    )
    (shown,) = validation_problem(raised.errors()).errors
    assert MARKER not in shown.detail
    assert shown.detail
