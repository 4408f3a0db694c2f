"""The rows of new signals, and signals as they are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.measurement.key import Component
from app.signals.guidance import served_language, signal_text, text_key_for
from app.signals.rules import RULE_VERSION
from app.signals.schemas import CauseOut, Party, RaterParty, SignalOut

OPEN: Final = "open"
RECORDED: Final = "recorded"
SUPERSEDED: Final = "superseded"


@dataclass(frozen=True, slots=True)
class Readers:
    """The kinds of readers that may see a signal, and those that may see its numbers as well."""

    signal: frozenset[str]
    numbers: frozenset[str]

    def both(self, other: "Readers") -> "Readers":
        """Those that may see what rests on both."""
        return Readers(self.signal & other.signal, self.numbers & other.numbers)

    def only(self, kinds: Iterable[str]) -> "Readers":
        """Those of them that are of these kinds."""
        return self.both(Readers(frozenset(kinds), frozenset(kinds)))


@dataclass(frozen=True, slots=True)
class Raised:
    """What a rule found, before it is somebody's signal."""

    code: str
    severity: str
    rule: str
    scale: str | None
    component: Component | None
    unit: str | None
    value: float | None
    threshold: float | None
    parameters: Mapping[str, Any]
    parameter_source: str
    readers: Readers
    other_response_id: UUID | None = None
    rule_version: str = RULE_VERSION
    """Of the rule; where a course is judged with that of its key and of the signal settings."""


def signal_row(
    raised: Raised, origin: Mapping[str, Any], *, newest: bool, opened_at: datetime
) -> dict[str, Any]:
    """The row of a new signal.

    origin: alliance_id, the rater, whom it is about, instrument, form, language, and response_id or
    mark_id. newest: it waits for somebody to see it; else
    it only records what was.
    """
    state = OPEN if newest else RECORDED
    return {
        "mark_id": None,
        "response_id": None,
        **origin,
        "id": uuid7(),
        "code": raised.code,
        "severity": raised.severity,
        "rule": raised.rule,
        "rule_version": raised.rule_version,
        "scale": raised.scale,
        "component": raised.component,
        "unit": raised.unit,
        "other_response_id": raised.other_response_id,
        "value": raised.value,
        "threshold": raised.threshold,
        "parameters": dict(raised.parameters),
        "parameter_source": raised.parameter_source,
        "audience": sorted(raised.readers.signal),
        "number_audience": sorted(raised.readers.numbers),
        "text_key": text_key_for(raised.code, raised.component),
        "state": state,
        "opened_as": state,
        "opened_at": opened_at,
        "state_at": opened_at,
        "superseded_by": None,
    }


def signal_out(row: Mapping[str, Any], language: str, *, numbers: bool) -> SignalOut:
    """A signal as it is shown. numbers: whether this reader may see the scores behind it."""
    slots = {"rater": row["rater_role"], "component": row["component"]}
    superseded_by = row["superseded_by"]
    return SignalOut(
        **{name: row[name] for name in AS_STORED},
        rater=RaterParty(role=row["rater_role"], ref=row["rater_ref"], proxy_ref=row["proxy_ref"]),
        about=Party(role=row["about_role"], ref=row["about_ref"]) if row["about_role"] else None,
        response_ids=[
            one for one in (row["response_id"], row["other_response_id"]) if one is not None
        ],
        value=row["value"] if numbers else None,
        threshold=row["threshold"] if numbers else None,
        parameters=row["parameters"] if numbers else {},
        superseded_by=superseded_by and CauseOut.model_validate(superseded_by),
        text=signal_text(row["text_key"], language, slots),
        text_language=served_language(language),
    )


AS_STORED: Final = (
    "id",
    "alliance_id",
    "code",
    "severity",
    "rule",
    "rule_version",
    "scale",
    "component",
    "unit",
    "instrument",
    "form",
    "language",
    "mark_id",
    "parameter_source",
    "state",
    "opened_at",
    "audience",
    "text_key",
)
