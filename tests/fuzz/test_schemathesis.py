"""Schemathesis against a served instance: thousands of calls that it makes from the contract.

Bounded and seeded. FUZZ_MINUTES=60 goes on for that long from a seed of its own; FUZZ_SEED=...
names one.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow

import pytest

from tests.fuzz.conftest import Target
from tests.support.contract import FILE, operations
from tests.support.served import ROOT

MINUTES = int(os.environ.get("FUZZ_MINUTES", "0"))
SEED = int(os.environ.get("FUZZ_SEED", "0")) or (randbelow(2**31) if MINUTES else 20261124)
SCENARIOS = re.compile(r"Scenarios: +(\d+)")

pytestmark = pytest.mark.timeout(300 + 70 * MINUTES)


@dataclass(frozen=True)
class Part:
    """Some of the operations, and who calls them."""

    caller: str
    choice: str
    """How Schemathesis is told of them, by the tag of those that a platform calls."""
    share: float
    """Of the time."""

    @property
    def labels(self) -> set[str]:
        wanted = self.choice == "--include-tag"
        return {
            f"{one.method.upper()} {one.path}"
            for one in operations()
            if ("Tenants" in one.about["tags"]) == wanted
        }


# Apart, because a platform closes tenants and revokes keys: soon nobody else could call.
PARTS = [Part("tenant", "--exclude-tag", 0.8), Part("platform", "--include-tag", 0.2)]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.caller)
def test_every_promise_of_the_contract_is_kept(
    target: Target, tmp_path: Path, record_property: Callable[[str, object], None], part: Part
) -> None:
    done = run(target, part, tmp_path)
    answers = tmp_path / "answers.json"
    assert answers.exists(), f"{done.stdout}{done.stderr}"
    calls: dict[str, dict[str, int]] = json.loads(answers.read_text())
    scenarios = SCENARIOS.search(done.stdout)
    sent = sum(sum(of.values()) for of in calls.values())
    record_property("fuzz", [SEED, sent, len(calls), int(scenarios[1]) if scenarios else 0])

    assert done.returncode == 0, f"seed {SEED}\n{done.stdout}{done.stderr}"
    assert calls.keys() == part.labels
    assert [label for label, of in calls.items() if not any(s < "300" for s in of)] == []
    assert [label for label, of in calls.items() if any(s >= "500" for s in of)] == []


def run(target: Target, part: Part, folder: Path) -> subprocess.CompletedProcess[str]:
    """A run to its end; what was answered is counted in the folder."""
    bound = ["--max-time", str(round(60 * MINUTES * part.share))] if MINUTES else []
    command = [
        *("schemathesis.cli", "--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
        *("run", str(FILE), "--url", target.url, part.choice, "Tenants", "--seed", str(SEED)),
        *("--continue-on-failure", "--no-color", *bound),
    ]
    given = {
        "FUZZ_KEYS": str(target.keys),
        "FUZZ_CALLER": part.caller,
        "FUZZ_ANSWERS": str(folder / "answers.json"),
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
    )
