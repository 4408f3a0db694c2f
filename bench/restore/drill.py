"""The course of the drill: load, backups, a mistake, a wreck, and two restores."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.embedded_postgres import forget
from bench.crash.forms import Forms
from bench.crash.postgres import OwnPostgres, own_postgres
from bench.exports.__main__ import FORM
from bench.exports.filling import fill
from bench.processes import Server, service, started
from bench.restore import backups, compared
from bench.restore.callers import PATH, Caller, call
from bench.restore.tenants import NAME, Held, made_ready, revoked, settings, tenants
from bench.store import asked

TENANTS: Final = 3
SEED: Final = 13
START_PATIENCE: Final = 90.0
MISTAKE: Final = "TRUNCATE responses CASCADE"


@dataclass(slots=True)
class Found:
    """What the drill gives."""

    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes."""
        began = time.monotonic()
        yield
        self.seconds[step] = time.monotonic() - began

    def expect(self, what: str, found: object, expected: object) -> None:
        """Note what was found; if it is not what is expected, as wrong."""
        self.counts[what] = found
        if found != expected:
            self.wrong.append(f"{what}: {found}, expected {expected}")


@dataclass(slots=True)
class Left:
    """What the first server leaves behind."""

    callers: list[Caller]
    base: Path
    archive: Path
    dump: Path
    dumped: tuple[float, float]
    """When the dump was begun and done."""
    instant: datetime
    """Just before the mistake."""
    allowed: list[tuple[Any, ...]]
    events: list[tuple[Any, ...]]
    bulk: Held


@dataclass(frozen=True, slots=True)
class Order:
    """What the drill is to be."""

    seconds: float
    """Of load."""
    rows: int
    """Responses that are there beforehand."""
    lose: float
    """A control: recovers to so many seconds too early, so that something must be missed."""


def drill(home: Path, order: Order, found: Found) -> None:
    """Run it all. Raises RunFailed when a step cannot be done."""
    for one in ("first", "recovered", "from-dump"):
        forget(home / one)
    with own_postgres(home / "first") as first:
        left = _lived(first, home, order, found)
        first.kill()
    with own_postgres(home / "recovered") as second:
        with found.timed("restore to an instant: server"):
            instant = left.instant - timedelta(seconds=order.lose)
            backups.to_instant(second, left.base, left.archive, instant.isoformat())
        _compare(second, home, left, found, "instant")
    with own_postgres(home / "from-dump") as third:
        with found.timed("restore of a dump: server"):
            made_ready(third)
            backups.from_dump(third, left.dump)
            tenants(third, 0)
        _compare(third, home, left, found, "dump")
    for one in ("first", "recovered", "from-dump"):
        forget(home / one)


def _lived(first: OwnPostgres, home: Path, order: Order, found: Found) -> Left:
    """The time of the first server, until somebody makes a mistake."""
    made_ready(first)
    bulk, *held = tenants(first, 1 + TENANTS)
    archive, seconds = backups.archiving(first), order.seconds
    with _serving(first, home, "first") as server, _working(first, home, "first"):
        if order.rows:
            call(server.port, bulk.key, "POST", PATH, json.dumps(FORM).encode())
            asyncio.run(fill(first.database_url(NAME), bulk.tenant_id, order.rows))
        callers = [Caller(one, Forms(SEED, 20, f"t{n}"), server.port) for n, one in enumerate(held)]
        with _sending(callers):
            time.sleep(seconds / 4)
            with found.timed("base backup, verified, under load"):
                base = backups.base_backup(first)
            time.sleep(seconds / 4)
            begun = time.time()
            with found.timed("dump under load"):
                file = backups.dump(first)
            dumped = begun, time.time()
            time.sleep(seconds / 4)
            instant: datetime = asked(first.url, "SELECT clock_timestamp()")
            time.sleep(seconds / 4)
        revoked(first, held[0])
        failed = [one for caller in callers for one in caller.failed]
        found.expect("forms that were refused", failed, [])
        left = Left(
            callers, base, archive, file, dumped, instant,
            compared.allowed(first), compared.events(first), bulk,
        )  # fmt: skip
    found.counts["responses there beforehand"] = compared.in_bulk(first, bulk.tenant_id)
    asked(first.database_url(NAME), MISTAKE)
    _archived(first, found)
    found.counts["base backup, bytes"] = _bytes(base)
    found.counts["archive, bytes"] = _bytes(archive)
    found.counts["dump, bytes"] = file.stat().st_size
    return left


def _archived(first: OwnPostgres, found: Found) -> None:
    """Wait until what was committed until now is in the archive."""
    segment = asked(first.url, "SELECT pg_walfile_name(pg_current_wal_lsn())")
    with found.timed("until the last commit was archived"):
        backups.until(
            lambda: (
                (asked(first.url, "SELECT last_archived_wal FROM pg_stat_archiver") or "")
                >= segment
            ),
            "Nothing is archived.",
        )


def _compare(server: OwnPostgres, home: Path, left: Left, found: Found, what: str) -> None:
    """Hold one restored server against what callers were told."""
    early, late = left.dumped if what == "dump" else (left.instant.timestamp(),) * 2
    must = [caller.before(early) for caller in left.callers]
    cannot = [caller.after(late) for caller in left.callers]
    _data(server, left, found, what)
    with ExitStack() as held:
        with found.timed(f"{what}: service ready"):
            service = held.enter_context(_serving(server, home, what))
        wrong, anew = [], []
        for caller, told, lost in zip(left.callers, must, cannot, strict=True):
            wrong += compared.replayed(service.port, caller, told)
            anew += compared.sent_again(service.port, caller, lost)
        found.counts[f"{what}: acknowledged before"] = sum(map(len, must))
        found.counts[f"{what}: acknowledged after, lost and sent again"] = sum(map(len, cannot))
        found.expect(f"{what}: not answered as before", wrong, [])
        found.expect(f"{what}: lost, and not stored when sent again", anew, [])
        seen = compared.foreign(service.port, left.callers)
        found.expect(f"{what}: seen of other tenants", seen, [])
        _key_revoked_since(server, service, left.callers[0], found, what)
        with _working(server, home, what):
            _moved(server)
        disagree = compared.whole(server, left.callers)
        disagree.pop("responses")
        found.expect(f"{what}: disagreeing afterwards", disagree.total(), 0)


def _data(server: OwnPostgres, left: Left, found: Found, what: str) -> None:
    whole = compared.whole(server, left.callers)
    found.expect(
        f"{what}: of those there beforehand",
        compared.in_bulk(server, left.bulk.tenant_id),
        found.counts["responses there beforehand"],
    )
    found.counts[f"{what}: responses restored"] = whole.pop("responses")
    found.expect(f"{what}: states and events that disagree", whole.total(), 0)
    now = compared.events(server)
    ahead = {event[0]: event[1] for event in left.events}
    behind = {event[0]: event[1] for event in now}
    found.counts[f"{what}: last positions, before and after"] = [
        f"{ahead[tenant]} -> {behind.get(tenant, 0)}" for tenant in ahead
    ]
    found.expect(f"{what}: events that differ", sorted(set(now) - set(left.events), key=str), [])
    same = sorted(set(compared.allowed(server)) ^ set(left.allowed), key=str)
    found.expect(f"{what}: rights, policies, keys that differ", same, [])
    found.expect(f"{what}: seen without a tenant", compared.seen_without_a_tenant(server), 0)


def _key_revoked_since(
    server: OwnPostgres, service: Server, caller: Caller, found: Found, what: str
) -> None:
    """A key that was revoked after the backup opens again, until it is revoked again."""
    ask = (service.port, caller.held.key, "GET", "/v1/alliances")
    first = call(*ask)[0]
    revoked(server, caller.held)
    backups.until(lambda: call(*ask)[0] == 401, "A revoked key still opens.")  # noqa: PLR2004
    found.expect(f"{what}: key revoked since, before and after revoking again",
                 [first, call(*ask)[0]], [200, 401])  # fmt: skip


def _moved(server: OwnPostgres) -> None:
    backups.until(
        lambda: not asked(server.database_url(NAME), "SELECT count(*) FROM event_queue"),
        "The worker does not move the events.",
    )


def _serving(server: OwnPostgres, home: Path, name: str) -> AbstractContextManager[Server]:
    url = settings(server).database_url
    return service(url, "", home, name=f"service-{name}", seconds=START_PATIENCE)


@contextmanager
def _working(server: OwnPostgres, home: Path, name: str) -> Iterator[None]:
    names = {"DATABASE_URL": settings(server).database_url}
    with started(f"worker-{name}", ["app.cli", "worker"], home, names):
        yield


@contextmanager
def _sending(callers: Sequence[Caller]) -> Iterator[None]:
    threads = [threading.Thread(target=caller.run) for caller in callers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for caller in callers:
            caller.stopped.set()
        for thread in threads:
            thread.join()


def _bytes(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
