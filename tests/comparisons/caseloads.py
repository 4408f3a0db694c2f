"""Programmes whose ratings are added up already, as the worker would have done it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from app.programs.series import FIRST, INVITED, LATER, Series
from tests.conftest import Tenant

LEAST, MOST = 12, 60  # of the WAI-SR's total
NOW = datetime(2026, 10, 12, tzinfo=UTC)
"""Two weeks after the third quarter of 2026, whose last week ends on 27 September."""
THIS_QUARTER = date(2026, 7, 6)
A_YEAR_AGO = date(2025, 10, 6)


@dataclass(frozen=True)
class Rating:
    """A client's rating of one professional, in hundredths of the scale's range."""

    client: str
    professional: str
    at: float
    week: date = THIS_QUARTER
    program: str = "return-to-work"
    first: bool = True


def series(program: str, stage: str = FIRST, **fields: Any) -> Series:
    """Where ratings of a programme are added up."""
    kind: dict[str, Any] = {
        "pooled": False,
        "program_ref": program,
        "setting": "vocational_rehabilitation",
        "instrument": "wai-sr-2006",
        "revision": "1.0",
        "form": "client",
        "language": "en",
        "rater_role": "client",
    }
    return Series(**kind | fields, stage=stage)


def invitations(program: str) -> Series:
    """Where invitations of a programme are added up."""
    return series(program, INVITED, revision="", language="")


def caseload(
    professional: str, clients: int, at: float = 60.0, week: date = THIS_QUARTER, **fields: Any
) -> list[Rating]:
    """One rating of each of so many clients of a professional, some above and some below at."""
    return [
        Rating(f"{professional}/c-{n}", professional, at + (-15, 0, 15)[n % 3], week, **fields)
        for n in range(clients)
    ]


class Written:
    """Writes what is added up, as the owner."""

    def __init__(self, connection: asyncpg.Connection, tenant: Tenant) -> None:
        self._connection = connection
        self._tenant = tenant
        self._alliances: dict[str, UUID] = {}

    async def ratings(self, ratings: Iterable[Rating], scale: str = "total") -> None:
        """Add ratings, each as a record that came just now."""
        for one in ratings:
            stage = FIRST if one.first else LATER
            total = LEAST + one.at / 100 * (MOST - LEAST)
            await self._add(one, series(one.program, stage), scale, 1, total)
        await self.added_up()

    async def invited(self, program: str, professional: str, completed: int, of: int) -> None:
        """Add invitations in this quarter."""
        one = Rating(f"{professional}/invited", professional, 0, program=program)
        await self._add(one, invitations(program), "completed", of, completed)

    async def added_up(self, *, position: int = 0) -> None:
        """All events up to position are added up, and there are none after them."""
        await self._connection.execute(
            "INSERT INTO event_heads VALUES ($1, 0) ON CONFLICT DO NOTHING", self._tenant.id
        )
        await self._connection.execute(
            "INSERT INTO program_heads VALUES ($1, $2, '', false, $1) "
            "ON CONFLICT (tenant_id) DO UPDATE SET position = $2",
            self._tenant.id,
            position,
        )

    async def _add(
        self, one: Rating, in_series: Series, scale: str, ratings: int, total: float
    ) -> None:
        tenant_id = self._tenant.id
        key = f"{one.client}:{one.professional}"
        if key not in self._alliances:
            self._alliances[key] = uuid7()
            await self._connection.execute(
                "INSERT INTO alliances (tenant_id, id, source, version, created_at) "
                "VALUES ($1, $2, 'ehr', 1, now())",
                tenant_id,
                self._alliances[key],
            )
        await self._connection.execute(
            f"INSERT INTO program_series (tenant_id, id, {', '.join(Series._fields)}) "  # noqa: S608
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
            tenant_id,
            in_series.id,
            *in_series,
        )
        await self._connection.execute(
            "INSERT INTO program_contributions VALUES ($1, $2, $3, $4, $5, $6, $7, 'ehr', "
            "jsonb_build_array($8::text), $9, $10, 0, '[]', 0, 0, 0, 0, 0, 0, 0, '[]')",
            tenant_id,
            self._alliances[key],
            in_series.id,
            one.client,
            one.professional,
            one.week,
            scale,
            str(uuid7()),
            ratings,
            total,
        )
