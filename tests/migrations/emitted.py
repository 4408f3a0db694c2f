"""What each migration would say to Postgres, without one."""

from dataclasses import dataclass
from io import StringIO
from types import ModuleType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.cli.migrate import ROOT


class Said(StringIO):
    """Takes the statements that alembic writes out, one a time."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def write(self, text: str) -> int:
        statement = " ".join(text.split()).removesuffix(";").strip()
        if statement:
            self.statements.append(statement)
        return len(text)


@dataclass(frozen=True, slots=True)
class Emitted:
    """One migration and its statements, each on one line."""

    revision: str
    statements: tuple[str, ...]


def emitted(migration: ModuleType) -> Emitted:
    """The statements of a migration's upgrade, as on a Postgres without Citus."""
    said = Said()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": said}
    )
    with Operations.context(context):
        migration.upgrade()
    return Emitted(migration.revision, tuple(said.statements))


def all_emitted() -> list[Emitted]:
    """Every migration that there is, the oldest first."""
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    newest_first = [script.module for script in scripts.walk_revisions()]
    return [emitted(module) for module in reversed(newest_first)]
