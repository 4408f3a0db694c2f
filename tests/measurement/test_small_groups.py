"""When a sum may be shown: by the clients of records that were in none before."""

import pytest

from app.measurement.small_groups import Floor, Part, may_be_released, rounded_count


def parts(clients: int, professionals: int = 2) -> list[Part]:
    return [Part(f"c-{n}", f"p-{n % professionals}", frozenset({f"r-{n}"})) for n in range(clients)]


@pytest.mark.parametrize(
    ("clients", "professionals", "before", "expected"),
    [
        (10, 2, (), True),
        (9, 2, (), False),
        (10, 1, (), False),
        (20, 2, range(10), True),
        (19, 2, range(10), False),
        (20, 2, range(1, 20, 2), False),  # the new ones are all of one professional
    ],
)
def test_new_records_count(
    clients: int, professionals: int, before: range | tuple[()], *, expected: bool
) -> None:
    known = {f"r-{number}" for number in before}
    assert may_be_released(parts(clients, professionals), known) == expected


def test_many_records_of_a_client_are_one_client() -> None:
    many = [Part("c", f"p-{n}", frozenset({f"r-{n}"})) for n in range(20)]
    assert not may_be_released(many, frozenset())


def test_a_part_without_records_counts_for_nobody() -> None:
    empty = [Part(f"c-{n}", f"p-{n}", frozenset()) for n in range(20)]
    assert not may_be_released(empty, frozenset())


def test_another_floor_may_be_named() -> None:
    assert may_be_released(parts(3), frozenset(), Floor(3, 2))


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (2, 0), (3, 5), (7, 5), (8, 10), (10, 10)])
def test_counts_are_shown_to_the_nearest_five(count: int, shown: int) -> None:
    assert rounded_count(count) == shown
