"""What the runs found: as a table for people, and as JSON to keep."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

from bench.crash.nemesis import Kill
from bench.crash.run import Findings
from bench.crash.rush import Rushes

SHOWN: Final = 20
"""Examples of each kind of fault that are kept."""


@dataclass(slots=True)
class Report:
    """Everything that was found; each part is empty when it was not asked for."""

    seed: int
    runs: list[Findings] = field(default_factory=list)
    """Of the service as it is: nothing may be wrong."""
    controls: list[Findings] = field(default_factory=list)
    """Of what is wrong on purpose: something must be lost."""
    rushes: Rushes | None = None

    def failures(self) -> list[str]:
        """Why the whole does not pass, a line each; empty when it does."""
        said = []
        for run in self.runs:
            found = {kind: count for kind, count in run.verdict.counts().items() if count}
            if found:
                said.append(f"{run.order.name}: {found}")
            if not run.complete():
                said.append(f"{run.order.name}: ended early, {run.acknowledged} acknowledged")
            if 500 in run.statuses:  # noqa: PLR2004 - the status of what nobody foresaw
                said.append(f"{run.order.name}: {run.statuses[500]} answers with 500")
        said += [f"{one.order.name}: nothing seen" for one in self.controls if not detected(one)]
        if self.rushes and self.rushes.wrong:
            said.append(f"rush: {len(self.rushes.wrong)} external_ids went wrong")
        return said

    def as_json(self, failures: Sequence[str]) -> dict[str, Any]:
        """All of it as JSON, with why it does not pass."""
        return {
            "seed": self.seed,
            "failures": list(failures),
            "runs": [_json(one) for one in self.runs],
            "controls": [_json(one) for one in self.controls],
            "rushes": self.rushes and _rushes_json(self.rushes),
        }


def detected(control: Findings) -> bool:
    """Whether the checker saw what is wrong with a control."""
    return bool(control.verdict.lost)


def table(report: Report, failures: Sequence[str]) -> str:
    """The report as text, with why it does not pass."""
    lines = [f"seed {report.seed}"]
    for one in (*report.runs, *report.controls):
        lines += ["", *_run(one, control=one in report.controls)]
    if report.rushes:
        lines += ["", *_rushes(report.rushes)]
    lines += ["", *(f"FAILED  {line}" for line in failures)]
    lines += [] if failures else ["Passed."]
    return "\n".join(lines)


def _run(one: Findings, *, control: bool) -> list[str]:
    counts = one.verdict.counts()
    kind = "control, must lose" if control else "must be clean"
    recoveries = [s.recovered for s in one.struck if s.recovered and s.what in set(Kill)]
    lines = [
        f"{one.order.name} ({kind}; {one.seconds:.0f} s)",
        f"  acknowledged {one.acknowledged} of {one.sent} sent, {one.replayed} sent once more",
        f"  in doubt     {one.in_doubt} were stored unanswered, and found by a retry",
        f"  kills        {sum(one.kills().values())}: {_listed(one.kills())}",
        f"  cuts         {sum(one.cuts().values())}: {_listed(one.cuts())}",
        f"  answers      {_listed(one.statuses)}; none {_listed(one.unanswered)}",
        f"  found        {_listed(counts)}",
    ]
    if recoveries:
        lines.append(f"  recovery     {median(recoveries):.1f} s, at most {max(recoveries):.1f} s")
    if one.service_ended:
        lines.append(f"  the service ended by itself {one.service_ended} times")
    if one.missed_cuts:
        lines.append(f"  {one.missed_cuts} cuts found nobody to cut")
    return lines


def _rushes(one: Rushes) -> list[str]:
    return [
        f"rush ({one.at_once} at once on {one.ids} ids, twice; {one.seconds:.0f} s)",
        f"  same body    {_listed(one.same)}",
        f"  other bodies {_listed(one.different)}",
        f"  wrong        {len(one.wrong)}",
    ]


def _listed(counts: dict[str, int] | dict[int, int] | Counter[int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "-"


def _json(one: Findings) -> dict[str, Any]:
    verdict = asdict(one.verdict)
    return {
        "name": one.order.name,
        "acknowledged": one.acknowledged,
        "sent": one.sent,
        "replayed": one.replayed,
        "in_doubt": one.in_doubt,
        "kills": one.kills(),
        "cuts": one.cuts(),
        "statuses": one.statuses,
        "unanswered": one.unanswered,
        "found": one.verdict.counts(),
        "examples": {kind: _first(found) for kind, found in verdict.items() if found},
        "struck": [asdict(blow) for blow in one.struck],
        "missed_cuts": one.missed_cuts,
        "service_ended": one.service_ended,
        "complete": one.complete(),
        "seconds": round(one.seconds, 1),
    }


def _rushes_json(one: Rushes) -> dict[str, Any]:
    return {
        "ids": one.ids,
        "at_once": one.at_once,
        "same": dict(one.same),
        "different": dict(one.different),
        "wrong": one.wrong[:SHOWN],
        "seconds": round(one.seconds, 1),
    }


def _first(found: Sequence[str] | int) -> Sequence[str] | int:
    return found if isinstance(found, int) else found[:SHOWN]
