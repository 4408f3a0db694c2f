"""`make run`: the whole service on this machine, with a database and a demo of its own.

The only module that starts the embedded Postgres; `rapport serve` never imports it.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg
import httpx
import structlog
import uvicorn

from app.cli.access import in_transaction
from app.cli.demo import submissions
from app.cli.migrate import migrate
from app.cli.serve import SERVER, must_be_free, must_be_ready
from app.cli.worker import work_until
from app.embedded_postgres import running
from app.errors import Problem, StartRefused
from app.main import create_app
from app.settings import LogLevel, Settings, settings_from
from app.telemetry import configure_logging
from app.tenants.scopes import Scope
from app.tenants.service import create_key, create_tenant, new_tenant_id
from app.tenants.verification import key_parts, valid_key

HOME: Final = Path(__file__).parents[2] / ".rapport"
KEY_FILE: Final = HOME / "demo-key"
_log = structlog.get_logger("rapport.worker")


def main() -> None:
    """Run until stopped; one line and exit status 1 when it cannot start.

    SIGTERM stops it as Ctrl-C does, at any time: whoever sends it, Postgres is shut down.
    """
    # A shell may have had SIGINT ignored, as it does for what it puts in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with _database() as (settings, own):
            configure_logging(settings.log_level)
            must_be_free(settings)
            migrate(settings)
            asyncio.run(must_be_ready(settings))
            key = _demo_key(settings) if own else None
            asyncio.run(_serve_and_work(settings, key))
    except StartRefused as refused:
        print(f"rapport: {refused}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("Stopped.")


@contextlib.contextmanager
def _database() -> Iterator[tuple[Settings, bool]]:
    """The settings, and True while they name an embedded database of our own.

    Unless LOG_LEVEL says more, only warnings are logged: what is printed is to be read by people.
    """
    environment = {"LOG_LEVEL": LogLevel.WARNING} | os.environ
    if environment.get("DATABASE_URL"):
        yield settings_from(environment), False
        return
    must_be_free(settings_from(environment | {"DATABASE_URL": "postgresql://"}))
    print("Starting Postgres …")
    HOME.mkdir(exist_ok=True)
    with running(HOME / "postgres") as server:
        url = asyncio.run(made_database(server, "rapport"))
        yield settings_from(environment | {"DATABASE_URL": url}), True


async def made_database(server: str, name: str) -> str:
    """The URL of a database on the server; made if it is not there."""
    connection = await asyncpg.connect(server)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return server.replace("/postgres?", f"/{quote(name)}?")


def _demo_key(settings: Settings) -> str:
    """The key of the demo tenant, with every scope; both are made when none is on file."""
    tenant_id, now = new_tenant_id(), datetime.now(UTC)
    if KEY_FILE.exists():
        with contextlib.suppress(StartRefused, Problem, ValueError):
            text = KEY_FILE.read_text(encoding="ascii").strip()
            parts = key_parts(text)
            known = in_transaction(
                settings, parts.tenant_id, lambda t: valid_key(t, parts, now), as_tenant=True
            )
            if known.scopes >= set(Scope):
                return text
            tenant_id = parts.tenant_id  # its key is of a version that knew fewer scopes
    in_transaction(settings, tenant_id, lambda t: create_tenant(t, "Demo", now))
    key = in_transaction(settings, tenant_id, lambda t: create_key(t, "demo", list(Scope), now))
    if key is None:
        raise StartRefused("The demo tenant could not be made.")
    KEY_FILE.touch(mode=0o600)
    KEY_FILE.chmod(0o600)
    KEY_FILE.write_text(f"{key}\n", encoding="ascii")
    return key


async def _serve_and_work(settings: Settings, key: str | None) -> None:
    async with _working(settings):
        await _serve(settings, key)


@contextlib.asynccontextmanager
async def _working(settings: Settings) -> AsyncIterator[None]:
    """A worker in this process until the block is left."""
    stopping = asyncio.Event()
    working = asyncio.create_task(_work(settings, stopping))
    try:
        yield
    finally:
        stopping.set()
        await working


async def _work(settings: Settings, stopping: asyncio.Event) -> None:
    """Work until told to stop. What goes wrong is logged, and never ends the service."""
    try:
        await work_until(settings, stopping)
    except Exception:  # noqa: BLE001 - whatever it is, the service goes on
        _log.error("worker_failed", exc_info=True)


async def _serve(settings: Settings, key: str | None) -> None:
    config = uvicorn.Config(create_app(settings), settings.host, settings.port, **SERVER)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.05)
    try:
        if server.started:
            await _welcome(settings, key)
    except StartRefused:
        server.should_exit = True
        await serving
        raise
    await serving


async def _welcome(settings: Settings, key: str | None) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    if key is not None:
        await _load_demo(address, key)
        print(f"Demo key ({KEY_FILE.relative_to(HOME.parent)}): {key}")
    print(f"Rapport listens on {address}, its documentation on {address}/docs", flush=True)


async def _load_demo(address: str, key: str) -> None:
    """Send the demo through the same door as everybody; a second time it is only replayed."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
        for submission in submissions():
            answer = await client.post("/v1/responses", json=submission)
            if answer.status_code not in {200, 201}:
                raise StartRefused(f"The demo was refused: {answer.json()['code']}.")


if __name__ == "__main__":
    main()
