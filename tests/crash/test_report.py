"""A report fails for each thing that must not be, and can be kept as JSON."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bench.crash.checker import Verdict
from bench.crash.nemesis import Blow, Kill, Struck
from bench.crash.report import Report, table
from bench.crash.run import Findings, Order
from bench.crash.rush import Rushes

CLEAN = Findings(
    order=Order("run", 1, 10, [Blow(5, Kill.WORKER)]),
    verdict=Verdict(),
    acknowledged=10,
    sent=11,
    in_doubt=1,
    statuses={200: 1, 201: 9},
    unanswered={"ConnectionResetError": 2},
    struck=[Struck("worker", 5, 0.5)],
    missed_cuts=0,
    service_ended=0,
    replayed=10,
    seconds=1.0,
)
FOUND_OUT = replace(CLEAN, verdict=Verdict(lost=["a"]))
RUSH = Rushes(1, 2, Counter({201: 1, 200: 1}), Counter({201: 1, 422: 1}), [], 1.0)


def test_a_run_where_all_is_well_passes() -> None:
    report = Report(1, [CLEAN], [FOUND_OUT], RUSH)

    assert report.failures() == []
    assert table(report, []).endswith("Passed.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": Verdict(lost=["a"])},
        {"verdict": Verdict(empty_occasions=1)},
        {"acknowledged": 9},
        {"struck": []},
        {"statuses": {201: 9, 500: 1}},
    ],
)
def test_a_run_fails(wrong: dict[str, Any]) -> None:
    report = Report(1, [replace(CLEAN, **wrong)])

    assert len(report.failures()) == 1
    assert f"FAILED  {report.failures()[0]}" in table(report, report.failures())


def test_a_control_that_is_not_found_out_fails() -> None:
    assert Report(1, [], [CLEAN]).failures() == ["run: nothing seen"]


def test_a_rush_that_went_wrong_fails() -> None:
    assert len(Report(1, rushes=replace(RUSH, wrong=["a"])).failures()) == 1


def test_a_report_is_kept_as_json() -> None:
    report = Report(1, [CLEAN], [FOUND_OUT], RUSH)
    kept = json.loads(json.dumps(report.as_json(report.failures())))

    assert kept["runs"][0]["kills"]["worker"] == 1
    assert kept["controls"][0]["examples"] == {"lost": ["a"]}
    assert kept["rushes"]["same"] == {"200": 1, "201": 1}
