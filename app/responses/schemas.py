"""What travels about responses."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic_core import PydanticCustomError as Mistake

from app.alliances.schemas import AllianceInSubmission
from app.edge.scalars import Closed, Day, Instant, Language, Ref, Source
from app.instruments.schemas import (
    Answers,
    FormId,
    InstrumentId,
    QualityOut,
    RaterRole,
    Revision,
    ScoreOut,
)

Mode = Literal["self_online", "self_paper", "kiosk", "interview", "phone", "unknown"]
Audience = Literal["client", "professional", "supervisor"]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class RaterIn(Closed):
    """Who answered."""

    role: RaterRole
    ref: Ref | None = Field(
        default=None, description="In a pair it may be left out for the client or professional."
    )


class OccasionIn(Closed):
    """The meeting or period that the answers are about; what is not known stays unknown."""

    session_ref: Ref | None = None
    session_number: Annotated[StrictInt, Field(ge=0, le=100_000)] | None = None
    occurred_at: Instant | None = None
    occurred_on: Day | None = Field(default=None, description="Where the time is not known.")

    @model_validator(mode="after")
    def _placed_somehow(self) -> Self:
        if self.occurred_at is None and self.occurred_on is None and self.session_number is None:
            raise Mistake("occasion_unplaced", "Give occurred_at, occurred_on or session_number.")
        if self.occurred_at and self.occurred_on and self.occurred_at.date() != self.occurred_on:
            raise Mistake("occasion_contradicts", "occurred_at and occurred_on are different days.")
        return self


class Assistance(Closed):
    """Help in answering; absent fields are unknown."""

    proxy_ref: Ref | None = Field(
        default=None, description="Who answered in the rater's place: a stream of its own."
    )
    interpreter: StrictBool | None = None
    professional_present: StrictBool | None = None


class Notice(Closed):
    """What the rater was told about who will see it; no read ever exceeds it."""

    ref: Ref | None = None
    audience: list[Audience] = Field(min_length=1, max_length=3)
    level: Literal["items", "scores", "signals"] = Field(
        description="The most that anybody is shown."
    )


class ReportedScore(Closed):
    """A scale's total from an older system; it is never turned into items."""

    scale: str = Field(max_length=60)
    sum: Number | None = None
    mean: Number | None = None

    @model_validator(mode="after")
    def _has_a_number(self) -> Self:
        if self.sum is None and self.mean is None:
            raise Mistake("score_missing", "Give sum or mean.")
        return self


EXAMPLE: Final[dict[str, Any]] = {
    "external_id": "ehr-98211",
    "external_version": 1,
    "source": "clinic-ehr",
    "alliance": {
        "external_id": "case-77:p-9",
        "case_ref": "case-77",
        "client_ref": "c-1",
        "professional_ref": "p-9",
        "setting": "vocational_rehabilitation",
        "program_ref": "return-to-work",
    },
    "instrument": "wai-sr-2006",
    "language": "en",
    "rater": {"role": "client", "ref": "c-1"},
    "occasion": {
        "session_ref": "s-12",
        "session_number": 3,
        "occurred_at": "2026-11-20T10:00:00+01:00",
    },
    "completed_at": "2026-11-20T10:55:00+01:00",
    "mode": "self_online",
    "answers": {
        "1": 4, "2": 5, "3": 3, "4": "declined", "5": 4, "6": 4,
        "7": 5, "8": 3, "9": 4, "10": 4, "11": 5, "12": 4,
    },
}  # fmt: skip


class Submission(Closed):
    """One filled-in form."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    external_id: Ref | None = Field(
        default=None,
        description="Your id of this record; a retry with it never makes a second one.",
    )
    external_version: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = Field(
        default=1, description="Your version of this record; the first is 1."
    )
    source: Source = "default"
    alliance: AllianceInSubmission
    instrument: InstrumentId
    instrument_revision: Revision | None = None
    form: FormId | None = Field(default=None, description="Absent: named after the rater's role.")
    language: Language = "und"
    rater: RaterIn
    about_ref: Ref | None = Field(
        default=None,
        description="The member the answers are about, or `group`. In a pair: the other one.",
    )
    assistance: Assistance | None = None
    occasion: OccasionIn
    completed_at: Instant | None = None
    completed_on: Day | None = None
    mode: Mode = Field(default="unknown", description="How it was filled in.")
    answers: Answers | None = None
    reported_scores: list[ReportedScore] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="Instead of answers: totals of an older system.",
    )
    notice: Notice | None = Field(default=None, description="Absent: the tenant's default.")
    backfill: StrictBool = Field(default=False, description="True for history.")

    @model_validator(mode="after")
    def _answers_or_totals(self) -> Self:
        if (self.answers is None) == (self.reported_scores is None):
            raise Mistake("answers_or_scores", "Give answers, or reported_scores.")
        if self.completed_at and self.completed_on:
            raise Mistake("completed_twice", "Give completed_at or completed_on, not both.")
        return self


class Person(BaseModel):
    """A rater, or whom the answers are about; the role `group` has no ref."""

    role: str
    ref: str | None


class Rater(Person):
    """Who answered."""

    proxy_ref: str | None = Field(description="Who answered in the rater's place.")


class OccasionOut(BaseModel):
    """The occasion as it was sent."""

    session_ref: str | None
    session_number: int | None
    occurred_at: datetime | None
    occurred_on: date | None


class BasisOut(BaseModel):
    """Where the error term of a threshold comes from."""

    source: str = Field(description="`published`, `tenant` or `assumed`.")
    coefficient: str = Field(description="Which reliability.")
    kind: str = Field(description="`within_person`: of one person's ratings over time.")
    value: float = Field(description="Of the coefficient.")
    within_person_sd: float | None = Field(
        default=None,
        description="Session-to-session standard deviation, in points of the scale's mean.",
    )
    citation: str


class ChangeOut(BaseModel):
    """A difference to an earlier rating of the same stream, in the scale's unit."""

    scale: str
    unit: str
    reference: str = Field(description="`previous` or `first`.")
    reference_response_id: UUID
    difference: float = Field(description="Positive: stronger than then.")
    threshold: float = Field(description="95 % of differences without change stay within it.")
    reliable: bool | None = Field(
        description="Whether the difference passes the threshold; null when the basis is assumed."
    )
    basis: BasisOut


class NotComputed(BaseModel):
    """Something that a reader may look for and that is not there, with the reason."""

    code: str
    why: str


class Outcome(BaseModel):
    """What the service makes of a response; stored with it and given again on replay.

    A field added later needs a default: outcomes stored before it are read again.
    """

    scores: list[ScoreOut]
    quality: list[QualityOut]
    change: list[ChangeOut]
    not_computed: list[NotComputed]


class ResponseIdentity(BaseModel):
    """Which response it is."""

    id: UUID
    external_id: str | None
    external_version: int
    source: str
    alliance_id: UUID
    occasion_id: UUID
    instrument: str
    instrument_revision: str
    form: str
    language: str
    rater: Rater
    about: Person
    occasion: OccasionOut
    completed_at: datetime | None
    completed_on: date | None
    received_at: datetime
    record_status: str = Field(description="`current`, `amended` or `voided`.")
    record_kind: str = Field(description="`answered`, or `scores_only` from an older system.")


class ResponseOut(Outcome, ResponseIdentity):
    """The answer to a submission."""


class NoticeOut(BaseModel):
    """What the rater was told."""

    ref: str | None
    audience: list[str]
    level: str


class ResponseRecord(ResponseIdentity):
    """A stored response, as far as its rater was told that this reader would see it.

    Change is for the trend, which looks at what this reader may see of the other ratings too.
    """

    scores: list[ScoreOut]
    quality: list[QualityOut]
    answers: dict[str, Any] | None
    reported_scores: list[dict[str, Any]] | None
    withheld: list[str] = Field(
        description="`answers`, `scores`: left out because the rater was not told of this reader."
    )
    mode: str
    interpreter: bool | None
    professional_present: bool | None
    notice: NoticeOut
    setting: str | None
    program_ref: str | None
    backfill: bool
    definition_sha256: str
    amends: UUID | None
    amended_by: UUID | None
