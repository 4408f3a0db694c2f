"""How much a response takes in tables, indexes and the log of changes."""

import json
from dataclasses import dataclass
from typing import Any, Final

from bench.store import asked

SIZES: Final = """
SELECT jsonb_object_agg(relname, jsonb_build_array(pg_table_size(oid), pg_indexes_size(oid)))::text
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
CHANGES: Final = "SELECT pg_current_wal_insert_lsn() - '0/0'"
WHOLE_PAGES: Final = "SELECT wal_fpi FROM pg_stat_wal"
PAGE: Final = 8192


@dataclass(frozen=True, slots=True)
class Room:
    """What is taken at one moment, in bytes."""

    tables: dict[str, tuple[int, int]]
    """By table: its rows, and its indexes."""
    changes: int
    """Of the log of changes, since ever."""
    whole_pages: int
    """Pages written whole into that log after checkpoints, since ever."""


def room(url: str) -> Room:
    """What is taken now, after dead rows are gone."""
    asked(url, "VACUUM ANALYZE")
    sizes: Any = json.loads(asked(url, SIZES))
    tables = {name: (int(rows), int(indexes)) for name, (rows, indexes) in sizes.items()}
    return Room(tables, int(asked(url, CHANGES)), int(asked(url, WHOLE_PAGES)))


def told(before: Room, after: Room, responses: int) -> list[str]:
    """Lines that say what each response took in between."""
    grown = {
        name: tuple(now - then for now, then in zip(sizes, before.tables[name], strict=True))
        for name, sizes in after.tables.items()
    }
    lines = [
        f"{name:24} {rows / responses:8.0f} {indexes / responses:8.0f}"
        for name, (rows, indexes) in sorted(grown.items(), key=lambda one: -sum(one[1]))
        if sum((rows, indexes)) / responses >= 1
    ]
    rows = sum(one for one, _ in grown.values()) / responses
    indexes = sum(one for _, one in grown.values()) / responses
    changes = (after.changes - before.changes) / responses
    pages = (after.whole_pages - before.whole_pages) * PAGE / responses
    return [
        f"{'bytes a response':24} {'rows':>8} {'indexes':>8}",
        *lines,
        f"{'in all':24} {rows:8.0f} {indexes:8.0f}",
        f"{'log of changes':24} {changes:8.0f}  (whole pages after checkpoints: up to {pages:.0f})",
    ]
