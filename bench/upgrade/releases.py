"""Older code of this repository, taken out of its history."""

import io
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.database import SCHEMA_REVISION
from bench.processes import ROOT, RunFailed

KNOWS: Final = re.compile(r'SCHEMA_REVISION: Final = "([^"]+)"')
DATABASE: Final = "app/database.py"
TAKES_NEWER: Final = "schema_revision >= SCHEMA_REVISION"

LATER: Final = "9999_01_01_0000"
COMING: Final = f'''"""What a release to come might add."""

import sqlalchemy as sa
from alembic import op

revision = "{LATER}"
down_revision = "@before"


def upgrade() -> None:
    op.add_column("responses", sa.Column("to_come", sa.Text(), server_default="x", nullable=False))
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_to_come ON responses (tenant_id, to_come)"
        )
'''


@dataclass(frozen=True, slots=True)
class Release:
    """One state of the code."""

    commit: str
    schema: str
    """The newest migration that it knows."""
    folder: Path

    def takes_newer(self) -> bool:
        """Whether it was made to serve on a newer schema than its own."""
        return TAKES_NEWER in (self.folder / DATABASE).read_text(encoding="utf-8")


def older(count: int) -> list[str]:
    """Of each of the last schemas before this one, newest first, the newest commit.

    Only commits of the main line whose migrations are a beginning of those that there are now.
    Raises RunFailed where there is no history.
    """
    found: dict[str, str] = {}
    here = _chain("HEAD")
    for commit in _git("log", "--first-parent", "--format=%H").decode().split():
        match = KNOWS.search(_git("show", f"{commit}:{DATABASE}").decode())
        if match is None or match[1] >= SCHEMA_REVISION or match[1] in found:
            continue
        if _chain(commit) == {one: before for one, before in here.items() if one <= match[1]}:
            found[match[1]] = commit
        if len(found) == count:
            break
    return list(found.values())


def coming(home: Path) -> Release:
    """This code as a release to come might be: with one more migration, which adds."""
    this = taken("HEAD", home / "coming")
    migration = COMING.replace("@before", this.schema)
    (this.folder / "migrations" / "versions" / "coming.py").write_text(migration, encoding="utf-8")
    database = this.folder / DATABASE
    text = database.read_text(encoding="utf-8")
    database.write_text(text.replace(f'"{this.schema}"', f'"{LATER}"'), encoding="utf-8")
    return Release("to come", LATER, this.folder)


def taken(commit: str, home: Path) -> Release:
    """The code of a commit in a folder of its own. Raises RunFailed when there is none."""
    match = KNOWS.search(_git("show", f"{commit}:{DATABASE}").decode())
    if match is None:
        raise RunFailed(f"{commit} does not say which schema it knows.")
    folder = home / f"old-{match[1]}"
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as archive:
        archive.extractall(folder, filter="data")
    return Release(commit, match[1], folder)


def _chain(commit: str) -> dict[str, str]:
    """Each migration of a commit and the one before it."""
    text = _git("grep", "-hE", "^(down_)?revision = ", commit, "--", "migrations/versions").decode()
    return dict(re.findall(r'^revision = "(.+)"\ndown_revision = (.+)$', text, re.MULTILINE))


def _git(*arguments: str) -> bytes:
    told = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)  # noqa: S603, S607 - ours
    if told.returncode:
        raise RunFailed(f"git {arguments[0]} found nothing: this needs a clone with its history.")
    return told.stdout
