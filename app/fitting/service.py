"""Fitting a scale's parameters to a tenant's own streams. Nothing is stored: a person decides."""

from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from app.alliances.merged_refs import former_refs
from app.database import NO_TENANT, Database
from app.errors import NotFound
from app.fitting import queries
from app.fitting.figures import Fitted, figures_of
from app.fitting.sample import FEWEST_STREAMS, Asked, Courses, Sample, courses_of
from app.instruments.definitions import Catalogue
from app.measurement.course_fit import FEWEST_RATINGS, fitted
from app.measurement.filter_bank import CourseParameters
from app.signal_settings.schemas import LEAST_SPREAD
from app.signals.rules import step_of
from app.tenants.queries import settings_in_force
from app.tenants.signal_settings import ParameterSet, SignalSettings, signal_settings_from

METHOD: Final = "Maximum likelihood with the detector's filters on {fitted} of {streams} streams."
REASON: Final = "Parameters fitted to our own ratings."
FITTED: Final = (
    "mean", "between_sd", "slope_mean", "slope_sd", "within_sd", "reliability", "decay_per_day",
    "volatility_log_sd", "skew",
)  # fmt: skip
DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Read:
    """A tenant's streams of a scale, and the signal settings in force."""

    sample: Sample
    settings: SignalSettings
    stored_sets: list[dict[str, Any]]
    """The parameter sets in force as they were accepted."""


def asked_for(
    catalogue: Catalogue, instrument: str, form: str, scale: str, language: str | None
) -> Asked:
    """The scale of the newest revision. Raises NotFound, with what there is instead."""
    definition = catalogue.definition(instrument)
    if form not in definition.forms:
        raise NotFound(f"The instrument's forms are: {', '.join(definition.forms)}.")
    scales = {one.id: one for one in definition.forms[form].key.scales if one.use == "decision"}
    if scale not in scales:
        raise NotFound(f"The scales that raise signals are: {', '.join(scales)}.")
    return Asked(definition, form, scales[scale], language)


async def read(database: Database, tenant_id: UUID, asked: Asked) -> Read:
    """Every stream of the scale, read in transactions of a few hundred alliances each.

    Raises Unavailable and the like.
    """
    sample = Sample(asked)
    async with database.transaction(tenant_id) as transaction:
        stored = await settings_in_force(transaction)
    after = NO_TENANT
    while True:
        async with database.transaction(tenant_id) as transaction:
            page = await queries.alliances_after(transaction, after)
            if not page:
                break
            after = page[-1]["id"]
            rows = await queries.responses_on(
                transaction,
                [one["id"] for one in page],
                asked.definition.instrument,
                asked.form,
                asked.definition.form_revision,
            )
        former = {one["id"]: former_refs(one["former_refs"]) for one in page}
        rows.sort(key=lambda row: row["alliance_id"])
        for alliance_id, of_one in groupby(rows, key=lambda row: row["alliance_id"]):
            sample.add(of_one, former[alliance_id])
    if stored is None:
        return Read(sample, SignalSettings(), [])
    version, alerts, sets = (
        stored[name] for name in ("version", "alerts_per_100_ratings", "parameter_sets")
    )
    return Read(sample, signal_settings_from(version, alerts, sets), sets)


def fit(known: Read) -> Fitted:
    """The parameters, the settings they would stand in, and the figures. Takes minutes.

    Raises NotFound with fewer than FEWEST_STREAMS streams that can be fitted.
    """
    asked = known.sample.asked
    courses = courses_of(known.sample)
    if len(courses.all) < FEWEST_STREAMS:
        raise NotFound(
            f"There are {len(courses.all)} streams of {FEWEST_RATINGS} complete ratings or more; "
            f"at least {FEWEST_STREAMS} are needed."
        )
    chosen = courses.fitted()
    key = asked.key
    found = fitted(chosen, float(key.low), float(key.high), step_of(asked.scale, key))
    one = _parameter_set(asked, courses, len(chosen), found.parameters)
    place = tuple(one[name] for name in ("instrument", "form", "scale", "language"))
    others = [
        other
        for other in known.stored_sets
        if (other["instrument"], other["form"], other["scale"], other["language"]) != place
    ]
    settings = {
        "alerts_per_100_ratings": known.settings.alerts_per_100_ratings,
        "parameter_sets": [*others, one],
        "reason": REASON,
    }
    figures = figures_of(known.sample, courses, len(chosen), _with(known.settings, one))
    return Fitted(settings, found, figures)


def _parameter_set(
    asked: Asked, courses: Courses, chosen: int, parameters: CourseParameters
) -> dict[str, Any]:
    values = {name: round(value, DIGITS) for name, value in asdict(parameters).items()}
    for name in ("between_sd", "slope_sd", "within_sd"):
        values[name] = max(values[name], LEAST_SPREAD)
    return {
        "instrument": asked.definition.instrument,
        "form": asked.form,
        "scale": asked.scale.id,
        "language": asked.language,
        "parameters": {name: values[name] for name in FITTED},
        "cases": len(courses.all),
        "ratings": courses.ratings,
        "method": METHOD.format(fitted=chosen, streams=len(courses.all)),
    }


def _with(settings: SignalSettings, one: dict[str, Any]) -> SignalSettings:
    """The settings with the set in place of the one that it replaces."""
    added = signal_settings_from(0, settings.alerts_per_100_ratings, [one]).parameter_sets[0]
    kept = tuple(other for other in settings.parameter_sets if _place(other) != _place(added))
    return replace(settings, parameter_sets=(*kept, added))


def _place(one: ParameterSet) -> tuple[str | None, ...]:
    return one.instrument, one.form, one.scale, one.language
