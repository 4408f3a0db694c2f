"""What goes wrong in Postgres: its own log holds no row, and ours no more than the SQLSTATE."""

import json
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient

from app.database import Row
from app.main import create_app
from app.settings import Settings
from app.statements import Statement
from app.tenants.authentication import database_of
from tests.conftest import Tenant
from tests.logs.conftest import Lines, Watch
from tests.logs.marks import Marks
from tests.support.factories import submission

AGAIN = Statement(
    "INSERT INTO responses SELECT (jsonb_populate_record(stored, $2)).* FROM responses AS stored "
    "WHERE tenant_id = $1",
    ("tenant_id", "changes"),
    {},
)
"""Stores a tenant's responses once more, with some of their columns changed."""
NOT_SO = {"id": "019ab0b6-7e62-7ae1-8f6f-000000000001", "external_version": 0}
"""A check of the table forbids it."""
IN_LOG: dict[str, set[str]] = {
    "SHOW log_error_verbosity": set(),  # as we start it
    "SET log_error_verbosity = 'default'": {"postgres: stored", "postgres: answers"},
}
"""What a session begins with -> what of a refused row is in the log of Postgres."""


@pytest.fixture
def postgres_url(database_url: str, postgres_log: Path | None) -> str:
    """The database, if the server is one that we started."""
    if postgres_log is None:
        pytest.skip("the server is not ours")
    return database_url


@pytest.fixture
async def marks(tenant: Tenant) -> Marks:
    """Marks, of which a response of the tenant's holds one."""
    made = Marks()
    async with tenant.client() as client:
        sent = submission(occasion={"session_ref": made.text("stored"), "session_number": 1})
        assert (await client.post("/v1/responses", json=sent)).status_code == 201
    return made


async def test_a_row_that_postgres_refuses_is_told_by_its_sqlstate(
    settings: Settings, tenant: Tenant, marks: Marks, logged: Callable[[], Lines]
) -> None:
    async def fails(request: Request) -> Row | None:
        async with database_of(request).transaction(tenant.id) as transaction:
            answers = {"1": marks.number("answers")}
            return await transaction.row(AGAIN, changes=NOT_SO | {"answers": answers})

    failing = create_app(settings)
    failing.add_api_route("/v1/fails", fails, response_model=None)
    async with failing.router.lifespan_context(failing):
        answer = await _get(failing, "/v1/fails")
    error, request = logged()

    assert answer == (500, "internal_error")
    assert error.pop("timestamp") < request["timestamp"]
    assert error == {
        "level": "error",
        "logger": "rapport.database",
        "event": "database_error",
        "request_id": request["request_id"],
        "kind": "CheckViolationError",
        "sqlstate": "23514",
    }
    assert (request["route"], request["status"]) == ("/v1/fails", 500)


async def _get(app: FastAPI, path: str) -> tuple[int, str]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://service") as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("begin", IN_LOG)
async def test_a_row_that_postgres_refuses_is_not_in_its_log(
    tenant: Tenant, marks: Marks, watch: Watch, postgres_url: str, begin: str
) -> None:
    changes = json.dumps(NOT_SO | {"answers": {"1": marks.number("answers")}})
    connection = await asyncpg.connect(postgres_url)  # as superuser: no row is hidden from it
    try:
        async with watch(marks) as leaks:
            await connection.execute(begin)
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(AGAIN.sql, tenant.id, changes)
    finally:
        await connection.close()

    assert leaks.found == IN_LOG[begin]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("log_error_verbosity", "terse"),  # no DETAIL: the failing row, the key that is double
        ("log_min_error_statement", "panic"),  # no STATEMENT
        ("log_statement", "none"),
        ("log_min_duration_statement", "-1"),
        ("log_parameter_max_length_on_error", "0"),
    ],
)
async def test_our_own_postgres_logs_no_statement_and_no_value(
    postgres_url: str, setting: str, value: str
) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetchval("SELECT current_setting($1)", setting) == value
    finally:
        await connection.close()
