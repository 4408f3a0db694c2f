"""`rapport tenants` and `rapport keys`: who may call."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from app.cli.serve import database_place
from app.database import Transaction, connected
from app.errors import Problem, StartRefused
from app.settings import Settings, read_settings
from app.tenants.service import Scope, create_key, create_tenant, new_tenant_id, revoke_key
from app.tenants.service import keys as all_keys

Result = TypeVar("Result")
LONGEST_LIFE_DAYS: Final = 36500


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the two commands."""
    tenants = commands.add_parser("tenants", help="make tenants").add_subparsers(required=True)
    create = tenants.add_parser("create", help="make a tenant and print its id")
    create.add_argument("name")
    create.set_defaults(run=run_create_tenant)

    keys = commands.add_parser("keys", help="make and revoke API keys").add_subparsers(
        required=True
    )
    create = keys.add_parser("create", help="make a key and print it, this once")
    create.add_argument("--tenant", type=UUID, required=True, help="id of the tenant")
    create.add_argument("--label", type=_label, required=True, help="what the key is for")
    create.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in Scope],
        help="may be given several times; without it: all scopes",
    )
    create.add_argument(
        "--days",
        type=_days,
        metavar="1..36500",
        help="valid for so many days; without it: for ever",
    )
    create.set_defaults(run=run_create_key)
    listed = keys.add_parser("list", help="list a tenant's keys: id, state, label, scopes")
    listed.add_argument("--tenant", type=UUID, required=True, help="id of the tenant")
    listed.set_defaults(run=run_list_keys)
    revoke = keys.add_parser("revoke", help="revoke a key")
    revoke.add_argument("--tenant", type=UUID, required=True, help="id of the tenant")
    revoke.add_argument("key_id", help="the third part of the key: rpt_<tenant>_<key id>_…")
    revoke.set_defaults(run=run_revoke_key)


def _label(text: str) -> str:
    """A label that stays on its line of the list."""
    if not text.isprintable():
        raise argparse.ArgumentTypeError("only printable characters")
    return text


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= LONGEST_LIFE_DAYS:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {LONGEST_LIFE_DAYS}")
    return int(text)


def run_create_tenant(arguments: argparse.Namespace) -> None:
    """Make a tenant and print its id. Raises StartRefused."""
    tenant_id = new_tenant_id()
    now = datetime.now(UTC)
    in_transaction(read_settings(), tenant_id, lambda t: create_tenant(t, arguments.name, now))
    print(tenant_id)


def run_create_key(arguments: argparse.Namespace) -> None:
    """Make a key and print it. Raises StartRefused when there is no such tenant."""
    now = datetime.now(UTC)
    scopes = [Scope(name) for name in arguments.scope or list(Scope)]
    expires_at = now + timedelta(days=arguments.days) if arguments.days else None
    key = in_transaction(
        read_settings(),
        arguments.tenant,
        lambda t: create_key(t, arguments.label, scopes, now, expires_at),
    )
    if key is None:
        raise StartRefused("There is no such tenant.")
    print(key)


def run_list_keys(arguments: argparse.Namespace) -> None:
    """Print a line for each key, oldest first. Raises StartRefused."""
    now = datetime.now(UTC)
    for key in in_transaction(read_settings(), arguments.tenant, all_keys):
        expired = key["expires_at"] is not None and key["expires_at"] <= now
        state = "revoked" if key["revoked_at"] else "expired" if expired else "valid"
        print(key["key_id"], state, key["label"], ",".join(key["scopes"]), sep="\t")


def run_revoke_key(arguments: argparse.Namespace) -> None:
    """Revoke a key. Raises StartRefused when there is none to revoke."""
    now = datetime.now(UTC)
    revoked = in_transaction(
        read_settings(), arguments.tenant, lambda t: revoke_key(t, arguments.key_id, now)
    )
    if not revoked:
        raise StartRefused("There is no such key, or it is revoked already.")
    print("Revoked; refused everywhere within 30 seconds.")


def in_transaction(
    settings: Settings, tenant_id: UUID, work: Callable[[Transaction], Awaitable[Result]]
) -> Result:
    """What work gives in one transaction of the tenant. Raises StartRefused."""

    async def run() -> Result:
        async with (
            connected(settings.database_url, pool_size=1) as database,
            database.transaction(tenant_id) as transaction,
        ):
            return await work(transaction)

    try:
        return asyncio.run(run())
    except (Problem, asyncpg.PostgresError, OSError, TimeoutError, ValueError) as error:
        place = database_place(settings.database_url)
        # A driver's words may repeat part of the URL, and so of a password.
        reason = str(error) if isinstance(error, Problem) else type(error).__name__
        raise StartRefused(f"The database at {place} cannot be used ({reason}).") from None
