"""What is no drop and may look like one; whom alarms fall on; missing ratings; both sides."""

from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from bench.detection.arrays import Flags, Floats, Indices
from bench.detection.bank import evidence
from bench.detection.experiment import CALIBRATION, HIGH, LOW, RUPTURED, TEST, Experiment, Sizes
from bench.detection.main_tables import BUDGET, OURS
from bench.detection.policy import alarms, calibrated, hit, rate
from bench.detection.simulate import (
    SESSIONS,
    Cases,
    Drop,
    Population,
    drop_shift,
    graded,
    latent_course,
    simulated,
)
from bench.detection.text import Lines, share, table

STEP: Final = Drop("S", 2.0)
DIP: Final = Drop("V", 2.0)
MIDDLE: Final = 8
LANGUAGE_SHIFT: Final = -0.4
GAP_DAYS: Final = 60.0
NONE, AT_RANDOM, LINKED, ENDS = WAYS = (
    "none", "a fifth, at random", "a fifth, and half of those after the onset",
    "case ends: .15 a session from the onset on",
)  # fmt: skip
CARELESS: Final = 0.02
STRAIGHT: Final = 0.05
"""Share of people who tick the same box for all items, so that their means are whole points."""
BAD_DAYS: Final = 0.1
LOST, LOST_AFTER, ENDING = 0.2, 0.5, 0.15
"""Chances that a rating is missing, that one after the onset is, that a case ends."""


def nuisance_table(here: Experiment, sizes: Sizes) -> Lines:
    """Alarms in clean cases in which something else happens."""
    population = here.population
    count = sizes.clean // 2
    plain = latent_course(population, count, TEST + 10, SESSIONS)
    random = np.random.default_rng(TEST + 11)
    session = np.arange(SESSIONS)
    own = plain.own_sd[:, None]
    careless = random.random(plain.values.shape) < CARELESS
    anything = random.uniform(population.low, population.high, plain.values.shape)
    days = plain.days.copy()
    days[:, MIDDLE] = GAP_DAYS
    cases = {
        "nothing": plain,
        "growth without end": simulated_latent(replace(population, growth_ends=99), count),
        "a gap of 60 days": replace(plain, days=days),
        "answers shift down by .3 points from the 9th session": _moved(plain, -0.3, session),
        "another edition, .4 points lower, in the same stream": _moved(plain, -0.4, session),
        "level 1.2 points higher (mostly at the maximum)": replace(
            plain, values=plain.values + 1.2
        ),
        "one answer in 50 careless, anything": replace(
            plain, values=np.where(careless, anything, plain.values)
        ),
        "one session in 10 a bad day, 1 own SD lower": replace(
            plain,
            values=plain.values - own * (random.random(plain.values.shape) < BAD_DAYS),
        ),
        "one person in 20 straight-lining: one box for all items": replace(
            plain,
            values=np.where(
                random.random(count)[:, None] < STRAIGHT, np.round(plain.values), plain.values
            ),
        ),
    }
    rows = []
    for name, one in cases.items():
        ready = replace(one, values=graded(one.values, population))
        given = alarms(evidence(ready, here.parameters), here.thresholds[OURS, BUDGET])
        rows.append([name, f"{rate(given):.1f}", share(float(given.any(axis=0).mean()))])
    return table(["clean cases with", "alarms per 100", "any"], rows)


def simulated_latent(population: Population, count: int) -> Cases:
    """Ratings before limits and rounding."""
    return latent_course(population, count, TEST + 10, SESSIONS)


def _moved(cases: Cases, by: float, session: Indices) -> Cases:
    return replace(cases, values=cases.values + by * (session >= MIDDLE))


def group_table(here: Experiment, sizes: Sizes) -> Lines:
    """Rates and shares found by volatility, by share of ratings at the maximum, by language."""
    population, limit = here.population, here.thresholds[OURS, BUDGET]
    clean = simulated(population, sizes.clean, TEST)
    steps = simulated(population, sizes.ruptured, RUPTURED + 30, STEP)
    same = simulated(population, sizes.ruptured, RUPTURED + 30)
    given = alarms(evidence(clean, here.parameters), limit)
    fallen = alarms(evidence(steps, here.parameters), limit)
    in_time = hit(fallen, steps.onset, STEP.window)
    top = population.high - population.step / 4
    cuts = np.quantile(clean.own_sd, (1 / 3, 2 / 3))
    sitting = [(one.values > top).mean(axis=1) for one in (clean, same)]
    volatility = [np.digitize(one.own_sd, cuts) for one in (clean, steps)]
    ceiling = [np.digitize(one, (1e-9, 0.3, 0.7)) for one in sitting]
    rows = []
    for label, groups, names in (
        ("volatility", volatility, ("calmest third", "middle third", "most volatile third")),
        ("ratings at the maximum", ceiling, ("none", "under 30 %", "30 to 70 %", "70 % or more")),
    ):
        for number, name in enumerate(names):
            mine, theirs = groups[0] == number, groups[1] == number
            rows.append(_group_row(f"{label}: {name}", given[:, mine], in_time[theirs]))
    straight = (replace(one, values=np.round(one.values)) for one in (clean, steps))
    calm, worse = (alarms(evidence(one, here.parameters), limit) for one in straight)
    in_time = hit(worse, steps.onset, STEP.window)
    rows.append(_group_row("answers: always one box for all items", calm, in_time))
    other = replace(population, mean=population.mean + LANGUAGE_SHIFT)
    for name, group in (("the fitted one", population), ("one rating .4 points lower", other)):
        calm = alarms(evidence(simulated(group, sizes.clean, TEST), here.parameters), limit)
        cases = simulated(group, sizes.ruptured, RUPTURED + 30, STEP)
        worse = alarms(evidence(cases, here.parameters), limit)
        rows.append(_group_row(f"language: {name}", calm, hit(worse, cases.onset, STEP.window)))
    return table(["group", "alarms per 100", "any", "S2 found"], rows)


def _group_row(name: str, given: Flags, in_time: Flags) -> list[str]:
    found = share(float(in_time.mean())) if in_time.size else "-"
    return [name, f"{rate(given):.1f}", share(float(given.any(axis=0).mean())), found]


def missing_table(here: Experiment, sizes: Sizes) -> Lines:
    """Rates and shares found where ratings are missing, or where the case ends early."""
    rows = []
    for way in WAYS:
        row = [way]
        for drop in (None, DIP, STEP, Drop("R", 0.3)):
            seed = TEST if drop is None else RUPTURED + 40
            full = simulated(here.population, sizes.ruptured, seed, drop)
            kept = _kept(full, way, seed)
            given, onset = _judged_present(here, full, kept)
            if drop is None:
                row.append(f"{rate(given, int(kept.sum())):.1f}")
            else:
                row.append(share(float(hit(given, onset, drop.window).mean())))
        rows.append(row)
    return table(["missing", "alarms per 100 ratings", "V2", "S2", "R.3"], rows)


def _kept(cases: Cases, way: str, seed: int) -> Flags:
    """Which ratings there are."""
    drawn = np.random.default_rng((seed, 3)).random(cases.values.shape)
    onset = cases.onset[:, None]
    session = np.arange(SESSIONS)[None, :]
    fallen = onset >= 0
    kept: Flags = drawn >= 0
    if way == AT_RANDOM:
        kept = drawn >= LOST
    elif way == LINKED:
        kept = drawn >= np.where(fallen & (session >= onset), LOST_AFTER, LOST)
    elif way == ENDS:
        kept = np.cumsum((drawn < ENDING) & fallen & (session > onset), axis=1) == 0
    return kept


def _judged_present(here: Experiment, cases: Cases, kept: Flags) -> tuple[Flags, Indices]:
    """Alarms by session; missing ratings are no part of the stream."""
    order = np.argsort(~kept, axis=1, kind="stable")
    passed = np.cumsum(cases.days, axis=1)
    values = np.take_along_axis(np.where(kept, cases.values, np.nan), order, 1)
    at = np.take_along_axis(passed, order, 1)
    days = np.maximum(np.diff(at, axis=1, prepend=at[:, :1]), 0)
    stream = replace(cases, values=values, days=days)
    limit = here.thresholds[OURS, BUDGET]
    given = alarms(evidence(stream, here.parameters), limit)
    back = np.zeros_like(given)
    np.put_along_axis(back, order.T, given, 0)
    return back, cases.onset


def dyad_table(here: Experiment, sizes: Sizes) -> Lines:
    """Client alone, either side, and their average, by how much of a drop the professional sees."""
    population, drop = here.population, DIP
    clean = both_sides(population, sizes.clean // 2, CALIBRATION, None, 0.0)
    professional = replace(
        here.parameters, mean=here.parameters.mean - 0.5 * here.parameters.between_sd
    )
    average = replace(
        here.parameters,
        mean=here.parameters.mean - 0.25 * here.parameters.between_sd,
        between_sd=here.parameters.between_sd * 0.82,
        within_sd=here.parameters.within_sd * 0.8,
        step=population.step / 2,
    )
    sides = (here.parameters, professional, average)
    calm = [evidence(one, p) for one, p in zip(clean, sides, strict=True)]
    alone = [calibrated(partial(alarms, one), BUDGET, LOW, HIGH) for one in calm]
    either = calibrated(lambda c: alarms(calm[0], c) | alarms(calm[1], c), BUDGET, LOW, HIGH)
    rows = []
    for seen_share in (1.0, 0.5, 0.0):
        cases = both_sides(population, sizes.ruptured // 2, RUPTURED + 50, drop, seen_share)
        found = [evidence(one, p) for one, p in zip(cases, sides, strict=True)]
        joined = alarms(found[0], either) | alarms(found[1], either)
        ways = (alarms(found[0], alone[0]), joined, alarms(found[2], alone[2]))
        shares = [share(float(hit(g, cases[0].onset, drop.window).mean())) for g in ways]
        rows.append([f"{seen_share:.0%}", *shares])
    return table(["the professional sees", "client alone", "either side", "average"], rows)


def both_sides(
    population: Population, count: int, seed: int, drop: Drop | None, seen_share: float
) -> tuple[Cases, Cases, Cases]:
    """Client, professional and their average: gap .5 SD, levels r .36, tracking .3."""
    client = latent_course(population, count, seed, SESSIONS)
    other = latent_course(population, count, seed + 1000, SESSIONS)
    shift, onset = drop_shift(drop, count, seed, SESSIONS)
    growth = np.minimum(np.arange(SESSIONS), population.growth_ends)
    course: Floats = client.level[:, None] + client.slope[:, None] * growth
    tracked = 0.3 * (client.values - course)
    apart = other.level - population.mean
    level = population.mean + 0.36 * (client.level - population.mean) + 0.93 * apart
    own = other.values - other.level[:, None]
    theirs = level[:, None] - 0.5 * population.between_sd + 0.95 * own + tracked
    lowered = shift * client.own_sd[:, None]
    values = graded(client.values - lowered, population)
    answers = graded(theirs - seen_share * lowered, population)
    mine = replace(client, values=values, onset=onset)
    return mine, replace(mine, values=answers), replace(mine, values=(values + answers) / 2)
