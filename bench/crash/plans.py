"""The orders of the long run, and those of the controls."""

from typing import Final

from bench.crash.controls import KEYS_TABLE
from bench.crash.gate import Manner
from bench.crash.nemesis import Blow, Kill, plan
from bench.crash.run import Order

ASYNCHRONOUS: Final = (
    "ALTER DATABASE {name} SET synchronous_commit = off",
    "ALTER SYSTEM SET wal_writer_delay = '10s'",
    "SELECT pg_reload_conf()",
)
"""Over what the server was started with: a commit no longer waits for the disk, but seconds pass
until it is there, so that even a slow machine has something to lose."""
CONTROL: Final = "bench.crash.controls"


def kills(seed: int, submissions: int, count: int, cuts: int, seconds: float) -> Order:
    """The main run: submissions under kills of every kind, and cuts among them."""
    blows = plan(seed, submissions, kills=count, cuts=cuts)
    return Order("kills", seed, submissions, blows, callers=32, alliances=200, seconds=seconds)


def cuts(seed: int, count: int, seconds: float) -> Order:
    """Nothing but cuts, the same number at each place."""
    submissions = 5 * count
    blows = plan(seed, submissions, cuts=count, manners=[Manner.RESET])
    return Order("cuts", seed, submissions, blows, callers=32, alliances=200, seconds=seconds)


def asynchronous_commit(seed: int, submissions: int, seconds: float) -> Order:
    """A control: Postgres says that it has committed before it is on disk, and is killed."""
    blows = _kills(submissions, Kill.POSTMASTER)
    return Order(
        "asynchronous_commit",
        seed,
        submissions,
        blows,
        seconds=seconds,
        before=ASYNCHRONOUS,
        durable=False,
    )


def late_commit(seed: int, submissions: int, seconds: float) -> Order:
    """A control: the service answers before it commits, and is killed."""
    command = (CONTROL, "late_commit")
    blows = _kills(submissions, Kill.SERVICE)
    return Order("late_commit", seed, submissions, blows, seconds=seconds, command=command)


def key_first(seed: int, submissions: int, seconds: float) -> Order:
    """A control: the service keeps the external_id in a transaction of its own, and is killed."""
    return Order(
        "key_first",
        seed,
        submissions,
        _kills(submissions, Kill.SERVICE),
        seconds=seconds,
        command=(CONTROL, "key_first"),
        before=[KEYS_TABLE],
    )


CONTROLS: Final = (asynchronous_commit, late_commit, key_first)


def _kills(submissions: int, kind: Kill) -> list[Blow]:
    return [Blow(submissions * third // 3, kind) for third in (1, 2)]
