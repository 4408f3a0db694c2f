"""How much of what could have been said was said, and what may be shown of small groups.

Every figure here is a house rule. Groups below 10 are withheld as the Office for National
Statistics and Medicare (below 11) do; health services round counts of people to the nearest 5.
"""

from typing import Final, Literal

from app.measurement.small_groups import LEAST_CLIENTS, LEAST_PROFESSIONALS

WARN_BELOW: Final = 0.60
"""Coverage below which an average is shown with a warning. House rule."""
WITHHOLD_BELOW: Final = 0.40
"""Coverage below which nothing is compared. House rule."""
DEEP: Final = 4
"""Ratings of one client from which on their course can be told from noise: four ratings average
to a reliability of about .90, and a slope needs as many. House rule."""
LEVEL_STEP: Final = 5.0
"""Averages that others could be subtracted from are shown to the nearest of these, in percent of
the scale's range. What one client said who is in one group of 11 and not in another of 10 can then
be worked out to half the range either way, no closer. House rule."""

Standing = Literal["enough", "low", "too_low"]


def standing(rate: float) -> Standing:
    """How far averages can be trusted at this coverage, from 0 to 1.

    `low`: to be shown with a warning. `too_low`: nothing is to be compared.

    >>> standing(0.6), standing(0.59), standing(0.39)
    ('enough', 'low', 'too_low')
    """
    if rate < WITHHOLD_BELOW:
        return "too_low"
    return "low" if rate < WARN_BELOW else "enough"


def sufficiency(rate: float | None) -> Standing | Literal["unknown"]:
    """The standing of a coverage of which nothing may be known: None, nobody said who was asked.

    >>> sufficiency(0.4), sufficiency(None)
    ('low', 'unknown')
    """
    return "unknown" if rate is None else standing(rate)


def too_few_clients(clients: int) -> bool:
    """Whether a figure on so many clients is withheld."""
    return clients < LEAST_CLIENTS


def too_few_to_average(clients: int, professionals: int) -> bool:
    """Whether an average of what so many clients of so many professionals said is withheld."""
    return too_few_clients(clients) or professionals < LEAST_PROFESSIONALS


def level(percent_of_range: float) -> float:
    """An average in percent of its scale's range as it is shown: to the nearest LEVEL_STEP.

    >>> level(61.9), level(62.5)
    (60.0, 65.0)
    """
    return (percent_of_range + LEVEL_STEP / 2) // LEVEL_STEP * LEVEL_STEP
