"""The examples run as their reader runs them: as programs of their own, over HTTP."""

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.factories import pair, submission

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


@pytest.fixture
def exported(
    served: str, api_key: str, no_proxy_environment: dict[str, str], tmp_path: Path
) -> Path:
    """An export of three responses of one form, one item of which was declined."""
    headers = {"Authorization": f"Bearer {api_key}"}
    with httpx.Client(base_url=served, headers=headers, trust_env=False) as client:
        for number in range(3):
            body = submission(alliance=pair(client_ref="=007"))
            body["answers"] |= {"4": "declined" if number else 3}
            assert client.post("/v1/responses", json=body).status_code == 201
        query = {"instrument": "wai-sr-2006", "form": "client"}
        file = tmp_path / "responses.csv"
        file.write_bytes(client.get("/v1/exports/responses", params=query).content)
    return file


def _read(command: list[str], file: Path) -> tuple[str, str]:
    """What a program says of a whole export, and of one that was cut off."""
    whole = subprocess.run([*command, str(file)], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    file.write_bytes(file.read_bytes()[:-200])
    cut = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert cut.returncode == 1
    return whole.stdout, cut.stderr


def test_an_export_is_read_in_pandas(exported: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is no part of the development tools")
    whole, cut = _read([sys.executable, str(ROOT / "examples" / "read_export.py")], exported)

    assert "3 responses in 3 alliances" in whole
    assert ["item_4", "1", "2", "3.0"] in [line.split() for line in whole.splitlines()]
    assert "is not whole" in cut


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_an_export_is_read_in_r(exported: Path) -> None:
    program = str(ROOT / "examples" / "read_export.R")
    whole, cut = _read([str(shutil.which("Rscript")), program], exported)

    assert "3 responses in 3 alliances" in whole
    assert ["item_4", "1", "2", "3"] in [line.split() for line in whole.splitlines()]
    assert "is not whole" in cut
