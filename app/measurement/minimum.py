"""The smallest value of a smooth function of a few numbers, each within bounds.

By the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno (Nocedal & Wright, 2006,
Numerical optimization, 2nd ed., algorithm 6.1) on the numbers that are not held at a bound, with
slopes by forward differences. For batch work: it calls the function some hundred times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

Function = Callable[[Sequence[float]], float]
Bounds = Sequence[tuple[float, float]]

DIFFERENCE: Final = 1e-7
"""Step by which slopes are taken. House rule."""
ENOUGH: Final = 1e-4
"""Share of the fall that the slope foretells with which a step is taken (Armijo, 1966)."""
HALVINGS: Final = 40
FLAT: Final = 1e-11
"""A fall smaller than this share of the value ends the search. House rule."""
STEPS: Final = 200
"""Most steps of a search. House rule."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where a function was found to be smallest."""

    at: tuple[float, ...]
    value: float
    settled: bool
    """Whether the search ended by itself; False: it was cut off after STEPS steps."""


def minimum(function: Function, start: Sequence[float], bounds: Bounds) -> Minimum:
    """A local minimum of the function from a start, within bounds (lowest and highest of each).

    >>> found = minimum(lambda x: (x[0] - 3) ** 2 + (x[1] + 1) ** 2, [0, 0], [(0, 2), (-5, 5)])
    >>> [round(one, 5) for one in found.at]
    [2.0, -1.0]
    """
    at = _within([float(one) for one in start], bounds)
    value = function(at)
    slopes = _slopes(function, at, value, bounds)
    shape = _square(len(at))
    begun = False
    for _ in range(STEPS):
        free = [not _held(x, slope, b) for x, slope, b in zip(at, slopes, bounds, strict=True)]
        way = _way(shape, slopes, free)
        if _dot(way, slopes) >= 0:
            shape, begun = _square(len(at)), False
            way = _way(shape, slopes, free)
        first = 1.0 if begun else min(1.0, 1 / max(_dot(way, way) ** 0.5, 1e-300))
        step = _stepped(function, at, value, slopes, way, bounds, first)
        if step is None:
            return Minimum(tuple(at), value, settled=True)
        after, lower = step
        fallen, value = value - lower, lower
        before, slopes_before, at = at, slopes, after
        if fallen <= FLAT * (1 + abs(value)):
            return Minimum(tuple(at), value, settled=True)
        slopes = _slopes(function, at, value, bounds)
        shape, begun = _shaped(shape, _less(at, before), _less(slopes, slopes_before), begun=begun)
    return Minimum(tuple(at), value, settled=False)


def _slopes(function: Function, at: Sequence[float], value: float, bounds: Bounds) -> list[float]:
    """By forward differences; backward where forward would leave the bounds."""
    found = []
    for place, (x, (_, high)) in enumerate(zip(at, bounds, strict=True)):
        by = DIFFERENCE if x + DIFFERENCE <= high else -DIFFERENCE
        found.append((function([*at[:place], x + by, *at[place + 1 :]]) - value) / by)
    return found


def _stepped(  # noqa: PLR0917 - what a step is taken from
    function: Function,
    at: Sequence[float],
    value: float,
    slopes: Sequence[float],
    way: Sequence[float],
    bounds: Bounds,
    length: float,
) -> tuple[list[float], float] | None:
    """The place and value after a step that lowers the function; None: there is none."""
    for _ in range(HALVINGS):
        after = _within([x + length * w for x, w in zip(at, way, strict=True)], bounds)
        foretold = _dot(slopes, _less(after, at))
        if foretold < 0:
            lower = function(after)
            if lower <= value + ENOUGH * foretold:
                return after, lower
        length /= 2
    return None


def _shaped(
    shape: list[list[float]], moved: list[float], turned: list[float], *, begun: bool
) -> tuple[list[list[float]], bool]:
    """The inverse of the function's curvature with what a step showed of it, if it showed any."""
    bent = _dot(moved, turned)
    if bent <= 1e-12:  # noqa: PLR2004 - nothing but rounding
        return shape, begun
    if not begun:
        scale = bent / _dot(turned, turned)
        shape = [[scale * one for one in row] for row in shape]
    pushed = [_dot(row, turned) for row in shape]
    share = (1 + _dot(turned, pushed) / bent) / bent
    size = range(len(moved))
    return [
        [
            shape[i][j]
            + share * moved[i] * moved[j]
            - (pushed[i] * moved[j] + moved[i] * pushed[j]) / bent
            for j in size
        ]
        for i in size
    ], True


def _held(x: float, slope: float, bounds: tuple[float, float]) -> bool:
    """Whether a number stands at a bound and the function falls beyond it."""
    low, high = bounds
    return (x <= low and slope > 0) or (x >= high and slope < 0)


def _way(
    shape: Sequence[Sequence[float]], slopes: Sequence[float], free: Sequence[bool]
) -> list[float]:
    """Where the function falls, as far as the numbers are free to go."""
    kept = [slope if open_ else 0.0 for slope, open_ in zip(slopes, free, strict=True)]
    return [-_dot(row, kept) if open_ else 0.0 for row, open_ in zip(shape, free, strict=True)]


def _within(at: Sequence[float], bounds: Bounds) -> list[float]:
    return [min(max(x, low), high) for x, (low, high) in zip(at, bounds, strict=True)]


def _square(size: int) -> list[list[float]]:
    return [[float(i == j) for j in range(size)] for i in range(size)]


def _less(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(one, other, strict=True)]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return fsum(a * b for a, b in zip(one, other, strict=True))
