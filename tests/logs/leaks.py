"""Where a mark could turn up: what was written by the process, by Postgres, and into refusals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from httpx import Response

from tests.logs.marks import Marks, problems_in, said, said_by

RUNNING = "SELECT query FROM pg_stat_activity WHERE datname = current_database()"


class Leaks:
    """The marks found so far, each as `where it was found: the place that it was sent in`."""

    def __init__(
        self,
        marks: Marks,
        capfd: pytest.CaptureFixture[str],
        connection: asyncpg.Connection,
        log: Path | None,
    ) -> None:
        self.found: set[str] = set()
        self.lines = 0
        self.problems = 0
        self._marks, self._capfd, self._connection = marks, capfd, connection
        self._log = log
        self._log_begins = log.stat().st_size if log else 0

    def _search(self, where: str, text: str) -> None:
        self.found |= {f"{where}: {place}" for place in self._marks.found_in(text)}

    def search_answer(self, answer: Response) -> None:
        """Search what is said in a refusal, and in those of a batch's items."""
        if not answer.is_success:
            self._search("header", str(answer.headers))
        for problem in problems_in(said(answer)):
            self._search("problem", said_by(problem))
            self.problems += 1

    async def search_activity(self) -> None:
        """Search the text of the statements that run or ran last."""
        for row in await self._connection.fetch(RUNNING):
            self._search("activity", row["query"] or "")

    def search_written(self) -> None:
        """Search what was written since the last time: standard output and error, Postgres' log."""
        written = self._capfd.readouterr()
        self._search("output", written.out)
        self._search("log", written.err)
        self.lines += written.err.count("\n")
        if self._log is not None:
            self._search("postgres", self._log.read_bytes()[self._log_begins :].decode())


@asynccontextmanager
async def watched(
    marks: Marks, capfd: pytest.CaptureFixture[str], database_url: str, log: Path | None
) -> AsyncIterator[Leaks]:
    """A search that begins here and has looked everywhere when its block is left."""
    connection = await asyncpg.connect(database_url)
    try:
        leaks = Leaks(marks, capfd, connection, log)
        yield leaks
        await leaks.search_activity()
        leaks.search_written()
    finally:
        await connection.close()
