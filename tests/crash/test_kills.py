"""Exactly once under kill -9 of everything, in short. The long run: python -m bench.crash."""

from pathlib import Path

import pytest

from bench.crash.gate import PLACES, Manner
from bench.crash.nemesis import Kill, plan
from bench.crash.postgres import OwnPostgres
from bench.crash.run import Order, crash_run

SUBMISSIONS = 2000
SECONDS = 120


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """That of the order of the tests, which pytest prints: `-p randomly -p "randomly_seed=…"`."""
    found = int(request.config.getoption("randomly_seed"))
    print(f"seed {found}")  # noqa: T201 - shown when the test fails
    return found


async def test_nothing_is_lost_or_doubled_whatever_is_killed(
    crash_server: OwnPostgres, tmp_path: Path, seed: int
) -> None:
    blows = plan(seed, SUBMISSIONS, kills=len(Kill), cuts=len(PLACES), manners=[Manner.RESET])
    order = Order("crash_kills", seed, SUBMISSIONS, blows, alliances=40, seconds=SECONDS)

    found = await crash_run(crash_server, tmp_path, order)

    assert found.verdict.clean(), found.verdict
    assert found.complete(), found.struck
    assert found.kills() == dict.fromkeys(map(str, Kill), 1)
    assert found.statuses.keys() <= {200, 201, 503}
    assert found.replayed == found.acknowledged >= SUBMISSIONS
