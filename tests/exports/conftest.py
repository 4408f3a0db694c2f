"""Exports as their callers read them, and the worker that makes them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from app.database import Database
from app.exports.working import Files, work_off
from app.instruments.definitions import shipped
from app.tenants.scopes import Scope
from app.tenants.service import create_key
from tests.conftest import Tenant

LATER = timedelta(seconds=10)
Work = Callable[..., Awaitable[int]]


@pytest.fixture
def work(database: Database) -> Work:
    """Has a worker do all there is to do, ten seconds from now or at another time."""

    async def done(now: datetime | None = None, files: Files | None = None) -> int:
        known: Files = {} if files is None else files
        steps = total = 1
        while steps:
            steps = await work_off(database, shipped(), known, now or datetime.now(UTC) + LATER)
            total += steps
        return total - 1

    return done


@pytest.fixture
def new_key(app: FastAPI) -> Callable[..., Awaitable[Tenant]]:
    """Makes one more key of a tenant."""

    async def make(tenant: Tenant, *scopes: Scope) -> Tenant:
        async with app.state.database.platform_transaction(tenant.id) as transaction:
            key = await create_key(transaction, "test", scopes, datetime.now(UTC))
        assert key is not None
        return Tenant(app, tenant.id, key)

    return make
