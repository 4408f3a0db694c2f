"""What travels about signals."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.edge.scalars import LINES, Closed, Instant, Ref, lines

ActionKind = Literal["acknowledge", "discuss", "try_step", "resolve", "close", "note"]
Note = Annotated[
    str,
    Field(min_length=1, max_length=2000, json_schema_extra=LINES),
    AfterValidator(lines),
]
ACTION: Final[dict[str, Any]] = {
    "kind": "discuss",
    "by_ref": "p-9",
    "at": "2026-11-21T09:15:00+01:00",
    "note": "Talked about what the goals are by now.",
}


def _in_order(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value with every object's names in order: the same to the byte when it was stored."""
    if isinstance(value, dict):
        return {name: _in_order(value[name]) for name in sorted(value)}
    return value


class Party(BaseModel):
    """A rater, or whom the ratings are about; the role `group` has no ref."""

    role: str
    ref: str | None


class RaterParty(Party):
    """Whose rating it is."""

    proxy_ref: str | None = Field(description="Who answered in the rater's place.")


class CauseOut(BaseModel):
    """Why a signal no longer holds."""

    cause: str = Field(
        description="`response_amended`, `response_voided`, or `stream_changed`: a late, amended "
        "or withdrawn rating changed the past that it was judged against."
    )
    response_id: UUID | None = Field(description="The record that brought it about.")


class SignalOut(BaseModel):
    """Something in a stream that a person should see. No verdict, and none is no all-clear."""

    id: UUID
    alliance_id: UUID
    code: str = Field(description="Such as `sudden_drop`. Pass over those that you do not know.")
    severity: str = Field(
        description="`watch`, `alert` or `high`. Of those that ratings raise by the drop rules, "
        "`alert` and `high` count against the alarm budget."
    )
    rule: str
    rule_version: str
    scale: str | None
    component: str | None = Field(description="bond, goals or tasks; null: the whole, or none.")
    unit: str | None
    rater: RaterParty
    about: Party | None
    instrument: str | None
    form: str | None
    language: str | None
    response_ids: list[UUID] = Field(
        description="What it rests on, the rating that it was raised at first."
    )
    mark_id: UUID | None = Field(description="The mark that reports it.")
    value: float | None = Field(description="In the unit; null also where numbers are not shown.")
    threshold: float | None = Field(
        description="In the unit: the value from which on it would have been raised."
    )
    parameters: Annotated[dict[str, Any], AfterValidator(_in_order)]
    parameter_source: str = Field(description="`published`, `tenant`, `assumed` or `none`.")
    state: str = Field(
        description="`open`, `acknowledged`, `discussed`, `step_tried`, `resolved`, `closed`, "
        "`superseded`, or `recorded`: history, raised at what was not the newest rating."
    )
    superseded_by: CauseOut | None
    opened_at: datetime
    audience: list[str] = Field(description="The kinds of readers that may see it.")
    text_key: str
    text: str
    text_language: str


class ActionOut(BaseModel):
    """What was done about a signal."""

    id: UUID
    kind: str
    by_ref: str | None
    at: datetime | None
    note: str | None = Field(description="Shown to professionals, supervisors and the system.")
    state: str = Field(description="That of the signal afterwards.")
    recorded_by: Party | None = Field(description="Who acted; null: the system itself.")
    recorded_at: datetime


class StepOut(BaseModel):
    """A suggestion for a conversation with the client."""

    text: str
    leans_on: list[str] = Field(description="References, as their short names.")


class GuidanceOut(BaseModel):
    """What to do: suggestions, not instructions."""

    language: str
    reviewed: bool | None = Field(
        description="False: a translation that native speakers have yet to review; null: none."
    )
    steps: list[StepOut]
    references: dict[str, str] = Field(description="Short name -> the reference in full.")


class SignalDetail(SignalOut):
    """A signal with what was done about it, and what could be."""

    actions: list[ActionOut]
    guidance: GuidanceOut


class SignalAction(Closed):
    """What somebody did about a signal."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [ACTION]})

    kind: ActionKind = Field(description="What was done; `note`: nothing but that.")
    by_ref: Ref | None = Field(default=None, description="Who did it.")
    at: Instant | None = Field(default=None, description="When; absent: not known.")
    note: Note | None = Field(default=None, description="For the record.")
