"""A stream watched anew when its points change, no more of it than has to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.measurement.course import Point
from app.measurement.watch import Rules, Told, Watch
from app.measurement.watching import watched


@dataclass(frozen=True, slots=True)
class Step:
    """One point, what it told, and the watch after it."""

    point: Point
    watch: Watch
    told: Told


class Replay:
    """The steps of one stream. Asked again after a change, it goes on from the change."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._steps: list[Step] = []

    def steps(self, placed: Sequence[Point]) -> Sequence[Step]:
        """A step for each point of the stream, or of its beginning, given in the stream's order.

        The same as if every point had come alone, in this order.
        """
        kept = self._kept(placed)
        if kept < len(placed):
            del self._steps[kept:]
        for point in placed[kept:]:
            before = self._steps[-1] if self._steps else None
            watch, told = watched(
                before.watch if before else Watch(),
                point,
                before.point.place if before else None,
                self._rules,
            )
            self._steps.append(Step(point, watch, told))
        return self._steps[: len(placed)]

    def to_judge(self, placed: Sequence[Point]) -> int:
        """How many points would have to be judged, or judged anew, for the steps of these."""
        return len(placed) - self._kept(placed)

    def _kept(self, placed: Sequence[Point]) -> int:
        """How many of the steps so far stand for these points as well."""
        for number, (step, point) in enumerate(zip(self._steps, placed, strict=False)):
            if step.point is not point:
                return number
        return min(len(self._steps), len(placed))
