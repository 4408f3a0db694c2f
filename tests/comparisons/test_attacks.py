"""Attempts to learn of few clients, or of one, from all that is ever shown of a programme.

The attacker knows who was with whom and when, and wants what they answered. First by sums and
differences of figures as if these were exact: over the ratings, what is shown are rows of a
matrix, and few clients are isolated where a combination of rows is zero for everybody else. Then
by knowing everybody else's answers: there the coarseness of the figures has to hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import pytest

from app.comparisons import figures as kept
from app.comparisons import made_of, parting
from app.comparisons.figures import figures, step
from app.comparisons.parting import Course, Name
from app.comparisons.window import QUARTERS, Window, later
from app.measurement.small_groups import rounded_count
from tests.comparisons.caseloads import A_YEAR_AGO

FEW = 10
FIRST_END = later(A_YEAR_AGO, 0)
Vector = dict[int, Fraction]
"""record -> what it counts in a mean."""


@dataclass
class Rated:
    """A rating: of whom, with whom, in which quarter, the how-manieth that was received."""

    client: Name
    professional: Name
    quarter: int
    record: int


@dataclass
class Programme:
    """A programme over many quarters, and all that was ever shown of it."""

    ratings: list[Rated] = field(default_factory=list)
    seen: list[Vector] = field(default_factory=list)

    def client_of(self) -> dict[int, Name]:
        return {one.record: one.client for one in self.ratings}


def lived(seed: int, quarters: int = 8) -> Programme:
    """A programme in which clients come and go, and what was shown after each quarter."""
    chance = Random(seed)  # noqa: S311 - no secret
    programme = Programme()
    loads = {
        ("ehr", f"p-{n}"): load
        for n, load in enumerate((1, *(chance.randint(6, 24) for _ in range(6))))
    }
    stay, number = chance.uniform(0.3, 0.95), 0
    before: list[dict[str, Any]] = []
    clients: list[tuple[Name, Name]] = []
    for quarter in range(quarters):
        clients = [pair for pair in clients if chance.random() < stay]
        for professional, load in loads.items():
            while sum(pair[1] == professional for pair in clients) < load:
                number += 1
                clients.append((("ehr", f"c-{number}"), professional))
            clients += [(clients[0][0], professional)] if chance.random() < 0.1 else []
        for client, professional in set(clients):
            for _ in range(chance.choice((0, 1, 1, 1, 2))):
                at = quarter - (chance.random() < 0.05)  # some come late
                programme.ratings.append(Rated(client, professional, at, len(programme.ratings)))
        before += shown_after(programme, quarter, before)
    return programme


def shown_after(
    programme: Programme, quarter: int, before: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """What is kept when the quarter is sealed; what can be seen of it is noted."""
    window = Window(later(FIRST_END, quarter - QUARTERS + 1), later(FIRST_END, quarter + 1))
    known = max((row["newest"] for row in before), default=-1)
    pairs: dict[tuple[Name, Name], list[int]] = {}
    for one in programme.ratings:
        if quarter - QUARTERS < one.quarter <= quarter:
            pairs.setdefault((one.professional, one.client), []).append(one.record)
    courses = [
        Course(professional, client, {0: (len(records), 50.0 * len(records))}, max(records) > known)
        for (professional, client), records in pairs.items()
    ]
    outcome = made_of.comparison(courses, before, {}, None, window)
    if outcome is None or outcome.figures is None:
        return
    programme.seen.append(mean_of(pairs))
    for unit in outcome.figures["units"]:
        name = unit["source"], unit["ref"]
        own = {pair: records for pair, records in pairs.items() if pair[0] == name}
        programme.seen.append(mean_of(own))
    yield {
        "ends_before": window.ends_before,
        "newest": max(record for records in pairs.values() for record in records),
    }


def mean_of(pairs: dict[tuple[Name, Name], list[int]]) -> Vector:
    """What each rating counts in the mean of these clients, times their number."""
    return {record: Fraction(1, len(records)) for records in pairs.values() for record in records}


def isolated(programme: Programme) -> Iterator[set[Name]]:
    """Sets of fewer than FEW clients whom some combination of what was seen is about alone.

    Tried: what is left of any two figures or of a whole less its parts; and by linear algebra over
    all figures at once, every set of clients who are seen in a way of their own.
    """
    client_of, seen = programme.client_of(), programme.seen
    for left in differences(seen):
        few = {client_of[record] for record, share in left.items() if share}
        if 0 < len(few) < FEW:
            yield few
    columns = directions(seen, client_of)
    rank = rank_of(list(columns))
    small = [clients for clients in columns.values() if len(clients) < FEW]
    pairs = [one | other for one, other in combinations(small, 2) if len(one | other) < FEW]
    for few in (*small, *pairs[:30]):
        others = [column for column, clients in columns.items() if not clients <= few]
        if rank_of(others) < rank:
            yield few


def directions(
    seen: Sequence[Vector], client_of: dict[int, Name]
) -> dict[tuple[Fraction, ...], set[Name]]:
    """How ratings count in each figure, but for their size -> the clients who gave such."""
    found: dict[tuple[Fraction, ...], set[Name]] = {}
    for record in {record for row in seen for record in row}:
        column = [row.get(record, Fraction()) for row in seen]
        size = next(share for share in column if share)
        found.setdefault(tuple(share / size for share in column), set()).add(client_of[record])
    return found


def differences(seen: Sequence[Vector]) -> Iterator[Vector]:
    """Each figure, any two of them less each other, and each less all the parts it holds."""
    yield from seen
    for one, other in combinations(seen, 2):
        yield less(one, other)
    for whole in seen:
        left = whole
        for part in seen:
            if part is not whole and part.keys() <= left.keys():
                left = less(left, part)
        yield left


def less(one: Vector, other: Vector) -> Vector:
    return {r: one.get(r, Fraction()) - other.get(r, Fraction()) for r in one.keys() | other.keys()}


def rank_of(rows: Sequence[tuple[Fraction, ...]], prime: int = 2**61 - 1) -> int:
    """The rank of a matrix of fractions, by elimination among whole numbers modulo a prime."""
    left = [
        {c: x.numerator * pow(x.denominator, -1, prime) % prime for c, x in enumerate(row) if x}
        for row in rows
    ]
    rank = 0
    while left:
        row = left.pop()
        if not row:
            continue
        rank += 1
        pivot, value = next(iter(row.items()))
        inverse = pow(value, -1, prime)
        for other in left:
            if pivot in other:
                share = other[pivot] * inverse
                for column, own in row.items():
                    reduced = (other.get(column, 0) - share * own) % prime
                    if reduced:
                        other[column] = reduced
                    else:
                        other.pop(column, None)
    return rank


@pytest.mark.parametrize("seed", range(8))
def test_no_sum_or_difference_of_figures_tells_of_few(seed: int) -> None:
    assert list(isolated(lived(seed))) == []


def test_there_is_something_to_attack() -> None:
    """Most programmes are shown, more than once, with their professionals."""
    seen = [len(lived(seed).seen) for seed in range(8)]
    assert sum(number > 10 for number in seen) > 3


def test_without_the_guards_the_same_attack_finds_single_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parting, "LEAST_CLIENTS", 1)
    monkeypatch.setattr(parting, "LEAST_PROFESSIONALS", 1)
    for seed in range(2):
        assert any(len(few) == 1 for few in isolated(lived(seed)))


def test_without_complementary_suppression_the_rest_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parting, "_rest_is_safe", lambda _: True)
    assert any(few for seed in range(6) for few in isolated(lived(seed)))


def test_without_waiting_for_new_ratings_quarters_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if every quarter's window were shown of whoever has ten clients in it."""

    def enough(courses: Sequence[Course]) -> bool:
        return len({one.client for one in courses}) >= FEW

    monkeypatch.setattr(parting, "enough", enough)
    assert any(few for seed in range(6) for few in isolated(lived(seed)))


# What the last client answered, when everybody else's answers are known.


def programme_of(own: int, at: float, seed: int) -> list[Course]:
    """Five others with some twenty clients each, and p-0 with so many, the first of them at."""
    chance = Random(seed)  # noqa: S311 - no secret
    loads = {0: own} | {n: chance.randint(15, 25) for n in range(1, 6)}
    courses = []
    for n, load in loads.items():
        middle = chance.uniform(55, 75)
        for k in range(load):
            value = min(100.0, max(0.0, chance.gauss(middle, 15)))
            value = at if (n, k) == (0, 0) else value
            courses.append(
                Course(("ehr", f"p-{n}"), ("ehr", f"c-{n}-{k}"), {0: (1, value)}, fresh=True)
            )
    return courses


def answers_that_fit(own: int, at: float, seed: int) -> list[int]:
    """Whatever that client may have answered for all figures to be what they are."""
    shown = figures(programme_of(own, at, seed))
    return [
        other for other in range(101) if figures(programme_of(own, float(other), seed)) == shown
    ]


@pytest.mark.parametrize("own", [10, 12, 13, 17, 18, 40])
def test_who_knows_all_the_others_learns_on_which_side_of_a_point_the_last_one_is(
    own: int,
) -> None:
    for seed in range(3):
        shown = [figures(programme_of(own, float(at), seed)) for at in range(0, 101, 4)]
        assert all(shown)
        assert len({one.at for one in shown if one}) <= 2
        assert len({one.units[0].at for one in shown if one}) <= 2
        assert len({one.client_sd for one in shown if one}) <= 3
    left = [len(answers_that_fit(own, at, seed)) for seed in range(3) for at in (0.0, 30.0, 100.0)]
    assert sum(left) / len(left) > 25


def test_with_finer_figures_the_last_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "step", lambda _: 0.01)
    left = [len(answers_that_fit(12, at, seed)) for seed in range(4) for at in (0.0, 60.0)]
    assert max(left) <= 1


@pytest.mark.parametrize("clients", [*range(10, 130), 500, 1999])
def test_a_step_is_what_one_client_can_move_the_mean_by(clients: int) -> None:
    assert step(rounded_count(clients)) * clients >= 100


@pytest.mark.parametrize("clients", [10, 12, 13, 19, 24])
def test_exact_sums_of_elsewhere_do_not_open_a_mean(clients: int) -> None:
    """A summary may show a sum of these clients and one more; less their mean, the one is left.

    The mean stands for any sum within a whole range's width, so the one could be anywhere.
    """
    at = kept.coarse([62.0] * clients)
    half = step(rounded_count(clients)) / 2
    fit = [
        other
        for other in range(101)
        if at - half <= (62.0 * clients + 47 - other) / clients < at + half
    ]
    assert max(fit) - min(fit) >= 50


def test_with_exact_means_the_one_more_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "step", lambda _: 0.01)
    at = kept.coarse([62.0] * 12)
    assert abs(62.0 * 12 + 47 - at * 12 - 47) < 0.1
