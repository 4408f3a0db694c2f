"""What travels about occasions and invitations to rate them."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.alliances.schemas import AllianceInSubmission
from app.edge.scalars import Closed, Day, Instant, Reason, Ref, Source
from app.instruments.schemas import FormId, InstrumentId, RaterRole

OccasionStatus = Literal["held", "cancelled", "missed"]
InvitationState = Literal["invited", "opened", "declined", "not_offered", "lapsed"]
MOST_INVITED: Final = 50
"""The most invitations that one report holds: as many as an alliance may have members."""


class RaterIn(Closed):
    """Who rates."""

    role: RaterRole
    ref: Ref | None = Field(
        default=None, description="In a pair it may be left out for the client or professional."
    )


class OccasionFields(Closed):
    """What is known of a meeting or period; what is not known stays unknown."""

    session_ref: Ref | None = None
    session_number: Annotated[StrictInt, Field(ge=0, le=100_000)] | None = Field(
        default=None, description="The number of the meeting, as you count."
    )
    occurred_at: Instant | None = None
    occurred_on: Day | None = Field(default=None, description="Where the time is not known.")

    @model_validator(mode="after")
    def _one_day(self) -> Self:
        if self.occurred_at and self.occurred_on and self.occurred_at.date() != self.occurred_on:
            raise Mistake("occasion_contradicts", "occurred_at and occurred_on are different days.")
        return self


class OccasionIn(OccasionFields):
    """The meeting or period that the answers are about; what is not known stays unknown."""

    @model_validator(mode="after")
    def _placed_somehow(self) -> Self:
        if self.occurred_at is None and self.occurred_on is None and self.session_number is None:
            raise Mistake("occasion_unplaced", "Give occurred_at, occurred_on or session_number.")
        return self


class InvitationIn(Closed):
    """Somebody who was, or was not, asked to rate the occasion, and what it has come to."""

    rater: RaterIn
    instrument: InstrumentId
    form: FormId | None = Field(default=None, description="Absent: named after the rater's role.")
    state: InvitationState = Field(
        description="Once a response has come, the invitation is `completed`, whatever is sent."
    )
    at: Instant | None = Field(default=None, description="When it came to this state.")
    reason: Reason | None = None


EXAMPLE: Final[dict[str, Any]] = {
    "source": "clinic-ehr",
    "alliance": {
        "external_id": "case-77:p-9",
        "client_ref": "c-1",
        "professional_ref": "p-9",
    },
    "session_ref": "s-12",
    "session_number": 3,
    "occurred_at": "2026-11-20T10:00:00+01:00",
    "status": "held",
    "invited": [
        {
            "rater": {"role": "client", "ref": "c-1"},
            "instrument": "wai-sr-2006",
            "state": "invited",
            "at": "2026-11-20T10:50:00+01:00",
        },
        {
            "rater": {"role": "professional", "ref": "p-9"},
            "instrument": "wai-sr-2006",
            "state": "not_offered",
            "reason": "On leave.",
        },
    ],
}


class OccasionReport(OccasionIn):
    """What became of an occasion, and who was invited to rate it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    source: Source = "default"
    alliance: AllianceInSubmission
    status: OccasionStatus = Field(description="Whether it took place.")
    invited: list[InvitationIn] | None = Field(
        default=None,
        max_length=MOST_INVITED,
        description="Each rater once on each form. Those that a later report leaves out stay.",
    )


class InvitedOut(BaseModel):
    """Who was invited."""

    role: str
    ref: str


class InvitationOut(BaseModel):
    """An invitation to rate, and what it has come to."""

    rater: InvitedOut
    instrument: str
    form: str
    state: str = Field(
        description="`invited`, `opened`, `declined`, `not_offered`, `lapsed` or `completed`."
    )
    at: datetime | None = Field(description="When it came to this state, as sent.")
    reason: str | None = Field(
        description="Shown to the rater, and to your system itself; null for other persons."
    )
    response_id: UUID | None = Field(description="The response that completed it.")
    updated_at: datetime


class OccasionRecord(BaseModel):
    """An occasion of an alliance, with who was invited to rate it."""

    id: UUID
    alliance_id: UUID
    session_ref: str | None
    session_number: int | None
    occurred_at: datetime | None
    occurred_on: date | None
    status: str | None = Field(
        description="`held`, `cancelled` or `missed`; null: nobody has reported it, it is known "
        "from forms or marks only. Its time is then that of each form."
    )
    invitations: list[InvitationOut]
    created_at: datetime
    reported_at: datetime | None = Field(description="The newest report that changed something.")
