"""Patterns of answering within one form and over successive forms of one rater.

Indices to look at, never a reason to delete: no cut-off holds everywhere (Yentes & Wilhelm,
careless: procedures for computing indices of careless responding, vignette).
"""

from collections.abc import Mapping, Sequence
from itertools import groupby, takewhile
from typing import Final

from app.measurement.answers import item_values
from app.measurement.key import ScoringKey
from app.measurement.quality import QualityNote
from app.measurement.spread import sample_sd

SUCCESSIVE_FORMS: Final = 3
"""Successive forms from which a repetition is said. House rule."""


def longest_run(answers: Mapping[str, object], key: ScoringKey) -> int | None:
    """The longest run of equal answers in the key's order of items, as ticked.

    An item without a value ends a run. None when the run would say nothing: equal answers
    contradict each other only where both reversed and other items have a value. Raises
    AnswersRefused as item_values does. Johnson (2005), Journal of Research in Personality 39(1),
    103-129, on long strings.
    """
    values = item_values(answers, key)
    if not key.reversed & values.keys() or not values.keys() - key.reversed:
        return None
    rows = groupby(values.get(item) for item in key.items)
    return max(len(list(run)) for value, run in rows if value is not None)


def response_variability(answers: Mapping[str, object], key: ScoringKey) -> float | None:
    """The standard deviation (n - 1) of the answers of one form as ticked, in points of an item.

    Before reversal: low values mean that the same answer came again and again, very high ones
    that answers jumped. None with fewer than two values. Raises AnswersRefused as item_values
    does. Dunn, Heggestad, Shanock & Theilgard (2018), Journal of Business and Psychology 33(1),
    105-121.
    """
    return sample_sd([float(value) for value in item_values(answers, key).values()])


def repeated_vector(forms: Sequence[str | None]) -> QualityNote | None:
    """A note when the newest forms of a stream all have the same full row of answers.

    forms: one mark of all answers (a hash) a form, the newest last; None for a form with an item
    unanswered, which repeats nothing. From SUCCESSIVE_FORMS on, else None. Forms at their maximum
    also repeat each other: see uninformative_high, which says more.

    >>> repeated_vector(["b", "a", "a", "a"]).detail
    'The same answer to every item in 3 successive forms.'
    """
    newest = forms[-1] if forms else None
    if newest is None:
        return None
    count = sum(1 for _ in takewhile(lambda form: form == newest, reversed(forms)))
    if count < SUCCESSIVE_FORMS:
        return None
    return QualityNote(
        "repeated_vector", f"The same answer to every item in {count} successive forms."
    )


def uninformative_high(all_maximum: Sequence[bool]) -> QualityNote | None:
    """A note when the newest forms of a stream are all at their maximum.

    all_maximum: whether every answered item stands at its strongest, one a form, the newest last.
    From SUCCESSIVE_FORMS on, else None. Courtesy or fear reads the same as joy, so such forms are
    shown as little information, not as a good alliance.
    """
    count = sum(1 for _ in takewhile(bool, reversed(all_maximum)))
    if count < SUCCESSIVE_FORMS:
        return None
    return QualityNote(
        "uninformative_high",
        f"Every answer the highest possible in {count} successive forms: little information.",
    )
