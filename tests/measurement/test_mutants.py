"""The trial of mutants finds what the plain one finds, and says which mistakes would pass."""

from decimal import Decimal

import pytest

from app.measurement.key import Scale, ScoringKey
from app.measurement.mutants import MOST_MUTANTS, mutants, trial
from tests.instruments.test_mutants import SHIPPED
from tests.instruments.test_mutants import mutants as plain_mutants
from tests.instruments.test_mutants import survivors as plain_survivors

KEY = ScoringKey(
    "likert",
    Decimal(0),
    Decimal(4),
    ("1", "2", "3", "4"),
    frozenset({"4"}),
    (
        Scale("bond", ("1", "2"), "mean", "decision", "bond", 2),
        Scale("tasks", ("3", "4"), "mean", "decision", "tasks", 2),
    ),
)


@pytest.mark.parametrize("place", SHIPPED)
def test_as_the_plain_trial_with_all_vectors_and_with_each_alone(place: str) -> None:
    key, vectors = SHIPPED[place]
    if len(key.items) > 12:
        vectors = vectors[:1]  # the plain one takes long
    assert [one.mistake for one in mutants(key)] == [name for name, _ in plain_mutants(key)]
    for some in (vectors, vectors[:1]):
        number, alive = plain_survivors(key, some)
        found = trial(key, some)
        assert (found.tried, list(found.survivors)) == (number, alive)


@pytest.mark.parametrize(
    ("answers", "survivor"),
    [
        ({"1": 2, "2": 1, "3": 0, "4": 1}, "item 1 reversed"),  # the middle turns into itself
        ({"1": 1, "2": 0, "3": 1, "4": 3}, "1 of bond with 3 of tasks"),  # one value for both
    ],
)
def test_a_weak_vector_lets_a_mistake_pass(answers: dict[str, object], survivor: str) -> None:
    assert survivor in trial(KEY, [answers]).survivors


def test_vectors_that_differ_in_every_item_kill_all() -> None:
    vectors: list[dict[str, object]] = [
        {"1": 0, "2": 1, "3": 3, "4": 1},
        {"1": 4, "2": 0, "3": 1, "4": 0},
        {"1": 1, "2": 3, "3": 0, "4": 3},
    ]
    found = trial(KEY, vectors)
    assert found.tried == len(list(mutants(KEY))) > 20
    assert found.survivors == ()


def test_no_more_than_so_many_are_tried() -> None:
    items = tuple(str(number) for number in range(1, 221))
    scales = tuple(
        Scale(f"s{at}", items[at : at + 20], "mean", "descriptive", None, 1)
        for at in range(0, 220, 20)
    )
    key = ScoringKey("likert", Decimal(0), Decimal(4), items, frozenset(), scales)
    assert trial(key, [{"1": 1}]).tried == MOST_MUTANTS
