"""Ratings of one made-up stream, as the watch takes them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.measurement.change import Observed
from app.measurement.course import Manner, Place, Point
from app.measurement.detection import assumed_parameters
from app.measurement.key import Component
from app.measurement.watch import Limits, Rules, ScaleRule, Told, Watch
from app.measurement.watching import watched

START: Final = datetime(2026, 1, 5, 10, tzinfo=UTC)
ALL: Final = frozenset({"client", "professional", "supervisor", "system"})
LIMITS: Final = Limits(watch=1.0, alert=2.5, alerts_per_100=3.0)


def scale_rule(
    component: Component | None = None,
    items: int = 12,
    *,
    as_sum: bool = True,
    limits: Limits = LIMITS,
) -> ScaleRule:
    """The rule of a scale of items from 1 to 7."""
    parameters = assumed_parameters(1, 7, 1 / items)
    return ScaleRule(parameters, limits, component, items, as_sum, "assumed")


TOTAL: Final = Rules("1", {"total": scale_rule()})
FOUR: Final = Rules(
    "1",
    {
        "goals": scale_rule("goals", 4),
        "tasks": scale_rule("tasks", 4),
        "bond": scale_rule("bond", 4),
        "total": scale_rule(),
    },
)


def point(
    number: int,
    values: Mapping[str, float | None],
    *,
    answered: int | None = 12,
    dated: bool = True,
    readers: frozenset[str] = ALL,
    manner: Manner | None = None,
) -> Point:
    """The rating of a week: scale -> value in the scale's unit, None for not scorable."""
    at = START + timedelta(days=7 * number) if dated else None
    observed = {
        scale: None if value is None else Observed(Decimal(repr(value)), answered)
        for scale, value in values.items()
    }
    place = Place(f"r-{number}", at, at and at.date(), number, None)
    return Point(place, observed, readers, f"s-{number}", manner, readers, item_readers=readers)


def totals(*values: float, rules: Rules = TOTAL) -> list[tuple[Watch, Told]]:
    """Each rating of the total, one a week, with the watch after it and what it tells."""
    return followed([point(n, {"total": value}) for n, value in enumerate(values)], rules)


def followed(points: Iterable[Point], rules: Rules = TOTAL) -> list[tuple[Watch, Told]]:
    """Each rating in turn, with the watch after it and what it tells."""
    watch, previous = Watch(), None
    found: list[tuple[Watch, Told]] = []
    for one in points:
        watch, told = watched(watch, one, previous, rules)
        found.append((watch, told))
        previous = one.place
    return found


def severities(found: Sequence[tuple[Watch, Told]]) -> list[str | None]:
    """The severity of the total at each rating; None: nothing is raised."""
    return [watch.recent[-1].scales["total"].severity for watch, _ in found]
