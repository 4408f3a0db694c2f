"""What a run found, in words, and what of it should not be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.crash.checker import Verdict
from bench.pressure.faults import Fault
from bench.pressure.overload import Overload
from bench.pressure.restarts import Restarts
from bench.pressure.storm import Storm

GOODPUT: Final = 0.8
"""Of capacity, under three times as much."""
KEPT: Final = 0.7
"""Of the rate of submissions alone, in a storm of reading."""
ACCEPTED_SECONDS: Final = 0.5
"""99 of 100 that are accepted in a flood are answered by then."""
RECOVERY_SECONDS: Final = 5.0
FAULT_SECONDS: Final = 6.5
"""The longest wait for an answer in a fault: 5 s of a transaction, 1 s for its ROLLBACK, slack."""


@dataclass(slots=True)
class Report:
    """What was run so far."""

    overload: Overload | None = None
    storm: Storm | None = None
    faults: list[Fault] = field(default_factory=list)
    restarts: Restarts | None = None

    def failures(self) -> list[str]:
        """What must not be, whatever the machine does meanwhile."""
        found = [*_wrong_flood(self.overload), *_wrong_storm(self.storm)]
        for one in self.faults:
            found += _wrong_fault(one)
        return found + _wrong_restarts(self.restarts)

    def missed(self) -> list[str]:
        """Aims that were missed, which on a busy machine may be its fault."""
        found = []
        if (flood := self.overload) is not None:
            if flood.share() < GOODPUT:
                found.append(f"overload: {flood.share():.2f} of capacity, aim {GOODPUT}")
            if flood.during[1] > ACCEPTED_SECONDS:
                found.append(f"overload: p99 {flood.during[1]:.2f} s, aim {ACCEPTED_SECONDS} s")
            if flood.recovery is None or flood.recovery > RECOVERY_SECONDS:
                found.append(f"overload: well after {_seconds(flood.recovery)}")
        if self.storm is not None and self.storm.share() < KEPT:
            found.append(f"storm: {self.storm.share():.2f} of the rate alone, aim {KEPT}")
        return found

    def text(self) -> str:
        """All of it."""
        lines = [*_flood(self.overload), *_storm(self.storm), *_faults(self.faults)]
        return "\n".join(lines + _restarts(self.restarts))


def _flood(one: Overload | None) -> list[str]:
    if one is None:
        return []
    return [
        f"overload ({one.offered / one.capacity:.1f} times capacity)",
        f"  capacity     {one.capacity:.0f} submissions a second",
        f"  offered      {one.offered:.0f}",
        f"  stored       {one.goodput:.0f}, {one.share():.2f} of capacity",
        f"  answers      {_listed(one.answers)}; improper {one.improper}",
        f"  before       {_spread(one.before)}",
        f"  accepted     {_spread(one.during)}",
        f"  well again   after {_seconds(one.recovery)}",
        f"  memory       {one.memory[0] or 0:.0f} MiB, then {one.memory[1] or 0:.0f} MiB",
        f"  found        {_wrongs(one.verdict)}",
    ]


def _storm(one: Storm | None) -> list[str]:
    if one is None:
        return []
    offered = one.reads_offered / one.read_capacity
    return [
        f"storm ({offered:.1f} times the reads that can be answered)",
        f"  alone        {', '.join(f'{rate:.0f}' for rate in one.alone)} submissions a second",
        f"  in the storm {one.beside:.0f}, {one.share():.2f} of that",
        f"  latency      alone {_spread(one.latency_alone)}",
        f"               in the storm {_spread(one.latency_beside)}",
        f"  reads        {one.read_capacity:.0f} a second alone, {one.reads_offered:.0f} offered",
        f"               {one.reads_a_second:.0f} answered",
        f"  answers      {_listed(one.reads)}; improper {one.improper}",
        f"  found        {_wrongs(one.verdict)}",
    ]


def _faults(faults: Sequence[Fault]) -> list[str]:
    lines = ["faults"] if faults else []
    for one in faults:
        unready = "never" if one.unready_after is None else f"after {one.unready_after:.1f} s"
        lines += [
            f"  {one.name} ({one.lasted:.1f} s)",
            f"    seen       {_listed(one.seen)}; improper {one.improper}",
            f"    longest    {one.longest:.2f} s; unready {unready}",
            f"    alive      {'always' if one.alive else 'NOT always'}",
            f"    well again after {_seconds(one.well_after)}; found {_wrongs(one.verdict)}",
        ]
    return lines


def _restarts(one: Restarts | None) -> list[str]:
    if one is None:
        return []
    return [
        f"restarts ({one.restarts})",
        f"  answers      {_listed(one.answers)}",
        f"  resets       {one.resets}; 5xx {one.failures}; longest {one.longest:.2f} s",
        f"  exits        {_exits(one)}; slowest {one.slowest_exit:.1f} s",
        f"  found        {_wrongs(one.verdict)}",
    ]


def _wrong_flood(one: Overload | None) -> list[str]:
    if one is None:
        return []
    found = [f"overload: {one.improper} improper answers"] if one.improper else []
    return found + _wrong(one.verdict, "overload")


def _wrong_storm(one: Storm | None) -> list[str]:
    if one is None:
        return []
    found = [f"storm: {one.improper} improper answers"] if one.improper else []
    return found + _wrong(one.verdict, "storm")


def _wrong_fault(one: Fault) -> list[str]:
    found = _wrong(one.verdict, one.name)
    if one.improper:
        found.append(f"{one.name}: {one.improper} improper answers")
    if not one.alive:
        found.append(f"{one.name}: it did not say that it lives")
    if one.longest > FAULT_SECONDS:
        found.append(f"{one.name}: an answer took {one.longest:.1f} s")
    if one.well_after is None or one.well_after > RECOVERY_SECONDS:
        found.append(f"{one.name}: well after {_seconds(one.well_after)}")
    return found


def _wrong_restarts(one: Restarts | None) -> list[str]:
    if one is None:
        return []
    found = _wrong(one.verdict, "restarts")
    if one.resets or one.failures:
        found.append(f"restarts: {one.resets} resets, {one.failures} answers from 500 on")
    if set(one.exits) != {0}:
        found.append(f"restarts: ended with {_exits(one)}")
    return found


def _wrong(verdict: Verdict, where: str) -> list[str]:
    return [] if verdict.clean() else [f"{where}: {_wrongs(verdict)}"]


def _wrongs(verdict: Verdict) -> str:
    return _listed({kind: count for kind, count in verdict.counts().items() if count})


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing wrong"


def _exits(one: Restarts) -> str:
    return _listed({f"status {status}": count for status, count in one.exits.items()})


def _spread(latency: tuple[float, float]) -> str:
    return f"p50 {1000 * latency[0]:.0f} ms, p99 {1000 * latency[1]:.0f} ms"


def _seconds(seconds: float | None) -> str:
    return "too long" if seconds is None else f"{seconds:.1f} s"
