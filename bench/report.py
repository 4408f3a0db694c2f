"""What a run found: judged, as a table for people and as JSON to keep."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.measure import Result
from bench.processes import ROOT
from bench.store import DURABLE
from bench.work import KNOWN

FLOOR: Final = 0.25
AIM: Final = 0.35
NOISY: Final = 0.15
"""Spread of a ratio, as a share of its median, from which it is called noisy."""
RESULTS: Final = Path(__file__).parent / "results"
PACKAGES: Final = (
    "fastapi", "starlette", "pydantic", "pydantic-core", "uvicorn", "uvloop", "httptools",
    "asyncpg", "sqlalchemy",
)  # fmt: skip
COLUMNS: Final = (
    "what", "ratio", "spread", "CPU ratio", "service/s", "twin/s",
    "service µs", "Postgres µs", "twin µs", "load %", "",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a run found."""

    results: Sequence[Result]
    settings: dict[str, str]
    """Postgres' own."""
    acknowledged: int
    stored: int
    memory: dict[str, float | None]
    """MiB of service and twin after the load."""
    options: dict[str, Any]

    def void(self) -> list[str]:
        """Why nothing that was measured counts; mostly empty."""
        reasons = [f"{name} is not on" for name in DURABLE if self.settings[name] != "on"]
        if self.acknowledged != self.stored:
            reasons.append(f"{self.acknowledged} acknowledged, {self.stored} stored")
        return reasons

    def missed(self) -> bool:
        """Whether a submission fell below the floor."""
        return any(r.work.name == KNOWN and r.ratio < FLOOR for r in self.results)


def spread(result: Result) -> float:
    """Largest less smallest ratio, as a share of the median."""
    return (max(result.ratios) - min(result.ratios)) / result.ratio if result.ratio else 0.0


def table(found: Findings) -> str:
    """What was found, to read."""
    lines = [COLUMNS, *(_line(result) for result in found.results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    text = ["  ".join(_padded(line, widths)).rstrip() for line in lines]
    postgres = ", ".join(f"{name} {value}" for name, value in found.settings.items())
    service, twin = found.memory["service"], found.memory["twin"]
    ratio = f", ratio {service / twin:.2f}" if service and twin else ""
    text += [
        "",
        f"Postgres: {postgres}",
        f"Acknowledged {found.acknowledged}, stored {found.stored}",
        f"Memory (PSS): service {_number(service)} MiB, twin {_number(twin)} MiB{ratio}",
        _verdict(found),
    ]
    return "\n".join(text)


def save(found: Findings) -> Path:
    """Write the findings as JSON with the versions and the machine's shape; the file."""
    now = datetime.now(UTC)
    document = {
        "time": now.isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": {
            "cpus": os.cpu_count(),
            "system": platform.system(),
            "kernel": os.uname().release,
        },
        "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "postgres": found.settings,
        "options": found.options,
        "acknowledged": found.acknowledged,
        "stored": found.stored,
        "void": found.void(),
        "floor": FLOOR,
        "aim": AIM,
        "floor_missed": found.missed(),
        "memory_mib": found.memory,
        "measured": [_measured(result) for result in found.results],
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return file


def _measured(result: Result) -> dict[str, Any]:
    micros = {side: total.micros() for side, total in result.totals.items()}
    return {
        "what": result.work.name,
        "ratio": result.ratio,
        "ratios": result.ratios,
        "noisy": spread(result) > NOISY,
        "cpu_ratio": _cpu_ratio(result),
        "rates": result.rates,
        "cpu_micros": {
            "service": micros["service"][0],
            "postgres": micros["service"][1],
            "twin": micros["twin"][0],
        },
        "load_cpu_share": {
            side: total.load_cpu / total.seconds for side, total in result.totals.items()
        },
        "refused": {side: dict(total.refused) for side, total in result.totals.items()},
    }


def _line(result: Result) -> tuple[str, ...]:
    (service, postgres), (twin, _) = (total.micros() for total in result.totals.values())
    cpu_ratio = _cpu_ratio(result)
    total = result.totals["service"]
    notes = [
        "noisy" if spread(result) > NOISY else "",
        "" if result.work.rated else "for information",
        *(f"{n} x {status}" for status, n in sorted(total.refused.items())),
    ]
    return (
        result.work.title,
        f"{result.ratio:.2f}",
        f"{min(result.ratios):.2f} to {max(result.ratios):.2f}",
        "n/a" if cpu_ratio is None else f"{cpu_ratio:.2f}",
        *(f"{sum(rates) / len(rates):.0f}" for rates in result.rates.values()),
        *(_number(micros) for micros in (service, postgres, twin)),
        f"{100 * total.load_cpu / total.seconds:.0f}",
        ", ".join(filter(None, notes)),
    )


def _cpu_ratio(result: Result) -> float | None:
    """The twin's CPU time for each answer to the service's own: Postgres left out."""
    service, twin = (total.micros()[0] for total in result.totals.values())
    return twin / service if service and twin else None


def _verdict(found: Findings) -> str:
    if reasons := found.void():
        return f"VOID: {'; '.join(reasons)}."
    submissions = [result.ratio for result in found.results if result.work.name == KNOWN]
    if not submissions:
        return "The submission was not measured: no verdict."
    held = "missed" if found.missed() else "held"
    reached = "reached" if submissions[0] >= AIM else "not reached"
    return f"Floor {FLOOR}: {held}. Aim {AIM}: {reached}."


def _commit() -> str | None:
    """The commit measured, with a + when files differ from it; None outside a repository."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        return commit + ("+" if _git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    return found.stdout.strip()


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *numbers, notes = line
    right = [text.rjust(width) for text, width in zip(numbers, widths[1:-1], strict=True)]
    return [first.ljust(widths[0]), *right, notes]


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.0f}"
