"""One stream while points come and go: its state, its watch, and what each point tells.

Nothing is asked of the database: a stream that a point does not simply follow needs all of its
points, and says so when it was not given them.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from uuid import UUID

from app.measurement.change import Reference
from app.measurement.course import (
    Anchor,
    Place,
    Point,
    StreamState,
    anchors_before,
    followed_by,
    in_order,
    rank_in_time,
    state_of,
)
from app.measurement.replay import Replay, Step
from app.measurement.watch import Recent, Rules, Told, Watch
from app.measurement.watching import watched

References: TypeAlias = Mapping[Reference, Mapping[str, Anchor]]
"""`previous` and `first` -> scale -> the value to compare with."""


MOST_JUDGED: Final = 1_000
"""Ratings that one call judges anew, at most, to tell what each newest one told as it came. House
rule: less than half a second of work. Where late ratings and newest ones take turns it would else
grow with the square of the batch."""


class SeriesMissing(Exception):
    """The stream's points are needed and were not read."""


@dataclass(frozen=True, slots=True)
class Window:
    """The last ratings of a stream up to one of them, which ends them."""

    recent: Sequence[Recent]
    newest: bool
    """Whether that one is the stream's newest."""


@dataclass(frozen=True, slots=True)
class Added:
    """What a point is compared with, and what it tells, as it comes into its stream."""

    references: References | None
    """None: it has no place in the stream's order."""
    told: Told
    newest: bool
    """Whether it follows all others."""
    recent: Sequence[Recent]
    """The last ratings of the stream up to this one, this one last; empty if it has no place."""
    rules: Rules
    deferred: bool = False
    """Whether it follows all others and what it tells is found at the end all the same."""


class Allowance:
    """How many ratings a call may still judge anew; shared by all of its streams."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, ratings: int) -> bool:
        """Whether so many may be judged; then they are taken off."""
        if ratings > self._left:
            return False
        self._left -= ratings
        return True


class Course:
    """One stream while points come and go."""

    def __init__(
        self,
        known: tuple[StreamState, Watch] | None,
        points: dict[str, Point] | None,
        rules: Rules,
        allowance: Allowance,
    ) -> None:
        self._state = known[0] if known else None
        self._watch = known[1] if known else Watch()
        self._points = points
        """All of its points by response id, once they are known."""
        self._as_read = list(points.values()) if points else []
        self._stale = False
        """Whether the points have changed since the state was made of them."""
        self._replay = Replay(rules)
        self._allowance = allowance
        self._deferred: str | None = None
        """The newest point that was left to be judged at the end; None: there was none."""
        self.rules = rules
        self._in_time: list[Point] | None = None
        """Its points in order, if they all have an instant and were put in order before."""
        self.changed = False
        """Whether it is to be stored anew."""
        self.disturbed_by: str | None = None
        """The response that came or went otherwise than at the end, the last one; None: none."""

    def read_anew(self) -> None:
        """Take the state from the points, not from what was stored."""
        self._stale = self.changed = True

    def state(self) -> tuple[StreamState, Watch] | None:
        """The stream's state; None: it has no points."""
        if self._stale:
            points = self._all()
            self._state = state_of(points.values()) if points else None
            steps = self.steps()
            self._watch = steps[-1].watch if steps else Watch()
            self._stale = False
        return None if self._state is None else (self._state, self._watch)

    @property
    def whole(self) -> bool:
        """Whether all of its points are known."""
        return self._points is not None

    def steps(self) -> Sequence[Step]:
        """Every point that has a place, in order, with what it tells. Raises SeriesMissing."""
        return self._replay.steps(self._placed())

    def steps_as_read(self) -> Sequence[Step]:
        """As steps, of the points that it had before any came or went."""
        return Replay(self.rules).steps(placed(self._as_read))

    def untold(self) -> UUID | None:
        """The stream's newest response, if what it tells was left for the end; None: it was not.

        Not one that was sent as history.
        """
        steps = self.steps() if self._deferred else []
        newest = steps[-1].point if steps else None
        if newest is None or newest.backfill or newest.place.response_id != self._deferred:
            return None
        return UUID(self._deferred)

    def window(self, point: Point) -> Window | None:
        """The last ratings up to the first one of the point's occasion; None: it has none.

        None too where the allowance does not reach: a disturbed stream is compared at the end
        anyway. Raises SeriesMissing.
        """
        if self.disturbed_by and self._stale and not self._may_judge(self._placed()):
            return None
        try:
            known = self.state()
            return window_of(known[0], known[1].recent, point) if known else None
        except SeriesMissing:
            steps = self.steps()
        at = next((n for n, one in enumerate(steps) if one.point.occasion == point.occasion), None)
        return None if at is None else Window(steps[at].watch.recent, at + 1 == len(steps))

    def add(self, point: Point) -> Added:
        """Put a point in. Raises SeriesMissing."""
        self.changed = True
        if self._points is not None:
            self._points[point.place.response_id] = point
        if not self._stale:
            before = self._state
            after = state_of([point]) if before is None else followed_by(before, point)
            if after is not None:
                return self._followed(before, after, point)
        # To be made anew at the end, once: it costs as much as the stream is long.
        placed = self._placed_with(point)
        self._stale = True
        number = next((n for n, one in enumerate(placed) if one is point), None)
        if number is None:
            self.disturbed_by = point.place.response_id
            return Added(None, Told(), newest=False, recent=(), rules=self.rules)
        first, previous = anchors_before(placed, number)
        return self._inserted({"previous": previous, "first": first}, point, placed)

    def remove(self, response_id: UUID) -> None:
        """Take a point out. Raises SeriesMissing."""
        self._all().pop(str(response_id), None)
        self.changed = True
        self._in_time = None
        self._stale = True
        self.disturbed_by = str(response_id)

    def _followed(self, before: StreamState | None, after: StreamState, point: Point) -> Added:
        previous = before.newest if before else None
        self._state = after
        self._watch, told = watched(self._watch, point, previous, self.rules)
        references: References = {}
        if before is not None:
            references = {"previous": before.latest, "first": before.first}
        return Added(references, told, newest=True, recent=self._watch.recent, rules=self.rules)

    def _inserted(self, references: References, point: Point, placed: Sequence[Point]) -> Added:
        if placed[-1] is not point:
            # What it tells is found at the end, with all that changed: for each late point alone
            # it would cost as much as the stream is long.
            self.disturbed_by = point.place.response_id
            return Added(references, Told(), newest=False, recent=(), rules=self.rules)
        if not self._may_judge(placed):
            self.disturbed_by = self._deferred = point.place.response_id
            late = Added(references, Told(), newest=False, recent=(), rules=self.rules)
            return replace(late, deferred=True)
        if self._reordered(placed):
            self.disturbed_by = point.place.response_id
        step = self._replay.steps(placed)[-1]
        return Added(references, step.told, newest=True, recent=step.watch.recent, rules=self.rules)

    def _may_judge(self, placed: Sequence[Point]) -> bool:
        return self._allowance.spend(self._replay.to_judge(placed))

    def _reordered(self, placed: Sequence[Point]) -> bool:
        """Whether the newest point has put others in another order, or out of it."""
        others = [point.place for point in self._all().values() if point is not placed[-1]]
        return in_order(others)[0] != [point.place for point in placed[:-1]]

    def _placed(self) -> list[Point]:
        return placed(self._all().values())

    def _placed_with(self, point: Point) -> list[Point]:
        """The same after a point has come; not sorted anew where all have an instant."""
        before, rank = self._in_time, rank_in_time(point.place)
        if before is None or rank is None or len(before) + 1 != len(self._all()):
            found = self._placed()
            ranks = [rank_in_time(one.place) for one in found]
            whole = len(found) == len(self._all()) and None not in ranks
            self._in_time = found if whole else None
            return found
        insort(before, point, key=lambda one: rank_in_time(one.place) or ())
        return before

    def _all(self) -> dict[str, Point]:
        if self._points is None:
            raise SeriesMissing
        return self._points


def placed(points: Iterable[Point]) -> list[Point]:
    """The points that have a place in their stream's order, in that order."""
    by_id = {point.place.response_id: point for point in points}
    places, _ = in_order([point.place for point in by_id.values()])
    return [by_id[place.response_id] for place in places]


def window_of(state: StreamState, recent: Sequence[Recent], point: Point) -> Window | None:
    """The window of a stream as it stands; see Course.window.

    Raises SeriesMissing when the stream has gone further than the point, so that what was known
    up to the point can only be told from its points.
    """
    occasions = [one.occasion for one in recent]
    if point.occasion in occasions:
        if occasions.index(point.occasion) + 1 == len(occasions):
            return Window(recent, newest=True)
        raise SeriesMissing
    if state.count > len(occasions) and state.newest and _before(point.place, state.newest):
        raise SeriesMissing
    return None


def _before(one: Place, other: Place) -> bool:
    """Whether an occasion is known to come before another one."""
    if one.occurred_on is not None and other.occurred_on is not None:
        return one.occurred_on < other.occurred_on
    if one.session_number is not None and other.session_number is not None:
        return one.session_number < other.session_number
    return False
