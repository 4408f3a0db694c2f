"""What the alerts and the dashboard ask Prometheus for."""

import json
import re
from dataclasses import dataclass
from typing import Final

import yaml

from bench.processes import ROOT

OPERATIONS: Final = ROOT / "docs" / "operations"
METRIC: Final = re.compile(r"\b(?:rapport|http_server)_[a-z_]+\b|\bup\b")
COMPARISON: Final = re.compile(r"\s(?:>|<|==)\s")
WINDOW: Final = "30s"
"""Stands for Grafana's own window, which follows the zoom."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and who asks it."""

    by: str
    expression: str

    @property
    def metrics(self) -> set[str]:
        """Which series it names."""
        return set(METRIC.findall(self.expression))


def by_alerts() -> list[Asked]:
    """What each rule compares: an alert that is quiet has no answer, its two sides have."""
    groups = yaml.safe_load((OPERATIONS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [
        Asked(rule["alert"], side)
        for group in groups
        for rule in group["rules"]
        for side in sides(rule["expr"])
        if METRIC.search(side)
    ]


def by_dashboard() -> list[Asked]:
    """What each panel shows."""
    text = (OPERATIONS / "grafana-dashboard.json").read_text(encoding="utf-8")
    return [
        Asked(panel["title"], target["expr"].replace("$__rate_interval", WINDOW))
        for panel in json.loads(text)["panels"]
        for target in panel["targets"]
    ]


def sides(expression: str) -> list[str]:
    """The sides of a comparison that stands in no bracket; the whole where there is none."""
    for match in COMPARISON.finditer(expression):
        before = expression[: match.start()]
        if all(before.count(one) == before.count(other) for one, other in ("()", "{}", "[]")):
            return [before.strip(), expression[match.end() :].strip()]
    return [expression.strip()]
