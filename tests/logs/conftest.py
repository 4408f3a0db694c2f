"""The lines of the log, and callers whose answers are not held against the contract."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.settings import LogLevel
from tests.logs.leaks import Leaks, watched
from tests.logs.marks import Marks
from tests.support.logs import logging_at

Lines = list[dict[str, Any]]
Watch = Callable[[Marks], AbstractAsyncContextManager[Leaks]]


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], Lines]]:
    """The lines written since it was last asked; every level is written."""
    with logging_at(LogLevel.DEBUG):
        yield lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.fixture
def watch(
    logged: Callable[[], Lines],
    capfd: pytest.CaptureFixture[str],
    database_url: str,
    postgres_log: Path | None,
) -> Watch:
    """Begins a search for marks."""
    return lambda marks: watched(marks, capfd, database_url, postgres_log)


@pytest.fixture
async def anybody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller without a key."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as made:
        yield made
