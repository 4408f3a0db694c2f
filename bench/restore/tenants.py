"""A database as docs/how-to/run-in-production.md makes it, with its logins and some tenants."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.cli.access import in_transaction
from app.cli.migrate import migrate
from app.settings import Settings, settings_from
from app.tenants.scopes import Scope
from app.tenants.service import create_key, create_tenant, new_tenant_id, revoke_key
from bench.crash.postgres import OwnPostgres
from bench.store import asked

NAME: Final = "rapport"
ROLES: Final = (
    "CREATE ROLE rapport_app NOLOGIN",
    "CREATE ROLE rapport_platform NOLOGIN",
    "CREATE ROLE rapport_worker NOLOGIN",
    "CREATE ROLE rapport_owner LOGIN",
    "CREATE ROLE rapport_service LOGIN NOINHERIT",
    "GRANT rapport_app, rapport_platform, rapport_worker TO rapport_owner WITH ADMIN OPTION",
    "CREATE ROLE rapport_backup LOGIN BYPASSRLS",
    "GRANT pg_read_all_data TO rapport_backup",
    f"CREATE DATABASE {NAME} OWNER rapport_owner",
)


@dataclass(frozen=True, slots=True)
class Held:
    """One tenant and its key."""

    tenant_id: UUID
    key: str


def made_ready(server: OwnPostgres) -> None:
    """Logins, roles and an empty database, as for a new installation."""
    for statement in ROLES:
        asked(server.url, statement)


def url(server: OwnPostgres, login: str) -> str:
    """Where a login connects to the database."""
    return server.database_url(NAME).replace("//postgres@", f"//{login}@")


def settings(server: OwnPostgres) -> Settings:
    """As the service and the migration have them."""
    return settings_from(
        {
            "DATABASE_URL": url(server, "rapport_service"),
            "DATABASE_OWNER_URL": url(server, "rapport_owner"),
        }
    )


def tenants(server: OwnPostgres, count: int) -> list[Held]:
    """New tenants in a schema that is brought up to date, each with a key of all scopes."""
    migrate(settings(server))
    return [_tenant(settings(server)) for _ in range(count)]


def revoked(server: OwnPostgres, held: Held) -> None:
    """Revoke a tenant's key."""
    key_id, now = held.key.split("_")[2], datetime.now(UTC)
    in_transaction(settings(server), held.tenant_id, lambda t: revoke_key(t, key_id, now))


def _tenant(found: Settings) -> Held:
    tenant_id, now = new_tenant_id(), datetime.now(UTC)
    in_transaction(found, tenant_id, lambda t: create_tenant(t, "Drill", now))
    key = in_transaction(found, tenant_id, lambda t: create_key(t, "drill", list(Scope), now))
    return Held(tenant_id, key or "")
