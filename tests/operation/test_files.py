"""The files for Prometheus and Grafana: they ask for metrics that there are."""

import json
import re
import shutil
import subprocess
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
PROMTOOL = shutil.which("promtool")


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


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet() -> None:
    """`promtool test rules` runs them."""
    text = (OPERATIONS / "alerts_test.yml").read_text(encoding="utf-8")
    cases = [case["alert_rule_test"] for case in yaml.safe_load(text)["tests"]]
    seen = {(one["alertname"], bool(one["exp_alerts"])) for case in cases for one in case}

    assert seen == {(rule["alert"], fires) for rule in rules() for fires in (True, False)}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on the path")
def test_prometheus_takes_the_rules_and_they_do_what_they_should() -> None:
    for arguments in (
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
    ):
        told = subprocess.run(  # noqa: S603 - a program and files of our own
            [str(PROMTOOL), *arguments], cwd=OPERATIONS, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stdout + told.stderr


def test_the_first_of_what_nobody_foresaw_is_an_increase() -> None:
    """A series that begins with its first event has none."""
    first = metrics.PROBLEMS.labels("internal_error")

    assert 'rapport_problems_total{code="internal_error"}' in metrics.exposition().decode()
    assert first is metrics.PROBLEMS.labels("internal_error")


def test_no_two_panels_cover_each_other() -> None:
    cells = [
        (place["x"] + x, place["y"] + y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["w"])
        for y in range(place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
