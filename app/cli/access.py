"""`rapport tenants`, `keys` and `platform-keys`: who may call."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from app.cli.serve import database_place
from app.database import NO_TENANT, Row, Transaction, connected
from app.errors import NotFound, Problem, StartRefused
from app.pagination import HIGHEST_LIMIT
from app.settings import Settings, read_settings
from app.tenants.scopes import Scope
from app.tenants.service import (
    close_tenant,
    create_key,
    create_platform_key,
    create_tenant,
    new_tenant_id,
    platform_keys,
    revoke_key,
    revoke_platform_key,
    tenants_after,
)
from app.tenants.service import keys as all_keys
from app.tenants.verification import key_state

Result = TypeVar("Result")
LONGEST_LIFE_DAYS: Final = 36500
LONGEST_TEXT: Final = 200


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the three commands."""
    _add_tenants(commands.add_parser("tenants", help="make and close tenants"))
    _add_keys(commands.add_parser("keys", help="make and revoke API keys"))
    _add_platform_keys(
        commands.add_parser("platform-keys", help="make and revoke the keys of who hosts tenants")
    )


def _add_tenants(parser: argparse.ArgumentParser) -> None:
    tenants = parser.add_subparsers(required=True)
    create = tenants.add_parser("create", help="make a tenant and print its id")
    create.add_argument("name", type=_one_line)
    create.set_defaults(run=run_create_tenant)
    listed = tenants.add_parser("list", help="list the tenants: id, state, name")
    listed.set_defaults(run=run_list_tenants)
    close = tenants.add_parser("close", help="refuse all keys of a tenant from now on")
    close.add_argument("tenant", type=UUID, help="id of the tenant")
    close.set_defaults(run=run_close_tenant)


def _add_keys(parser: argparse.ArgumentParser) -> None:
    keys = parser.add_subparsers(required=True)
    create = keys.add_parser("create", help="make a key and print it, this once")
    create.add_argument("--tenant", type=UUID, required=True, help="id of the tenant")
    _add_label_and_days(create)
    create.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in Scope],
        help="may be given several times; without it: all scopes",
    )
    create.set_defaults(run=run_create_key)
    listed = keys.add_parser("list", help="list a tenant's keys: id, state, label, scopes")
    listed.add_argument("--tenant", type=UUID, required=True, help="id of the tenant")
    listed.set_defaults(run=run_list_keys)
    revoke = keys.add_parser("revoke", help="revoke a key")
    revoke.add_argument("--tenant", type=UUID, required=True, help="id of the tenant")
    revoke.add_argument("key_id", help="the third part of the key: rpt_<tenant>_<key id>_…")
    revoke.set_defaults(run=run_revoke_key)


def _add_platform_keys(parser: argparse.ArgumentParser) -> None:
    keys = parser.add_subparsers(required=True)
    create = keys.add_parser("create", help="make a platform key and print it, this once")
    _add_label_and_days(create)
    create.set_defaults(run=run_create_platform_key)
    listed = keys.add_parser("list", help="list the platform keys: id, state, label")
    listed.set_defaults(run=run_list_platform_keys)
    revoke = keys.add_parser("revoke", help="revoke a platform key")
    revoke.add_argument("key_id", help="the third part of the key: rpt_platform_<key id>_…")
    revoke.set_defaults(run=run_revoke_platform_key)


def _add_label_and_days(create: argparse.ArgumentParser) -> None:
    create.add_argument("--label", type=_one_line, required=True, help="what the key is for")
    create.add_argument(
        "--days",
        type=_days,
        metavar="1..36500",
        help="valid for so many days; without it: for ever",
    )


def _one_line(text: str) -> str:
    """A text that stays on its line of a list."""
    if not text or len(text) > LONGEST_TEXT or not text.isprintable():
        raise argparse.ArgumentTypeError(f"expected 1 to {LONGEST_TEXT} printable characters")
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


def run_list_tenants(_: argparse.Namespace) -> None:
    """Print a line for each tenant, in the order of their ids. Raises StartRefused."""
    settings, after = read_settings(), NO_TENANT
    while page := in_transaction(settings, NO_TENANT, _tenants_after(after)):
        for tenant in page:
            print(tenant["id"], tenant["state"], tenant["name"], sep="\t")
        after = page[-1]["id"]


def _tenants_after(after: UUID) -> Callable[[Transaction], Awaitable[list[Row]]]:
    return lambda transaction: tenants_after(transaction, None, after, HIGHEST_LIMIT)


def run_close_tenant(arguments: argparse.Namespace) -> None:
    """Close a tenant. Raises StartRefused when there is no such tenant."""
    now = datetime.now(UTC)
    in_transaction(read_settings(), arguments.tenant, lambda t: close_tenant(t, now))
    print("Closed; its keys are refused everywhere within 30 seconds.")


def run_create_key(arguments: argparse.Namespace) -> None:
    """Make a key and print it. Raises StartRefused without such a tenant, or when it is closed."""
    now = datetime.now(UTC)
    scopes = [Scope(name) for name in arguments.scope or list(Scope)]
    key = in_transaction(
        read_settings(),
        arguments.tenant,
        lambda t: create_key(t, arguments.label, scopes, now, _end(arguments, now)),
    )
    if key is None:
        raise StartRefused("There is no such tenant, or it is closed.")
    print(key)


def _end(arguments: argparse.Namespace, now: datetime) -> datetime | None:
    return now + timedelta(days=arguments.days) if arguments.days else None


def run_list_keys(arguments: argparse.Namespace) -> None:
    """Print a line for each key, oldest first. Raises StartRefused."""
    now = datetime.now(UTC)
    for key in in_transaction(read_settings(), arguments.tenant, all_keys):
        line = (key["key_id"], key_state(key, now), key["label"], ",".join(key["scopes"]))
        print(*line, sep="\t")


def run_revoke_key(arguments: argparse.Namespace) -> None:
    """Revoke a key. Raises StartRefused when there is none to revoke."""
    now = datetime.now(UTC)
    _say_revoked(
        in_transaction(
            read_settings(), arguments.tenant, lambda t: revoke_key(t, arguments.key_id, now)
        )
    )


def run_create_platform_key(arguments: argparse.Namespace) -> None:
    """Make a platform key and print it. Raises StartRefused."""
    now = datetime.now(UTC)
    key = in_transaction(
        read_settings(),
        NO_TENANT,
        lambda t: create_platform_key(t, arguments.label, now, _end(arguments, now)),
    )
    print(key)


def run_list_platform_keys(_: argparse.Namespace) -> None:
    """Print a line for each platform key, oldest first. Raises StartRefused."""
    now = datetime.now(UTC)
    for key in in_transaction(read_settings(), NO_TENANT, platform_keys):
        print(key["key_id"], key_state(key, now), key["label"], sep="\t")


def run_revoke_platform_key(arguments: argparse.Namespace) -> None:
    """Revoke a platform key. Raises StartRefused when there is none to revoke."""
    now = datetime.now(UTC)
    _say_revoked(
        in_transaction(
            read_settings(), NO_TENANT, lambda t: revoke_platform_key(t, arguments.key_id, now)
        )
    )


def _say_revoked(revoked: bool) -> None:  # noqa: FBT001 - what a revocation says
    if not revoked:
        raise StartRefused("There is no such key, or it is revoked already.")
    print("Revoked; refused everywhere within 30 seconds.")


def in_transaction(
    settings: Settings,
    tenant_id: UUID,
    work: Callable[[Transaction], Awaitable[Result]],
    *,
    as_tenant: bool = False,
) -> Result:
    """What work gives in one platform transaction; tenant_id: NO_TENANT for none.

    as_tenant: in one of the tenant's own instead, as its callers have. Raises StartRefused when
    the database cannot be used, or work does not find what it needs.
    """

    async def run() -> Result:
        async with (
            connected(settings.database_url, pool_size=1) as database,
            (
                database.transaction(tenant_id)
                if as_tenant
                else database.platform_transaction(tenant_id)
            ) as transaction,
        ):
            return await work(transaction)

    try:
        return asyncio.run(run())
    except NotFound as problem:
        raise StartRefused(problem.detail) from None
    except (Problem, asyncpg.PostgresError, OSError, TimeoutError, ValueError) as error:
        place = database_place(settings.database_url)
        # A driver's words may repeat part of the URL, and so of a password.
        reason = str(error) if isinstance(error, Problem) else type(error).__name__
        raise StartRefused(f"The database at {place} cannot be used ({reason}).") from None
