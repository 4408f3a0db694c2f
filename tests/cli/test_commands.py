"""The command line as its user meets it: what it prints, how it ends."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from app.cli import access
from app.cli.main import main
from app.database import connected
from app.instruments.definitions import shipped
from app.programs import service as programs

ROOT = Path(__file__).parents[2]
NOBODY = "01a20546-cbdf-7696-ab47-5fe4ee35dee3"
CREATE_PLATFORM_KEY = ("platform-keys", "create")


def rapport(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command with nothing in its environment but what is named."""
    names = ("PATH", "HOME", "LANG", "ALLOW_LOSSY_POSTGRES")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The single line that a command which could not start leaves. No traceback."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1, done
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("rapport: ")
    return lines[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        yield port


def test_without_a_database_url_it_says_so() -> None:
    assert "DATABASE_URL is not set" in one_line(rapport("serve"))


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("PORT", "70000"), ("WORKERS", "0")])
def test_a_setting_that_is_no_number_is_named(name: str, value: str) -> None:
    environment = {"DATABASE_URL": "postgresql://nowhere", name: value}
    assert name in one_line(rapport("serve", **environment))


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_an_unreachable_database_is_one_line_without_its_password(command: str) -> None:
    url = "postgresql://somebody:secret@127.0.0.1:1/nothing"
    line = one_line(rapport(command, DATABASE_URL=url))
    assert "127.0.0.1:1/nothing" in line
    assert "secret" not in line


@pytest.mark.parametrize("password", ["se/cret", "se#cret", "se@cret", "se[cret", "se?cret"])
def test_of_a_password_written_wrongly_nothing_is_repeated(password: str) -> None:
    url = f"postgresql://somebody:{password}@127.0.0.1:1/nothing"
    for command in (("serve",), ("migrate",), ("tenants", "create", "x")):
        line = one_line(rapport(*command, DATABASE_URL=url))
        assert "cret" not in line
        assert "'se'" not in line


def test_an_unreadable_url_is_one_line() -> None:
    assert "rapport: " in one_line(rapport("migrate", DATABASE_URL="not a url"))


def test_a_schema_that_is_behind_is_one_line(postgres_server: str) -> None:
    line = one_line(rapport("serve", DATABASE_URL=postgres_server))
    assert "run `rapport migrate`" in line


def test_a_busy_port_is_one_line(database_url: str, taken_port: int) -> None:
    line = one_line(rapport("serve", DATABASE_URL=database_url, PORT=str(taken_port)))
    assert f":{taken_port}" in line


def test_a_tenant_and_its_keys(database_url: str) -> None:
    tenant = rapport("tenants", "create", "Clinic", DATABASE_URL=database_url).stdout.strip()
    made = rapport(
        "keys", "create", "--tenant", tenant, "--label", "ehr", "--scope", "responses:write",
        "--days", "30", DATABASE_URL=database_url,
    )  # fmt: skip
    key = made.stdout.strip()
    assert re.fullmatch(r"rpt_[0-9a-f]{32}_[0-9a-f]{12}_[0-9a-f]{48}", key)
    assert key.split("_")[1] == tenant.replace("-", "")

    revoke = ("keys", "revoke", "--tenant", tenant, key.split("_")[2])
    listed = ("keys", "list", "--tenant", tenant)
    valid = rapport(*listed, DATABASE_URL=database_url).stdout
    assert valid == f"{key.split('_')[2]}\tvalid\tehr\tresponses:write\n"
    assert rapport(*revoke, DATABASE_URL=database_url).returncode == 0
    assert "\trevoked\t" in rapport(*listed, DATABASE_URL=database_url).stdout
    assert "revoked already" in one_line(rapport(*revoke, DATABASE_URL=database_url))


def test_a_key_of_nobody_is_refused(database_url: str) -> None:
    done = rapport("keys", "create", "--tenant", NOBODY, "--label", "x", DATABASE_URL=database_url)
    assert "no such tenant" in one_line(done)


def test_a_tenant_is_listed_and_closed(database_url: str) -> None:
    tenant = rapport("tenants", "create", "North Clinic", DATABASE_URL=database_url).stdout.strip()
    key = ("keys", "create", "--tenant", tenant, "--label", "x")
    close = ("tenants", "close", tenant)
    assert rapport(*key, DATABASE_URL=database_url).returncode == 0

    assert f"{tenant}\topen\tNorth Clinic" in listed_tenants(database_url)
    assert "within 30 seconds" in rapport(*close, DATABASE_URL=database_url).stdout
    assert rapport(*close, DATABASE_URL=database_url).returncode == 0
    assert f"{tenant}\tclosed\tNorth Clinic" in listed_tenants(database_url)
    assert "it is closed" in one_line(rapport(*key, DATABASE_URL=database_url))


def listed_tenants(database_url: str) -> list[str]:
    """The lines of the list, each tenant once and in the order of their ids."""
    lines = rapport("tenants", "list", DATABASE_URL=database_url).stdout.splitlines()
    assert lines == sorted(set(lines))
    return lines


def test_a_list_longer_than_a_page_is_whole(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(access, "HIGHEST_LIMIT", 1)
    for name in ("a", "b", "c"):
        main(["tenants", "create", name])
    made = set(capsys.readouterr().out.split())
    main(["tenants", "list"])
    found = [line.partition("\t")[0] for line in capsys.readouterr().out.splitlines()]

    assert made <= set(found)
    assert found == sorted(set(found))


def test_a_tenant_that_is_not_there_cannot_be_closed(database_url: str) -> None:
    done = rapport("tenants", "close", NOBODY, DATABASE_URL=database_url)
    assert one_line(done) == "rapport: No such tenant."


def test_platform_keys(database_url: str) -> None:
    create = ("platform-keys", "create", "--label", "hosting", "--days", "30")
    key = rapport(*create, DATABASE_URL=database_url).stdout.strip()
    assert re.fullmatch(r"rpt_platform_[0-9a-f]{12}_[0-9a-f]{48}", key)
    key_id = key.split("_")[2]
    revoke = ("platform-keys", "revoke", key_id)

    listed = rapport("platform-keys", "list", DATABASE_URL=database_url).stdout
    assert f"{key_id}\tvalid\thosting\n" in listed
    assert key.split("_")[3] not in listed
    assert "within 30 seconds" in rapport(*revoke, DATABASE_URL=database_url).stdout
    listed = rapport("platform-keys", "list", DATABASE_URL=database_url).stdout
    assert f"{key_id}\trevoked\thosting\n" in listed
    assert "revoked already" in one_line(rapport(*revoke, DATABASE_URL=database_url))


@pytest.mark.parametrize("more", ["sslmode=disable", "application_name=x"])
def test_migrate_takes_what_a_database_url_can_say(database_url: str, more: str) -> None:
    url = f"{database_url}{'&' if '?' in database_url else '?'}{more}"
    done = rapport("migrate", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [("--days", "0"), ("--days", "-1"), ("--label", "a\tvalid"), ("--label", "")],
)
@pytest.mark.parametrize("kind", [("keys", "create", "--tenant", NOBODY), CREATE_PLATFORM_KEY])
def test_a_key_that_could_not_be_used_or_read_is_refused(
    capsys: pytest.CaptureFixture[str], kind: tuple[str, ...], option: str, value: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*kind, "--label", "x", option, value])
    assert f"argument {option}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "a\topen", "a\nb", "x" * 201])
def test_a_tenant_whose_name_could_not_be_read_is_refused(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["tenants", "create", name])
    assert "argument name" in capsys.readouterr().err


def test_the_catalogue_and_the_contract_are_in_order() -> None:
    assert "no faults" in rapport("instruments", "check").stdout
    assert rapport("openapi", "--check").returncode == 0


def test_sums_are_made_anew_where_there_are_any(database_url: str) -> None:
    tenant = rapport("tenants", "create", "Clinic", DATABASE_URL=database_url).stdout.strip()
    one = rapport("programs", "rebuild", "--tenant", tenant, DATABASE_URL=database_url)
    assert (one.returncode, one.stdout) == (0, f"{tenant}\tnothing to add up\n")

    asyncio.run(_added_up(database_url, tenant))
    one = rapport("programs", "rebuild", "--tenant", tenant, DATABASE_URL=database_url)
    assert re.fullmatch(rf"{tenant}\tmade anew in \d+ s\n", one.stdout)
    assert tenant in rapport("programs", "rebuild", DATABASE_URL=database_url).stdout


async def _added_up(database_url: str, tenant: str) -> None:
    """Something of the tenant was added up before: it has a head, and an event."""
    async with (
        connected(database_url, pool_size=1) as database,
        database.transaction(UUID(tenant)) as transaction,
    ):
        assert await programs.add_up_next(transaction, shipped(), datetime.now(UTC)) == 1


def test_sums_of_a_database_that_is_away_are_one_line() -> None:
    url = "postgresql://somebody:secret@127.0.0.1:1/nothing"
    line = one_line(rapport("programs", "rebuild", DATABASE_URL=url))
    assert "127.0.0.1:1/nothing" in line
    assert "secret" not in line
