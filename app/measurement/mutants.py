"""Mutants of a scoring key: the key with one mistake, and whether test vectors would tell.

The mistakes are those that have been seen in implementations: an item wrongly reversed or wrongly
left as it is, a reversal on the wrong item, an item counted to the wrong scale, two items in each
other's scale, an answer range that is one too long or too short. House rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, islice, product
from typing import Final, TypeAlias

from app.measurement.answers import AnswersRefused, item_values
from app.measurement.key import Scale, ScoringKey
from app.measurement.scoring import keyed_values, rounded, scale_score

Answers: TypeAlias = Mapping[str, object]
Values: TypeAlias = Mapping[str, Decimal]
Shown: TypeAlias = dict[str, tuple[Decimal | None, Decimal | None]]
MOST_MUTANTS: Final = 4000
"""So many mutants of one key are tried at most. House rule."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A key with one mistake. `scales` of the key are those that the mistake can change."""

    mistake: str
    key: ScoringKey


@dataclass(frozen=True, slots=True)
class Trial:
    """How many mutants of a key were tried, and the mistakes that no vector would have told."""

    tried: int
    survivors: tuple[str, ...]


def trial(key: ScoringKey, vectors: Sequence[Answers]) -> Trial:
    """The mutants of the key against the answers of its test vectors.

    A mutant survives when each of the vectors scores under it as under the key, at the four
    decimals that a caller sees. At most MOST_MUTANTS are tried, in a fixed order. Raises
    AnswersRefused for a vector that the key does not take.
    """
    values = [item_values(answers, key) for answers in vectors]
    right = [_shown(each, key) for each in values]
    survivors: list[str] = []
    tried = 0
    for mutant in islice(mutants(key), MOST_MUTANTS):
        tried += 1
        same_range = (mutant.key.low, mutant.key.high) == (key.low, key.high)
        read = values if same_range else [_read(answers, mutant.key) for answers in vectors]
        if all(_alike(mutant, each, r) for each, r in zip(read, right, strict=True)):
            survivors.append(mutant.mistake)
    return Trial(tried, tuple(survivors))


def mutants(key: ScoringKey) -> Iterator[Mutant]:
    """Every mutant of the key, each with the scales alone that its mistake can change."""
    yield from _wrong_reversals(key)
    yield from _moved_reversals(key)
    yield from _items_of_the_wrong_scale(key)
    yield from _items_in_each_others_scale(key)
    yield from _wrong_ranges(key)


def _wrong_reversals(key: ScoringKey) -> Iterator[Mutant]:
    for item in key.items:
        what = "not reversed" if item in key.reversed else "reversed"
        yield Mutant(f"item {item} {what}", _with_reversals(key, {item}))


def _moved_reversals(key: ScoringKey) -> Iterator[Mutant]:
    for old, new in product(sorted(key.reversed), key.items):
        if new not in key.reversed:
            yield Mutant(f"reversal of {old} moved to {new}", _with_reversals(key, {old, new}))


def _items_of_the_wrong_scale(key: ScoringKey) -> Iterator[Mutant]:
    for scale in key.scales:
        outside = [item for item in key.items if item not in scale.items]
        for old, new in product(scale.items, outside):
            changed = (_exchanged(scale, old, new),)
            yield Mutant(f"{scale.id}: {new} for {old}", replace(key, scales=changed))


def _items_in_each_others_scale(key: ScoringKey) -> Iterator[Mutant]:
    for one, other in combinations(key.scales, 2):
        only_one = [item for item in one.items if item not in other.items]
        only_other = [item for item in other.items if item not in one.items]
        for a, b in product(only_one, only_other):
            changed = (_exchanged(one, a, b), _exchanged(other, b, a))
            yield Mutant(f"{a} of {one.id} with {b} of {other.id}", replace(key, scales=changed))


def _wrong_ranges(key: ScoringKey) -> Iterator[Mutant]:
    """Only where items are reversed: elsewhere the range changes no sum and no mean."""
    if not key.reversed:
        return
    for step in (-1, 1):
        yield Mutant(f"low {key.low + step}", replace(key, low=key.low + step))
        yield Mutant(f"high {key.high + step}", replace(key, high=key.high + step))


def _with_reversals(key: ScoringKey, turned: set[str]) -> ScoringKey:
    changed = tuple(scale for scale in key.scales if turned & set(scale.items))
    return replace(key, reversed=key.reversed ^ turned, scales=changed)


def _exchanged(scale: Scale, old: str, new: str) -> Scale:
    return replace(scale, items=tuple(new if item == old else item for item in scale.items))


def _read(answers: Answers, key: ScoringKey) -> Values | None:
    try:
        return item_values(answers, key)
    except AnswersRefused:
        return None


def _alike(mutant: Mutant, values: Values | None, right: Shown) -> bool:
    if values is None:
        return False
    found = _shown(values, mutant.key)
    return all(right[scale] == said for scale, said in found.items())


def _shown(values: Values, key: ScoringKey) -> Shown:
    """What a caller would see: sum and mean at four decimals."""
    keyed = keyed_values(values, key)
    scores = [scale_score(keyed, scale, key) for scale in key.scales]
    return {
        s.scale: (
            None if s.sum is None else rounded(s.sum),
            None if s.mean is None else rounded(s.mean),
        )
        for s in scores
    }
