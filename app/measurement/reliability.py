"""How reliable a scale is in a tenant's own ratings, for batch reports.

Between people: alpha and the one-way intraclass correlation. Within a person over time: variance
components of person, time and item, and the coefficients of Shrout & Lane (2012), in Mehl &
Conner (Eds.), Handbook of research methods for studying daily life (Guilford), 302-320. Only
complete data are taken; who chooses them says how. Components come from mean squares; one that
would be negative is 0, and the others stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from app.measurement.f_distribution import f_quantile
from app.measurement.spread import ROUNDING, mean_of

Ratings = Sequence[Sequence[Sequence[float]]]
"""person -> time -> item, as many of each for all: keyed values in points of an item."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A reliability with its 95 % interval; 1 is no error at all. It can lie below 0."""

    value: float
    low: float
    high: float


def alpha(forms: Sequence[Sequence[float]]) -> Interval:
    """Coefficient alpha of the items of a scale, one form for each person.

    forms: keyed values, one row a form, as many items in each. K / (K - 1) (1 - sum of item
    variances / variance of sums), Cronbach (1951), Psychometrika 16(3), 297-334; the interval of
    Feldt (1965), Psychometrika 30(3), 357-370. Fewer than 100 people tell little (house rule).
    Raises ValueError with fewer than two people or items, rows of unequal length, or sums that
    are all the same.
    """
    people, items = len(forms), len(forms[0]) if forms else 0
    if min(people, items) <= 1:
        raise ValueError("Expected at least two people and two items.")
    by_item = [[float(value) for value in column] for column in zip(*forms, strict=True)]
    sums = [fsum(form) for form in forms]
    if len(set(sums)) == 1:
        raise ValueError("Expected sums that are not all the same.")
    share = fsum(_variance(column) for column in by_item) / _variance(sums)
    value = items / (items - 1) * (1 - share)
    degrees = people - 1, (people - 1) * (items - 1)
    return Interval(
        value,
        1 - (1 - value) * f_quantile(0.975, *degrees),
        1 - (1 - value) * f_quantile(0.025, *degrees),
    )


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """The share of variance that lies between people, and both spreads in the values' unit."""

    share: Interval
    between_sd: float
    within_sd: float


def intraclass_correlation(courses: Sequence[Sequence[float]]) -> IntraclassCorrelation:
    """ICC(1) by one-way components: one row of values a person, in any number.

    (MSB - MSW) / (MSB + (n0 - 1) MSW) and its interval by Shrout & Fleiss (1979), Psychological
    Bulletin 86(2), 420-428; with unequal numbers n0 is (N - sum n^2 / N) / (people - 1) and the
    interval an approximation. The share can be negative, between_sd is then 0.
    Raises ValueError with fewer than two people, with no person rated twice, with an empty row,
    or when all values are the same.
    """
    people, count = len(courses), sum(len(course) for course in courses)
    if people <= 1 or count <= people or not all(courses):
        raise ValueError("Expected two people or more, each with a value, and one with two.")
    if len({value for course in courses for value in course}) == 1:
        raise ValueError("Expected values that are not all the same.")
    grand = mean_of([value for course in courses for value in course])
    means = [mean_of(course) for course in courses]
    degrees = people - 1, count - people
    pairs = list(zip(courses, means, strict=True))
    between = fsum(len(course) * (mean - grand) ** 2 for course, mean in pairs) / degrees[0]
    inside = fsum((value - mean) ** 2 for course, mean in pairs for value in course) / degrees[1]
    size = (count - sum(len(course) ** 2 for course in courses) / count) / (people - 1)

    def share(error: float) -> float:
        return (between - error) / (between + (size - 1) * error)

    interval = Interval(
        share(inside),
        share(inside * f_quantile(0.975, *degrees)),
        share(inside * f_quantile(0.025, *degrees)),
    )
    return IntraclassCorrelation(interval, sqrt(max(0.0, between - inside) / size), sqrt(inside))


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of people, times and items and what they do together, in squared points."""

    person: float
    time: float
    item: float
    person_time: float
    person_item: float
    time_item: float
    residual: float
    times: int
    items: int


def variance_components(ratings: Ratings) -> Components:
    """The components of ratings in which every person answered every item at every time.

    The times are the same for all, such as sessions 1 to 4. From the expected mean squares of the
    crossed random-effects model, without a mixed-model fit (Shrout & Lane, 2012).
    Raises ValueError with fewer than two people, times or items, or with unequal numbers.
    """
    n, k, m = _sizes(ratings)
    places = [(p, t, i) for p in range(n) for t in range(k) for i in range(m)]
    values = {(p, t, i): float(ratings[p][t][i]) for p, t, i in places}
    mean = {kept: _means(values, kept) for kept in ("", "p", "t", "i", "pt", "pi", "ti", "pti")}

    def square(kept: str, degrees: int) -> float:
        """The mean square of an effect: its means less those of all effects within it."""
        signs = [(part, (-1) ** (len(kept) - len(part))) for part in mean if set(part) <= set(kept)]
        return fsum(
            fsum(sign * mean[part][_place(place, part)] for part, sign in signs) ** 2
            for place in places
        ) / degrees  # fmt: skip

    rest = square("pti", (n - 1) * (k - 1) * (m - 1))
    p_t, p_i, t_i = (
        square("pt", (n - 1) * (k - 1)), square("pi", (n - 1) * (m - 1)),
        square("ti", (k - 1) * (m - 1)),
    )  # fmt: skip
    p, t, i = square("p", n - 1), square("t", k - 1), square("i", m - 1)
    return Components(
        person=_component((p - p_t - p_i + rest) / (k * m), ratings),
        time=_component((t - p_t - t_i + rest) / (n * m), ratings),
        item=_component((i - p_i - t_i + rest) / (n * k), ratings),
        person_time=_component((p_t - rest) / m, ratings),
        person_item=_component((p_i - rest) / k, ratings),
        time_item=_component((t_i - rest) / n, ratings),
        residual=_component(rest, ratings),
        times=k,
        items=m,
    )


@dataclass(frozen=True, slots=True)
class NestedComponents:
    """Variances where each person has times of the own, in squared points."""

    person: float
    time: float
    """Of a person's times about the person's mean."""
    residual: float
    """Of the items of one form, their usual differences included."""
    times: int
    items: int


def nested_components(ratings: Ratings) -> NestedComponents:
    """The components of ratings in which each person has times of the own.

    From the mean squares of people, times within people and items within times. Raises ValueError
    as variance_components does.
    """
    _, k, m = _sizes(ratings)
    forms = [[mean_of(form) for form in person] for person in ratings]
    people = m * k * _variance([mean_of(person) for person in forms])
    times = m * mean_of([_variance(person) for person in forms])
    residual = mean_of([_variance(form) for person in ratings for form in person])
    return NestedComponents(
        person=_component((people - times) / (k * m), ratings),
        time=_component((times - residual) / m, ratings),
        residual=_component(residual, ratings),
        times=k,
        items=m,
    )


def change_reliability(found: Components | NestedComponents) -> float | None:
    """Reliability of change within a person: R_C of crossed, R_cn of nested components, 0 to 1.

    s2(person x time) / (s2(person x time) + s2(residual) / items); Shrout & Lane (2012). None
    when neither varies. It is the coefficient for drops and for reliable change within a person.
    """
    change = found.person_time if isinstance(found, Components) else found.time
    return _share(change, found.residual / found.items)


def level_reliability(found: Components | NestedComponents) -> float | None:
    """Reliability of a person's mean over times taken at random: R_kR, or R_kRn if nested.

    Shrout & Lane (2012). None when nothing varies.
    """
    error = found.residual / (found.times * found.items)
    if isinstance(found, NestedComponents):
        return _share(found.person, found.time / found.times + error)
    level = found.person + found.person_item / found.items
    return _share(level, (found.time + found.person_time) / found.times + error)


def fixed_level_reliability(found: Components) -> float | None:
    """Reliability of a person's mean over just these times: R_kF of Shrout & Lane (2012)."""
    level = found.person + found.person_item / found.items
    return _share(level, found.residual / (found.times * found.items))


def single_time_reliability(found: Components) -> float | None:
    """Reliability of one rating at a time taken at random: R_1R of Shrout & Lane (2012)."""
    level = found.person + found.person_item / found.items
    return _share(level, found.time + found.person_time + found.residual / found.items)


def _share(true: float, error: float) -> float | None:
    return true / (true + error) if true + error > 0 else None


def _sizes(ratings: Ratings) -> tuple[int, int, int]:
    """How many people, times and items."""
    times = {len(person) for person in ratings}
    items = {len(form) for person in ratings for form in person}
    if len(times) != 1 or len(items) != 1 or min(len(ratings), *times, *items) <= 1:
        raise ValueError("Expected the same times and items of every person, two of each or more.")
    return len(ratings), times.pop(), items.pop()


Place = tuple[int, ...]


def _place(place: Place, kept: str) -> Place:
    return tuple(place["pti".index(one)] for one in kept)


def _means(values: dict[tuple[int, int, int], float], kept: str) -> dict[Place, float]:
    """The mean over all but the kept of p(erson), t(ime) and i(tem)."""
    groups: dict[Place, list[float]] = {}
    for place, value in values.items():
        groups.setdefault(_place(place, kept), []).append(value)
    return {place: mean_of(group) for place, group in groups.items()}


def _variance(values: Sequence[float]) -> float:
    middle = mean_of(values)
    return fsum((value - middle) ** 2 for value in values) / (len(values) - 1)


def _component(variance: float, ratings: Ratings) -> float:
    """The variance, or 0 where it is negative or no more than rounding leaves of none."""
    largest = max(abs(value) for person in ratings for form in person for value in form)
    return variance if variance > (ROUNDING * largest) ** 2 else 0.0
