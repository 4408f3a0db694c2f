"""The files for Prometheus and Grafana: they ask for metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from app import metrics

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs" / "operations"
REFERENCE = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
NAME = re.compile(r"\b(?:rapport|http_server)_[a-z_]+\b")
OF_PROMETHEUS = {"up"}


def known() -> set[str]:
    """Every series that the service can show, by its name in Prometheus."""
    assert metrics.SHED is not None
    ends = {
        "counter": ("_total",),
        "gauge": ("",),
        "histogram": ("_bucket", "_count", "_sum"),
    }
    return {
        f"{family.name}{end}"
        for family in REGISTRY.collect()
        for end in ends.get(family.type, ())
        if NAME.match(family.name)
    }


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((OPERATIONS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    text = (OPERATIONS / "grafana-dashboard.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["panels"]
    return found


def test_every_metric_that_is_asked_for_is_there() -> None:
    asked = [rule["expr"] for rule in rules()]
    asked += [target["expr"] for panel in panels() for target in panel["targets"]]

    assert len(asked) > 20
    assert {name for text in asked for name in NAME.findall(text)} <= known()


def test_every_metric_is_in_the_reference() -> None:
    shown = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known()}

    assert {name for name in shown if f"`{name}`" not in REFERENCE} == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_every_alert_has_its_part_in_the_runbook(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    text = (OPERATIONS / page).read_text(encoding="utf-8")

    assert anchor in {line[3:].strip().lower() for line in text.splitlines() if line[:3] == "## "}


def test_no_two_panels_cover_each_other() -> None:
    cells = [
        (place["x"] + x, place["y"] + y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["w"])
        for y in range(place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
