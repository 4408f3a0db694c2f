"""The examples run as their reader runs them: as programs of their own, over HTTP."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "examples" / "replay_sessions.py"
DATA = ROOT.parent / "shared" / "data"


def _replay(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(PROGRAM), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded sessions are not beside the clone")
def test_recorded_sessions_score_as_their_authors_scored_them(
    served: str, api_key: str, no_proxy_environment: dict[str, str]
) -> None:
    arguments = ["--url", served, "--key", api_key, "--data", str(DATA)]
    first = _replay(arguments, no_proxy_environment)
    assert first.returncode == 0, first.stderr
    lines = [line.split() for line in first.stdout.splitlines()]
    assert ["WAI", "tasks", "277/277"] in lines
    assert ["WAI", "goals", "277/277"] in lines
    assert ["WAI", "bond", "105/277"] in lines
    assert ["SRS", "total", "277/277"] in lines
    assert "With 28 reversed instead of 29: 277/277." in first.stdout
    assert "554 stored, 0 stored before." in first.stdout

    again = _replay(arguments, no_proxy_environment)
    assert "0 stored, 554 stored before." in again.stdout


def test_without_data_the_replay_says_so_in_one_line(
    tmp_path: Path, no_proxy_environment: dict[str, str]
) -> None:
    done = _replay(["--data", str(tmp_path)], no_proxy_environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded sessions are not beside the clone")
def test_a_refused_replay_says_what_the_problem_document_says(
    served: str, no_proxy_environment: dict[str, str]
) -> None:
    arguments = ["--url", served, "--key", "rpt_no_such_key", "--data", str(DATA)]
    done = _replay(arguments, no_proxy_environment)
    assert done.returncode == 1
    assert "401 unauthenticated: " in done.stderr
    assert "request " in done.stderr
