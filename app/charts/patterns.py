"""Patterns that shade drops, so that their states are told apart in black and white."""

from typing import Final

from app.charts.markup import Element, element

TONE: Final = "edge"
PATHS: Final = {
    "open": "M-1 1l2-2M0 8L8 0M7 9l2-2",
    "repaired": "M2 2h.01M6 6h.01",
    "unrepaired": "M-1 1l2-2M0 8L8 0M7 9l2-2M-1 7l2 2M0 0L8 8M7-1l2 2",
    "ended_while_open": "M0 2h8M0 6h8",
}
"""State of a drop -> what is drawn again and again: hatched, dotted, cross-hatched, striped."""


def pattern_id(prefix: str, state: str) -> str:
    """The id of a state's pattern; of a state that we do not know, that of an open drop."""
    return f"{prefix}-{state if state in PATHS else 'open'}"


def patterns(prefix: str, states: set[str]) -> list[Element]:
    """The patterns of these states. Their ids begin with prefix, as a page may hold more."""
    wanted = sorted({state if state in PATHS else "open" for state in states})
    return [
        element(
            "pattern",
            element(
                "path", d=PATHS[state], stroke=TONE, stroke_linecap="round",
                stroke_width=2 if state == "repaired" else 1,
            ),
            id=pattern_id(prefix, state), width=8, height=8, patternUnits="userSpaceOnUse",
        )
        for state in wanted
    ]  # fmt: skip
