"""What a migration may not say while older code serves from the same tables (house rules).

Every statement must be known to be harmless; one that is not known is refused until somebody has
thought about it here.
"""

import re
from dataclasses import dataclass
from typing import Final

from tests.migrations.emitted import Emitted

TABLE: Final = r"(?:IF (?:NOT )?EXISTS )?(?:ONLY )?\"?(?P<table>\w+)\"?"
CREATED: Final = re.compile(rf"CREATE TABLE {TABLE}")
LITERAL: Final = re.compile(
    r" DEFAULT (?:'[^']*'(?:::\w+)?|-?\d+(?:\.\d+)?|true|false|NULL)", re.IGNORECASE
)

HARMLESS: Final = (
    "GRANT ",
    "CREATE TABLE ",
    "COMMENT ON ",
    "COMMIT",
    "BEGIN",
    "SELECT create_distributed_table(",
    "SELECT create_reference_table(",
    "SET LOCAL citus.multi_shard_modify_mode ",
    "DROP INDEX CONCURRENTLY ",
    "CREATE INDEX CONCURRENTLY ",
    "CREATE UNIQUE INDEX CONCURRENTLY ",
    "CREATE POLICY ",
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles ",  # tables.make_role
)
"""Beginnings of what neither waits long, nor makes others wait, nor takes anything away."""

ON_A_TABLE: Final = {
    r"ADD COLUMN .*\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b": "column_that_is_more",
    r"ADD COLUMN .*\b(SERIAL|BIGSERIAL|GENERATED)\b": "column_rewrites",
    r"DROP (COLUMN|CONSTRAINT)\b": "drop",
    r"ALTER COLUMN \S+ DROP DEFAULT": "drop",
    r"\bRENAME\b": "rename",
    r"ALTER COLUMN \S+ (SET DATA )?TYPE\b": "type",
    r"ALTER COLUMN \S+ SET NOT NULL": "set_not_null",
    r"ROW LEVEL SECURITY": "row_level_security",
}
"""What `ALTER TABLE` may not do to a table that was there before."""

ELSEWHERE: Final = {
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)": "index_locks",
    r"CREATE POLICY .* AS RESTRICTIVE": "policy_takes_away",
    r"(UPDATE|DELETE FROM|TRUNCATE|INSERT INTO|MERGE INTO) ": "data",
    r"REVOKE ": "revoke",
    r"DROP (?!INDEX CONCURRENTLY)": "drop",
    r"SET (LOCAL |SESSION )?(lock_timeout|statement_timeout)\b": "own_timeout",
}
"""What no other statement may do."""

ALLOWED_ON_A_TABLE: Final = re.compile(
    r"ADD COLUMN |ADD CONSTRAINT |VALIDATE CONSTRAINT |SET \(|RESET \("
    r"|ALTER COLUMN \S+ (?:SET DEFAULT|SET STORAGE|SET STATISTICS|DROP NOT NULL)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement is refused."""

    code: str
    table: str
    statement: str


def refusals(migration: Emitted) -> list[Refusal]:
    """What of a migration is refused, in its order; exceptions are the test's to know."""
    created = {match["table"] for match in map(CREATED.match, migration.statements) if match}
    found: list[Refusal] = []
    locked: list[str] = []
    not_valid: set[str] = set()
    for statement in migration.statements:
        table = _table(statement)
        if table in created or statement.startswith("CREATE TABLE "):
            continue
        if statement.startswith("COMMIT"):
            locked, not_valid = [], set()
        codes = list(_codes(statement, not_valid))
        if _locks(statement) and table not in locked:
            locked.append(table)
            codes += ["second_table"] if len(locked) > 1 else []
        if " NOT VALID" in statement:
            not_valid.add(_constraint(statement))
        found += [Refusal(code, table, statement) for code in codes]
    return found


def _codes(statement: str, not_valid: set[str]) -> list[str]:
    if statement.startswith("ALTER TABLE "):
        return _of_alter(statement, not_valid)
    found = [code for pattern, code in ELSEWHERE.items() if re.match(pattern, statement)]
    return found or ([] if statement.startswith(HARMLESS) else ["unknown"])


def _of_alter(statement: str, not_valid: set[str]) -> list[str]:
    codes = [
        code for pattern, code in ON_A_TABLE.items() if re.search(pattern, statement, re.IGNORECASE)
    ]
    if "ADD COLUMN" in statement:
        default = " DEFAULT " in statement
        if "NOT NULL" in statement and not default:
            codes.append("not_null_without_default")
        if default and not LITERAL.search(statement):
            codes.append("default_is_computed")
    if "ADD CONSTRAINT" in statement and " USING INDEX " not in statement:
        of_rows = re.search(r"\b(CHECK|FOREIGN KEY)\b", statement)
        if not of_rows:
            codes.append("index_locks")
        elif " NOT VALID" not in statement:
            codes.append("constraint_scans")
    if "VALIDATE CONSTRAINT" in statement and _constraint(statement) in not_valid:
        codes.append("validated_at_once")
    if not codes and not ALLOWED_ON_A_TABLE.search(statement):
        codes.append("unknown")
    return codes


def _table(statement: str) -> str:
    """The table that a statement is about; empty: none, or none that is known."""
    pattern = (
        rf"ALTER TABLE {TABLE}|CREATE (?:UNIQUE )?INDEX .*? ON (?:ONLY )?\"?(?P<indexed>\w+)\"?"
        r"|CREATE POLICY \S+ ON \"?(?P<policed>\w+)\"?|UPDATE (?:ONLY )?\"?(?P<changed>\w+)\"?"
        r"|(?:INSERT INTO|DELETE FROM|MERGE INTO|TRUNCATE(?: TABLE)?) \"?(?P<written>\w+)\"?"
        r"|REVOKE .*? ON (?:TABLE )?\"?(?P<revoked>\w+)\"?|DROP TABLE (?:IF EXISTS )?(?P<gone>\w+)"
    )
    match = re.match(pattern, statement, re.IGNORECASE)
    return next((name for name in match.groups() if name), "") if match else ""


def _locks(statement: str) -> bool:
    """Whether a statement keeps readers and writers of its table out until the transaction ends."""
    return statement.startswith(("ALTER TABLE ", "CREATE POLICY ", "DROP POLICY "))


def _constraint(statement: str) -> str:
    match = re.search(r"(?:ADD|VALIDATE) CONSTRAINT (?P<name>\S+)", statement)
    return match["name"] if match else ""
