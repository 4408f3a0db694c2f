"""Markdown of the benchmark's page."""

from collections.abc import Sequence
from typing import TypeAlias

Lines: TypeAlias = list[str]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Lines:
    """A table, with an empty line after it."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def share(value: float, digits: int = 2) -> str:
    """A share without its leading zero."""
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") else text
