"""How much of what was asked for has come, and what an average may then be used for.

Who does not answer differs from who does, and more often where the alliance is low. So every
average stands beside its coverage.
"""

from typing import Final, Literal

WARN_UNDER: Final = 0.6
"""Coverage below which an average is shown with a warning. House rule."""
WITHHOLD_UNDER: Final = 0.4
"""Coverage below which no comparison is shown. House rule."""

Sufficiency = Literal["enough", "low", "too_low", "unknown"]


def sufficiency(rate: float | None) -> Sufficiency:
    """What a coverage, 0 to 1, allows; None: nobody has said who was asked.

    >>> sufficiency(0.6), sufficiency(0.4), sufficiency(0.39), sufficiency(None)
    ('enough', 'low', 'too_low', 'unknown')
    """
    if rate is None:
        return "unknown"
    if rate < WITHHOLD_UNDER:
        return "too_low"
    return "low" if rate < WARN_UNDER else "enough"
