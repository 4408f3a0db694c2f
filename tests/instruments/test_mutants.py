"""The test vectors of every key kill every mutant of that key.

A mutant is the key with one mistake that has been seen in the wild: an item wrongly reversed or
wrongly left as it is, a reversal on the wrong item, an item counted to the wrong scale, two items
in each other's scale, an answer range that is one too long or too short.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product

import pytest

from app.instruments.definitions import DIRECTORY, definition_from
from app.measurement.answers import AnswersRefused
from app.measurement.key import Scale, ScoringKey
from app.measurement.scoring import rounded, scored

Answers = Mapping[str, object]
Scores = dict[str, tuple[Decimal | None, Decimal | None]]
Mutant = tuple[str, ScoringKey]

EXPECTED_MUTANTS = 2838
"""All mutants of all shipped keys. Documentation quotes it; change it with the catalogue."""


def mutants(key: ScoringKey) -> Iterator[Mutant]:
    yield from wrong_reversals(key)
    yield from moved_reversals(key)
    yield from items_of_the_wrong_scale(key)
    yield from items_in_each_others_scale(key)
    yield from wrong_ranges(key)


def wrong_reversals(key: ScoringKey) -> Iterator[Mutant]:
    for item in key.items:
        what = "not reversed" if item in key.reversed else "reversed"
        yield f"item {item} {what}", replace(key, reversed=key.reversed ^ {item})


def moved_reversals(key: ScoringKey) -> Iterator[Mutant]:
    for old, new in product(sorted(key.reversed), key.items):
        if new not in key.reversed:
            moved = key.reversed ^ {old, new}
            yield f"reversal of {old} moved to {new}", replace(key, reversed=moved)


def items_of_the_wrong_scale(key: ScoringKey) -> Iterator[Mutant]:
    for scale in key.scales:
        outside = (item for item in key.items if item not in scale.items)
        for old, new in product(scale.items, tuple(outside)):
            changed = exchanged(scale, old, new)
            yield f"{scale.id}: {new} for {old}", with_scales(key, {scale.id: changed})


def items_in_each_others_scale(key: ScoringKey) -> Iterator[Mutant]:
    for one, other in combinations(key.scales, 2):
        only_one = tuple(item for item in one.items if item not in other.items)
        only_other = tuple(item for item in other.items if item not in one.items)
        for a, b in product(only_one, only_other):
            changed = {one.id: exchanged(one, a, b), other.id: exchanged(other, b, a)}
            yield f"{a} of {one.id} with {b} of {other.id}", with_scales(key, changed)


def wrong_ranges(key: ScoringKey) -> Iterator[Mutant]:
    """Only where items are reversed: elsewhere the range changes no sum and no mean."""
    if not key.reversed:
        return
    for step in (-1, 1):
        yield f"low {key.low + step}", replace(key, low=key.low + step)
        yield f"high {key.high + step}", replace(key, high=key.high + step)


def exchanged(scale: Scale, old: str, new: str) -> Scale:
    return replace(scale, items=tuple(new if item == old else item for item in scale.items))


def with_scales(key: ScoringKey, changed: Mapping[str, Scale]) -> ScoringKey:
    return replace(key, scales=tuple(changed.get(scale.id, scale) for scale in key.scales))


def scores_of(answers: Answers, key: ScoringKey) -> Scores | None:
    """What a caller would see: sum and mean at four decimals; None where the key refuses."""
    try:
        scores = scored(answers, key)
    except AnswersRefused:
        return None
    return {
        s.scale: (
            None if s.sum is None else rounded(s.sum),
            None if s.mean is None else rounded(s.mean),
        )
        for s in scores
    }


def survivors(key: ScoringKey, vectors: list[Answers]) -> tuple[int, list[str]]:
    """How many mutants there are, and the names of those that no vector tells from the key."""
    right = [scores_of(answers, key) for answers in vectors]
    alive, number = [], 0
    for name, mutant in mutants(key):
        number += 1
        if all(scores_of(a, mutant) == r for a, r in zip(vectors, right, strict=True)):
            alive.append(name)
    return number, alive


def shipped_keys() -> dict[str, tuple[ScoringKey, list[Answers]]]:
    """Key by `instrument revision key` with the answers of its test vectors."""
    found: dict[str, tuple[ScoringKey, list[Answers]]] = {}
    for path in sorted(DIRECTORY.glob("*/*.json")):
        document = json.loads(path.read_bytes())
        if document.get("availability") != "scorable":
            continue
        definition = definition_from(document, "")
        for name, form in document["forms"].items():
            place = f"{document['instrument']} {document['revision']} {form['key']}"
            _, vectors = found.setdefault(place, (definition.forms[name].key, []))
            vectors += [v["answers"] for v in document["test_vectors"] if v["form"] == name]
    return found


SHIPPED = shipped_keys()


@pytest.mark.parametrize("place", SHIPPED)
def test_every_mutant_of_a_key_is_killed(place: str) -> None:
    key, vectors = SHIPPED[place]
    number, alive = survivors(key, vectors)
    assert number > 0
    assert alive == []


def test_number_of_mutants() -> None:
    number = sum(1 for key, _ in SHIPPED.values() for _ in mutants(key))
    print(f"{number} mutants generated over {len(SHIPPED)} keys")  # noqa: T201 - to be quoted
    assert number == EXPECTED_MUTANTS
