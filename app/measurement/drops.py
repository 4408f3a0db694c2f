"""The life of a drop: a fall in one scale of one stream, and its return or not.

A detector raises the alarm; here is only what follows from it, rating by rating in the stream's
order. Values are points of the scale's mean; high is a stronger alliance. The state is bounded,
and a stream folded anew gives the same drops.

The guide is Stevens, Muran, Safran, Gorman & Winston (2007), American Journal of Psychotherapy
61(2), 109-129: a local fall with return within three to five ratings. Its criteria were not read
in full, so this is an approximation, and every number below is a house rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isfinite
from typing import Final, Literal, NamedTuple

RETURN_SHARE: Final = 0.75
"""Share of the depth that must be regained for a return. House rule."""
REPAIR_WINDOW: Final = 5
"""Scored ratings after the alarm within which a return counts as repair. House rule."""
REACH: Final = 8
"""Newest ratings kept, the present one among them: a slow fall may have begun at any of them."""

Kind = Literal["sudden", "slow"]
DropStatus = Literal["open", "repaired", "unrepaired"]
Shape = Literal["v", "u"]
"""v: back at the next scored rating. u: back later within the window."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a detector said at a rating: the kind of fall and how many scored ratings ago it began.

    ratings_back is 0 when the fall began with the rating that raised the alarm.
    """

    kind: Kind
    ratings_back: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """One drop as it stands after a rating. Values in points of the scale's mean."""

    started_by: str
    """The response that raised the alarm."""
    kind: Kind
    onset: str
    """The response with the first rating of the fall."""
    reference: float
    """The rater's own mean of all scored values before the onset."""
    lowest: float
    """The lowest value from the onset on."""
    depth: float
    """reference - lowest; positive."""
    ratings_since: int
    """Scored ratings after the alarm, up to the one that ended the drop."""
    state: DropStatus
    repaired_by: str | None
    """The response whose value came back; None: none did."""
    ratings_to_repair: int | None
    """Scored ratings from the alarm to the return; None: no return."""
    shape: Shape | None
    """None: no return."""


class Rated(NamedTuple):
    """A scored rating and the mean of all values before it; None: it was the first.

    A tuple, as a watch holds dozens.
    """

    response_id: str
    value: float
    mean_before: float | None


@dataclass(frozen=True, slots=True)
class DropState:
    """What the next rating of one stream and scale needs to know of those before it."""

    count: int = 0
    """Scored values so far."""
    mean: float = 0.0
    """Their mean; 0 while there is none."""
    recent: tuple[Rated, ...] = ()
    """The newest ratings since the last drop, oldest first, at most REACH.

    Empty while a drop is open."""
    open_drop: Drop | None = None


NEW_STATE: Final = DropState()


def step(
    state: DropState, response_id: str, value: float, alarm: Alarm | None
) -> tuple[DropState, Drop | None]:
    """The state after one more scored rating, and the drop that it opened, changed or ended.

    None: no drop is touched. An alarm opens a drop whose onset lies at most REACH - 1 ratings back
    and never in an earlier drop. It opens none without a value before the onset to fall from, or
    when no value since the onset lies below that mean. While a drop is open an alarm opens no
    second one; a rating that raises it is no return, and the lowest value goes on being kept.
    Raises ValueError for a value that is not finite or an alarm with ratings_back below 0.

    >>> state, _ = step(NEW_STATE, "a", 4.0, None)
    >>> state, drop = step(state, "b", 2.0, Alarm("sudden"))
    >>> (drop.reference, drop.depth, drop.state)
    (4.0, 2.0, 'open')
    >>> state, drop = step(state, "c", 3.5, None)
    >>> (drop.state, drop.shape, drop.ratings_to_repair)
    ('repaired', 'v', 1)
    """
    if not isfinite(value):
        raise ValueError("Expected a finite value.")
    if alarm is not None and alarm.ratings_back < 0:
        raise ValueError("A fall begins at the alarm or before it.")
    rated = Rated(response_id, value, state.mean if state.count else None)
    recent = (*state.recent, rated)[-REACH:]
    if state.open_drop is not None:
        drop: Drop | None = continued(
            state.open_drop, response_id, value, alarmed=alarm is not None
        )
    else:
        drop = _opened(recent, alarm) if alarm is not None else None
    count = state.count + 1
    mean = state.mean + (value - state.mean) / count
    # A fall that comes later begins after this drop, so its ratings need not be kept.
    kept = recent if drop is None else ()
    return DropState(count, mean, kept, drop if drop and drop.state == "open" else None), drop


def _opened(recent: tuple[Rated, ...], alarm: Alarm) -> Drop | None:
    """The drop that an alarm at the newest of these ratings opens; None: it opens none."""
    fall = [rated for rated in recent[-1 - alarm.ratings_back :] if rated.mean_before is not None]
    if not fall or fall[0].mean_before is None:
        return None
    reference = fall[0].mean_before
    lowest = min(rated.value for rated in fall)
    if lowest >= reference:
        return None
    return Drop(
        recent[-1].response_id, alarm.kind, fall[0].response_id, reference, lowest,
        reference - lowest, ratings_since=0, state="open",
        repaired_by=None, ratings_to_repair=None, shape=None,
    )  # fmt: skip


def continued(
    drop: Drop,
    response_id: str,
    value: float,
    *,
    alarmed: bool,
    return_share: float = RETURN_SHARE,
    window: int = REPAIR_WINDOW,
) -> Drop:
    """An open drop after one more scored rating: still open, repaired, or its window has passed.

    alarmed: whether that rating raised an alarm, which makes it no return.
    """
    lowest = min(drop.lowest, value)
    since = drop.ratings_since + 1
    drop = replace(drop, lowest=lowest, depth=drop.reference - lowest, ratings_since=since)
    if not alarmed and value >= return_level(drop, return_share):
        return replace(
            drop, state="repaired", repaired_by=response_id, ratings_to_repair=since,
            shape="v" if since == 1 else "u",
        )  # fmt: skip
    return replace(drop, state="unrepaired") if since >= window else drop


def return_level(drop: Drop, return_share: float = RETURN_SHARE) -> float:
    """The value from which a rating counts as back: that share of the depth regained."""
    return drop.reference - (1 - return_share) * drop.depth


def drops_of(ratings: Iterable[tuple[str, float, Alarm | None]]) -> tuple[DropState, list[Drop]]:
    """The state after a whole stream, and its drops in the order of their alarms, as they ended.

    ratings: (response id, value, alarm or None) of each scored rating in the stream's order; the
    last drop may still be open. Raises ValueError as step does.
    """
    state = NEW_STATE
    drops: dict[str, Drop] = {}
    for response_id, value, alarm in ratings:
        state, drop = step(state, response_id, value, alarm)
        if drop is not None:
            drops[drop.started_by] = drop
    return state, list(drops.values())


def state_at_end(drop: Drop, *, ended: bool) -> Literal[DropStatus, "ended_while_open"]:
    """The drop's state, with an open drop of an ended alliance as an outcome of its own.

    ended: the alliance has an end. Ended while open is neither repaired nor unrepaired: it is
    how an alliance looks that was broken off in a drop.
    """
    return "ended_while_open" if ended and drop.state == "open" else drop.state
