"""What is attacked: the service with its worker on a database of its own, and who calls it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from app.cli.access import in_transaction
from app.cli.demo import submissions
from app.database import NO_TENANT
from app.settings import settings_from
from app.tenants.scopes import Scope
from app.tenants.service import create_key, create_platform_key, create_tenant, new_tenant_id
from tests.support.corrections import amendment
from tests.support.databases import new_database
from tests.support.factories import below_the_cut
from tests.support.served import command, serving


@dataclass(frozen=True)
class Target:
    """A service to send anything to."""

    url: str
    keys: Path
    """The callers `tenant`, `stranger` and `platform`, as Schemathesis reads them."""


@pytest.fixture
def target(postgres_server: str, tmp_path: Path) -> Iterator[Target]:
    """A database of its own, so that no other test meets the tenants that are made here."""
    with (
        new_database(postgres_server) as database_url,
        serving(database_url, tmp_path / "serve.log") as url,
        command("worker", database_url, tmp_path / "worker.log"),
    ):
        keys = {name: tenant_key(database_url, name) for name in ("tenant", "stranger")}
        for key in keys.values():
            fill(url, key)
        keys["platform"] = platform_key(database_url)
        file = tmp_path / "keys.json"
        file.write_text(json.dumps({"auth": [caller(*one) for one in keys.items()]}))
        yield Target(url, file)


def caller(name: str, key: str) -> dict[str, object]:
    header = {"name": "Authorization", "value": f"Bearer {key}"}
    return {"name": name, "fixedHeaders": [header]}


def tenant_key(database_url: str, name: str) -> str:
    """A key with all scopes of a new tenant."""
    settings, now = (
        settings_from({"DATABASE_URL": database_url, "ALLOW_LOSSY_POSTGRES": "yes"}),
        datetime.now(UTC),
    )
    tenant_id = new_tenant_id()
    in_transaction(settings, tenant_id, lambda t: create_tenant(t, name, now))
    key = in_transaction(settings, tenant_id, lambda t: create_key(t, name, list(Scope), now))
    assert key is not None
    return key


def platform_key(database_url: str) -> str:
    settings, now = (
        settings_from({"DATABASE_URL": database_url, "ALLOW_LOSSY_POSTGRES": "yes"}),
        datetime.now(UTC),
    )
    return in_transaction(settings, NO_TENANT, lambda t: create_platform_key(t, "fuzz", now))


def fill(url: str, key: str) -> None:
    """Store a form that raises a signal, then the demo's; the last is amended, and voided."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        client.post("/v1/responses", json=below_the_cut()).raise_for_status()
        for sent in submissions():
            stored = client.post("/v1/responses", json=sent).raise_for_status().json()
        path = f"/v1/responses/{stored['id']}"
        changed = amendment(sent, answers={"1": 5.5})
        made = client.post(f"{path}/amendments", json=changed).raise_for_status().json()
        void = {"reason": "Entered for the wrong person."}
        client.post(f"/v1/responses/{made['id']}/void", json=void).raise_for_status()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried, and from which seed it can be tried again."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, figures in report.user_properties:
                if name == "fuzz" and isinstance(figures, list):
                    said = "fuzz: seed {}, {} calls of {} operations, {} scenarios"
                    terminalreporter.write_line(said.format(*figures))
