"""`rapport import` against a service and a worker that run, as its user runs it."""

import asyncio
import csv
import json
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.database import connected
from app.imports.working import work_off
from app.instruments.definitions import shipped
from tests.conftest import Tenant
from tests.imports.conftest import lines_of
from tests.support.factories import submission
from tests.support.served import ROOT, serving


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a service with a worker that works imports off."""
    stopping = threading.Event()

    async def work() -> None:
        async with connected(database_url, pool_size=1) as database:
            while not stopping.is_set():
                await work_off(database, shipped(), lambda: datetime.now(UTC))
                await asyncio.sleep(0.1)

    worker = threading.Thread(target=lambda: asyncio.run(work()))
    with serving(database_url, tmp_path / "serve.log") as address:
        worker.start()
        try:
            yield address
        finally:
            stopping.set()
            worker.join()


async def ran(url: str, key: str, *arguments: str) -> tuple[int, str, str]:
    """Exit status and what was printed."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.cli", "import", *arguments],
        env={"RAPPORT_URL": url, "RAPPORT_KEY": key, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


async def test_a_file_is_handed_over_and_what_failed_is_written(
    url: str, tenant: Tenant, tmp_path: Path
) -> None:
    good, bad = submission(), submission(answers={"1": 9})
    file, failed = tmp_path / "night.ndjson", tmp_path / "failed.csv"
    file.write_bytes(lines_of([good, bad]))
    first = await ran(url, tenant.key, str(file), "--failed", str(failed))
    (row,) = csv.DictReader(failed.read_text(encoding="utf-8").splitlines(keepends=True))
    mended = tmp_path / "mended.jsonl"
    mended.write_bytes(lines_of([json.loads(row["raw"]) | {"answers": good["answers"]}]))
    second = await ran(url, tenant.key, str(mended), "--external-id", "mended")
    again = await ran(url, tenant.key, str(mended), "--external-id", "mended")

    assert (first[0], "2 rows: 1 succeeded, 1 failed." in first[1]) == (3, True), first
    assert stat.S_IMODE(failed.stat().st_mode) == 0o600
    assert (row["line"], row["code"], row["pointer"]) == ("2", "not_an_answer", "/answers/1")
    assert (second[0], "1 rows: 1 succeeded, 0 failed." in second[1]) == (0, True), second
    assert again == second


async def test_a_file_that_is_not_taken_says_why(url: str, tenant: Tenant, tmp_path: Path) -> None:
    file, other = tmp_path / "a.csv", tmp_path / "a.txt"
    file.write_text("external_id,name\n1,x\n")
    other.write_text("x")
    unknown = await ran(url, tenant.key, str(file))
    unauthenticated = await ran(url, "rpt_x", str(file))
    ending = await ran(url, tenant.key, str(other))
    missing = await ran(url, tenant.key, str(tmp_path / "b.csv"))
    nowhere = await ran("ftp://x", tenant.key, str(file))

    for status, printed, said in (unknown, unauthenticated, ending, missing, nowhere):
        assert (status, printed) == (1, ""), said
    assert "unknown_column" in unknown[2]
    assert "unauthenticated" in unauthenticated[2]
    assert ".ndjson" in ending[2]
