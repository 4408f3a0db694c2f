"""What the documentation shows is what happens: its blocks are run and their answers compared."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.documentation.blocks import (
    ROOT,
    blocks_of,
    differences,
    documents,
    read_json,
    script,
    steps,
)

SEPARATOR = "\x1e"
ADDRESS = "http://127.0.0.1:8000"
RUNNABLE = [page for page in documents() if steps(blocks_of(page.read_text(encoding="utf-8")))]


BASH = shutil.which("bash")


@pytest.mark.skipif(not shutil.which("curl"), reason="the documentation calls with curl")
@pytest.mark.skipif(not BASH, reason="the documentation is written for bash")
@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_shows(
    page: Path, reader_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".rapport").mkdir()
    (tmp_path / ".rapport" / "demo-key").write_text(f"{reader_environment['RAPPORT_KEY']}\n")
    to_run = steps(blocks_of(page.read_text(encoding="utf-8")))
    text = script([block for block, _ in to_run], r"\x1e")
    run = subprocess.run(  # noqa: S603 - our own pages
        [str(BASH)],
        input=text.replace(ADDRESS, reader_environment["RAPPORT_URL"]),
        cwd=tmp_path,
        env=reader_environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    printed = run.stdout.split(SEPARATOR)
    assert run.returncode == 0, f"block {len(printed)}: {printed[-1]}{run.stderr}"
    faults = [
        f"line {shown.line}: {fault}"
        for (_, shown), output in zip(to_run, printed, strict=False)
        if shown is not None
        for fault in differences(read_json(shown), json.loads(output))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_json_block_is_json(page: Path) -> None:
    for block in blocks_of(page.read_text(encoding="utf-8")):
        if block.language == "json":
            read_json(block)


def test_a_difference_is_seen() -> None:
    shown = {"id": "1", "scores": [{"value": 16.0, "…": "…"}, "…"], "on": True}
    same = {"id": "2", "scores": [{"value": 16, "unit": "sum"}, {}, {}], "on": True}
    assert not list(differences(shown, same))
    assert list(differences(shown, same | {"on": 1}))
    assert list(differences(shown, same | {"id": None}))
    assert list(differences(shown, same | {"more": 1}))
    assert list(differences(shown, same | {"scores": []}))
    assert list(differences(shown, same | {"scores": [{"value": 15}]}))
