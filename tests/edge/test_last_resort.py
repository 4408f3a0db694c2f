"""What nobody foresaw: 500 with a problem document, and not a word of the exception anywhere."""

import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.main import create_app
from app.settings import LogLevel, Settings
from tests.support.logs import logging_at

SECRET = "answers of c-1: 4, 2, 1"  # noqa: S105 - what must not leak


class Out(BaseModel):
    """Something with a number."""

    number: int


class Unforeseen(Exception):
    """Of no kind that anybody handles."""


async def raises() -> None:
    secret_in_a_local = SECRET
    raise Unforeseen(secret_in_a_local)


async def raises_from() -> None:
    try:
        await raises()
    except Unforeseen as cause:
        raise ExceptionGroup(SECRET, [ValueError(SECRET)]) from cause


async def answers_wrongly() -> Out:
    return {"number": SECRET}  # type: ignore[return-value]


async def breaks_off() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"the first part"
        raise Unforeseen(SECRET)

    return StreamingResponse(parts())


@pytest.fixture
def broken(settings: Settings) -> FastAPI:
    """The application with routes that fail; it needs no database."""
    made = create_app(settings)
    for route in (raises, raises_from, answers_wrongly, breaks_off):
        made.add_api_route(f"/{route.__name__}", route)
    return made


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What is written to standard output and error, with everything that is logged."""
    with logging_at(LogLevel.DEBUG):
        yield capfd


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://service")


@pytest.mark.parametrize("path", ["/raises", "/raises_from", "/answers_wrongly"])
async def test_an_unforeseen_exception_shows_nothing(
    broken: FastAPI, logged: pytest.CaptureFixture[str], path: str
) -> None:
    async with client_of(broken) as client:
        answer = await client.get(path, headers={"X-Request-Id": "find-me"})

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:rapport:problem:internal_error",
        "title": "Something failed on our side",
        "status": 500,
        "detail": "Something failed on our side",
        "code": "internal_error",
        "request_id": "find-me",
        "errors": [],
    }
    assert answer.headers["Cache-Control"] == "no-store"
    written = logged.readouterr()
    assert SECRET not in written.out + written.err
    told, request = map(json.loads, written.err.splitlines())
    assert (told["event"], told["level"]) == ("unforeseen_error", "error")
    assert told["request_id"] == request["request_id"] == "find-me"
    assert told["route"] == request["route"] == path
    assert request["status"] == 500
    if path != "/answers_wrongly":
        assert told["kind"] in {"Unforeseen", "ExceptionGroup"}
        assert told["frames"][-1].endswith(path[1:])


async def test_an_answer_that_has_begun_is_broken_off(
    broken: FastAPI, logged: pytest.CaptureFixture[str]
) -> None:
    """So that the caller's connection ends in the middle, and half is never taken for whole."""
    transport = httpx.ASGITransport(broken)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        with pytest.raises(ConnectionAbortedError) as raised:
            await client.get("/breaks_off")

    assert raised.value.__suppress_context__
    written = logged.readouterr()
    assert SECRET not in written.out + written.err
    told, request = map(json.loads, written.err.splitlines())
    assert (told["event"], told["kind"]) == ("unforeseen_error", "Unforeseen")
    assert (request["event"], request["status"]) == ("request", 200)
