"""The drills that operators are told of: they run, and they find what is wrong."""

from pathlib import Path

import pytest

from bench.monitoring.asked import by_alerts, by_dashboard, sides
from bench.restore.drill import Found, Order, drill


def test_a_restore_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    found = Found()
    drill(tmp_path, Order(seconds=3.0, rows=0, lose=0.0), found)

    assert found.wrong == []
    for what in ("instant", "dump"):
        assert found.counts[f"{what}: acknowledged before"] > 0
        assert found.counts[f"{what}: acknowledged after, lost and sent again"] > 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(a) > 0.5", ["sum(a)", "0.5"]),
        ("up{job=~'x'} == 0", ["up{job=~'x'}", "0"]),
        ("time() - max(a > 0) > 120", ["time() - max(a > 0)", "120"]),
        ("sum(a)\n  > 0.01 * sum(b)", ["sum(a)", "0.01 * sum(b)"]),
        ("max(a > 0)", ["max(a > 0)"]),
    ],
)
def test_a_comparison_is_parted_where_it_compares(expression: str, expected: list[str]) -> None:
    assert sides(expression) == expected


def test_every_question_names_a_series() -> None:
    assert [one for one in (*by_alerts(), *by_dashboard()) if not one.metrics] == []
