"""A served instance on a free loopback port, and a tenant with a key for each test."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.access import in_transaction
from app.settings import Settings
from app.tenants.scopes import Scope
from app.tenants.service import create_key, create_tenant, new_tenant_id
from tests.support.served import serving


@pytest.fixture(scope="session")
def served(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a `rapport serve` of this session listens, on the tests' own database."""
    with serving(database_url, tmp_path_factory.mktemp("served") / "log") as url:
        yield url


@pytest.fixture
def api_key(settings: Settings) -> str:
    """A key with all scopes of a tenant of the test's own."""
    tenant_id, now = new_tenant_id(), datetime.now(UTC)
    in_transaction(settings, tenant_id, lambda t: create_tenant(t, "Documentation", now))
    key = in_transaction(settings, tenant_id, lambda t: create_key(t, "docs", list(Scope), now))
    assert key is not None
    return key


@pytest.fixture
def reader_environment(
    served: str, api_key: str, database_url: str, no_proxy_environment: dict[str, str]
) -> dict[str, str]:
    """What a reader has set who follows a page: the service's address, a key, the commands."""
    programs = f"{Path(sys.executable).parent}:{no_proxy_environment['PATH']}"
    given = {"RAPPORT_URL": served, "RAPPORT_KEY": api_key, "DATABASE_URL": database_url}
    return no_proxy_environment | given | {"PATH": programs}


@pytest.fixture
def no_proxy_environment() -> dict[str, str]:
    """This process's environment, in which nothing stands between a client and loopback."""
    return os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
