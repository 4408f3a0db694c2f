"""From what is added up of a programme to the comparisons that are kept. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.comparisons.figures import Figures, figures
from app.comparisons.parting import Course, Name, shown
from app.comparisons.window import QUARTERS, Window, later
from app.measurement.coverage import sufficiency
from app.measurement.key import Scale, ScoringKey
from app.programs.series import INVITED, SHOWN_STAGES

Row = Mapping[str, Any]
LOW_COVERAGE: Final = "low_coverage"
TOO_FEW: Final = "too_few_clients"
_OF_INVITATIONS: Final = ("program_ref", "setting", "instrument", "form", "rater_role")


class Kind(NamedTuple):
    """A programme and a stream kind: what is compared apart, but for the scale."""

    program_ref: str
    setting: str
    instrument: str
    form_revision: str
    form: str
    language: str
    rater_role: str


class Outcome(NamedTuple):
    """Figures, or why there are none; one of them is None."""

    withheld: str | None
    figures: dict[str, Any] | None


class Source(NamedTuple):
    """Where a kind's ratings are added up, and where its invitations are."""

    revision: str
    ratings: tuple[UUID, ...]
    invitations: tuple[UUID, ...]


def sources(series: Sequence[Row]) -> dict[Kind, Source]:
    """What is added up apart, in order: the newest key of each, and the series it stands in."""
    found: dict[Kind, list[Row]] = {}
    asked: dict[tuple[str, ...], list[UUID]] = {}
    for row in series:
        if row["stage"] in SHOWN_STAGES:
            form_revision = row["revision"].partition(".")[0]
            known = {**row, "form_revision": form_revision}
            found.setdefault(Kind(*(known[name] for name in Kind._fields)), []).append(row)
        elif row["stage"] == INVITED:
            asked.setdefault(_invited(row), []).append(row["id"])
    return {
        kind: Source(
            max((row["revision"] for row in rows), key=_in_order),
            tuple(row["id"] for row in rows),
            tuple(asked.get(_invited(kind._asdict()), ())),
        )
        for kind, rows in sorted(found.items())
    }


def courses(rows: Iterable[Row], key: ScoringKey, scale: Scale, known: str) -> list[Course]:
    """Each client's ratings of one scale with each professional, in hundredths of its range.

    known: the newest record that figures have told of.
    """
    least, reach = key.low * len(scale.items), (key.high - key.low) * len(scale.items)
    found: dict[tuple[Name, Name], dict[int, tuple[int, float]]] = {}
    fresh: dict[tuple[Name, Name], bool] = {}
    for row in rows:
        source = row["source"]
        pair = (source, row["professional_ref"]), (source, row["client_ref"])
        above = 100 * (row["total"] - row["ratings"] * least) / reach
        found.setdefault(pair, {})[row["stage"]] = (row["ratings"], float(above))
        fresh[pair] = fresh.get(pair, False) or row["newest"] > known
    return [Course(*pair, stages, fresh[pair]) for pair, stages in found.items()]


def comparison(
    of_scale: Sequence[Course],
    before: Sequence[Row],
    rates: Mapping[Name, float],
    coverage: float | None,
    window: Window,
) -> Outcome | None:
    """What is kept of this window; None: nothing, what was made before stands.

    before: those of this programme and scale, oldest first. New ones wait for up to a year until
    everybody can be shown in them again; so nobody has to stay out of sight for having seen few
    new clients in one quarter.
    """
    if sufficiency(coverage) == "too_low":
        return Outcome(LOW_COVERAGE, None)
    kept_back = [name for name, rate in rates.items() if sufficiency(rate) == "too_low"]
    if before and window.ends_before < later(before[-1]["ends_before"], QUARTERS):
        everybody = [Course(c.professional, c.client, c.stages, fresh=True) for c in of_scale]
        if not set(shown(everybody, kept_back)) <= set(shown(of_scale, kept_back)):
            return None
    made = figures(of_scale, kept_back)
    if made is None:
        return None if before and _stand(before[-1], window) else Outcome(TOO_FEW, None)
    return Outcome(None, stored(made, rates))


def newest_of(rows: Iterable[Row]) -> str:
    """The newest record among those that courses were read from; the empty text: there is none."""
    return max((row["newest"] for row in rows), default="")


def stored(made: Figures, rates: Mapping[Name, float]) -> dict[str, Any]:
    """Figures as they are kept."""
    kept = asdict(made)
    kept["units"] = [
        {
            "source": unit.name[0],
            "ref": unit.name[1],
            "clients": unit.clients,
            "at": unit.at,
            "coverage": hundredths(rates.get(unit.name)),
        }
        for unit in made.units
    ]
    return kept


def hundredths(rate: float | None) -> int | None:
    """A rate to the nearest five hundredths, so that one invitation does not show."""
    return None if rate is None else 5 * round(rate * 20)


def rates_of(rows: Iterable[Row]) -> tuple[dict[Name, float], float | None]:
    """The share of invitations that were completed, by professional and in all; None: no invite."""
    found = [row for row in rows if row["invited"]]
    by = {
        (row["source"], row["professional_ref"]): row["completed"] / row["invited"] for row in found
    }
    invited = sum(row["invited"] for row in found)
    return by, sum(row["completed"] for row in found) / invited if invited else None


def _stand(before: Row, window: Window) -> bool:
    """Whether figures made before are still shown with this window."""
    ends_before: date = before["ends_before"]
    return later(ends_before, QUARTERS) > window.ends_before


def _invited(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in _OF_INVITATIONS)


def _in_order(revision: str) -> tuple[int, ...]:
    return tuple(int(part) for part in revision.split("."))
