"""How a rater fills in forms, against that rater's own earlier ones. It never changes a score."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from app.measurement.answers import RULER, item_values
from app.measurement.course import Manner
from app.measurement.key import ScoringKey
from app.measurement.patterns import repeated_vector, uninformative_high
from app.measurement.quality import QualityNote
from app.measurement.scatter import (
    NEW_SCATTER,
    ScatterState,
    form_scatter,
    scatter_standing,
)
from app.measurement.scatter import with_form as with_scatter
from app.measurement.scoring import keyed_values


@dataclass(frozen=True, slots=True)
class MannerState:
    """What the next form of a stream is compared with."""

    scatter: ScatterState = NEW_SCATTER
    fingerprint: str | None = None
    repeats: int = 0
    """How many forms in a row, up to the newest, have the same answers to all items."""
    maxima: int = 0
    """How many in a row have nothing but the strongest answers."""

    def as_stored(self) -> list[Any]:
        """The state as JSON values."""
        scatter = self.scatter
        numbers = [scatter.count, scatter.mean, scatter.squares]
        return [numbers, self.fingerprint, self.repeats, self.maxima]

    @classmethod
    def from_stored(cls, stored: list[Any]) -> Self:
        """The state that as_stored wrote."""
        scatter, *others = stored
        return cls(ScatterState(*scatter), *others)


NO_FORMS: Final = MannerState()


def manner_of(answers: Mapping[str, object], key: ScoringKey) -> Manner:
    """How one form was filled in. Raises AnswersRefused as item_values does."""
    values = item_values(answers, key)
    keyed = keyed_values(values, key)
    full = ",".join(str(values[item].normalize()) for item in key.items if item in values)
    return Manner(
        scatter=form_scatter(keyed.values()),
        items=len(values),
        step=float(RULER) if key.kind == "visual_analogue" else 1.0,
        fingerprint=_hash(full) if len(values) == len(key.items) else None,
        all_maximum=bool(keyed) and all(value == key.high for value in keyed.values()),
    )


def with_form(
    state: MannerState, manner: Manner | None
) -> tuple[MannerState, tuple[QualityNote, ...]]:
    """The state after one more form, and what stands out in it against the earlier ones.

    item_scatter: the answers to its items lie further apart than is usual for this rater.
    repeated_vector, uninformative_high: as in the module patterns. manner None: an older system
    reported totals, of which nothing can be told; runs are broken by it.
    """
    if manner is None:
        return MannerState(state.scatter), ()
    notes: list[QualityNote] = []
    scatter = state.scatter
    if manner.scatter is not None:
        standing = scatter_standing(scatter, manner.scatter, items=manner.items, step=manner.step)
        if standing is not None and standing.unusual:
            notes.append(_scattered(standing.scatter, standing.usual))
        scatter = with_scatter(scatter, manner.scatter)
    same = manner.fingerprint is not None and manner.fingerprint == state.fingerprint
    repeats = state.repeats + 1 if same else 1
    maxima = state.maxima + 1 if manner.all_maximum else 0
    high = uninformative_high([True] * maxima)
    notes += [note for note in (high or repeated_vector([manner.fingerprint] * repeats),) if note]
    return MannerState(scatter, manner.fingerprint, repeats, maxima), tuple(notes)


def _scattered(scatter: float, usual: float) -> QualityNote:
    return QualityNote(
        "item_scatter",
        f"The answers to its items lie further apart (SD {scatter:.2f}) than is usual for this "
        f"rater ({usual:.2f}): the total says less than usual.",
    )


def _hash(text: str) -> str:
    """So that answers stand in no state."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
