"""How long the shipped detector takes for one rating."""

import random
import time
from typing import Final

from app.instruments.definitions import shipped
from app.measurement.detection import EMPTY, assumed_parameters, observed, packed
from app.measurement.scoring import scored as shipped_scores
from bench.detection.text import Lines, table

RATINGS: Final = 500
ROUNDS: Final = 15
ITEMS: Final = 36
REVERSED: Final = frozenset(range(1, ITEMS, 3))


def scored(answers: dict[int, int]) -> list[tuple[float, int]]:
    """Three scales and a total of 36 items in plain floats: what one rating's arithmetic costs."""
    keyed = {item: 8 - value if item in REVERSED else value for item, value in answers.items()}
    scales = [range(start, ITEMS, 3) for start in range(3)] + [range(ITEMS)]
    found = []
    for items in scales:
        values = [keyed[item] for item in items if item in keyed]
        found.append((sum(values) / len(values), len(values)))
    return found


def speed_table() -> Lines:
    """Best of several rounds, in processor time."""
    draw = random.Random(1)  # noqa: S311
    key = shipped().definition("wai-1989").forms["client"].key
    form = dict.fromkeys(key.items, 4)
    parameters = assumed_parameters(1, 7, 1 / 12)
    values = [min(7.0, round((5.6 + draw.gauss(0, 0.5)) * 12) / 12) for _ in range(RATINGS)]
    answers = [{item: draw.randint(1, 7) for item in range(ITEMS)} for _ in range(RATINGS)]
    detector = scoring = service = float("inf")
    bank = EMPTY
    for _ in range(ROUNDS):
        started = time.process_time()
        for one in answers:
            scored(one)
        scoring = min(scoring, time.process_time() - started)
        started = time.process_time()
        for _ in range(RATINGS):
            shipped_scores(form, key)
        service = min(service, time.process_time() - started)
        bank = EMPTY
        started = time.process_time()
        for value in values:
            bank, _judgement = observed(bank, value, 7.0, parameters)
        detector = min(detector, time.process_time() - started)
    rows = [
        ["one rating judged", f"{detector / RATINGS * 1e6:.0f} µs"],
        ["36 items scored in plain floats", f"{scoring / RATINGS * 1e6:.0f} µs"],
        ["ratio", f"{detector / scoring:.1f}"],
        ["36 items scored by the service, in decimals", f"{service / RATINGS * 1e6:.0f} µs"],
        ["a stored bank", f"{len(packed(bank))} bytes"],
    ]
    return table(["on the machine that made this page", ""], rows)
