"""How long the shipped detector takes for one rating."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from app.instruments.definitions import shipped
from app.measurement.detection import (
    EMPTY,
    CourseParameters,
    assumed_parameters,
    observed,
    packed,
)
from app.measurement.scoring import scored as shipped_scores
from bench.detection.text import Lines, table

RATINGS: Final = 500
ROUNDS: Final = 30
ITEMS: Final = 36
REVERSED: Final = frozenset(range(1, ITEMS, 3))
SKEW: Final = 0.3


def scored(answers: dict[int, int]) -> list[tuple[float, int]]:
    """Three scales and a total of 36 items in plain floats: what one rating's arithmetic costs."""
    keyed = {item: 8 - value if item in REVERSED else value for item, value in answers.items()}
    scales = [range(start, ITEMS, 3) for start in range(3)] + [range(ITEMS)]
    found = []
    for items in scales:
        values = [keyed[item] for item in items if item in keyed]
        found.append((sum(values) / len(values), len(values)))
    return found


def judged(values: Sequence[float], parameters: CourseParameters) -> bytes:
    """The stored bank after these ratings, one a week."""
    bank = EMPTY
    for value in values:
        bank, _judgement = observed(bank, value, 7.0, parameters)
    return packed(bank)


def speed_table() -> Lines:
    """Best of several rounds, in processor time."""
    draw = random.Random(1)  # noqa: S311
    key = shipped().definition("wai-1989").forms["client"].key
    form = dict.fromkeys(key.items, 4)
    plain = assumed_parameters(1, 7, 1 / 12)
    skewed = replace(plain, skew=SKEW)
    values = [min(7.0, round((5.6 + draw.gauss(0, 0.5)) * 12) / 12) for _ in range(RATINGS)]
    answers = [{item: draw.randint(1, 7) for item in range(ITEMS)} for _ in range(RATINGS)]
    detector, with_skew, scoring, service = _fastest(
        lambda: judged(values, plain),
        lambda: judged(values, skewed),
        lambda: [scored(one) for one in answers],
        lambda: [shipped_scores(form, key) for _ in range(RATINGS)],
    )
    rows = [
        ["one rating judged", f"{detector:.0f} µs"],
        ["one rating judged where a longer lower tail was fitted", f"{with_skew:.0f} µs"],
        ["36 items scored in plain floats", f"{scoring:.1f} µs"],
        ["a rating judged takes so many times as long", f"{detector / scoring:.1f}"],
        ["36 items scored by the service, in decimals", f"{service:.0f} µs"],
        ["a rating judged takes so many times as long", f"{detector / service:.1f}"],
        ["a stored bank", f"{len(judged(values, plain))} bytes"],
    ]
    return table(["on the machine that made this page", ""], rows)


def _fastest(*what: Callable[[], object]) -> list[float]:
    """Microseconds a rating for each, the rounds of all in turns."""
    best = [float("inf")] * len(what)
    for _ in range(ROUNDS):
        for place, one in enumerate(what):
            started = time.process_time()
            one()
            best[place] = min(best[place], time.process_time() - started)
    return [one / RATINGS * 1e6 for one in best]
