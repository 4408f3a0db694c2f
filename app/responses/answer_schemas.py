"""What responses are answered with."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, Field

from app.instruments.schemas import QualityOut, ScoreOut
from app.signals.schemas import SignalOut
from app.tenants.schemas import NoticeOut

PROBLEM: Final = "#/components/schemas/ProblemOut"


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


class DropOut(BaseModel):
    """A fall in a stream with its later repair or not. Numbers in the scale's unit."""

    scale: str
    unit: str
    kind: str = Field(description="`sudden`, or `slow`: over several ratings.")
    state: str = Field(
        description="`open`; `repaired`: three quarters of it regained within five ratings; "
        "`unrepaired`: not; `ended_while_open`, where the alliance ended meanwhile."
    )
    shape: str | None = Field(description="`v`: regained at the next rating; `u`: later.")
    reference: float = Field(description="The rater's own mean before it.")
    lowest: float
    depth: float = Field(description="The reference less the lowest value.")
    onset_response_id: UUID = Field(description="The first rating of the fall.")
    signalled_response_id: UUID = Field(description="The rating that raised the signal.")
    repaired_response_id: UUID | None
    ratings_since: int = Field(description="Scored ratings after the signal, so far.")
    ratings_to_repair: int | None


class Outcome(BaseModel):
    """What the service makes of a response; stored with it and given again on replay.

    A field added later needs a default: outcomes stored before it are read again.
    """

    scores: list[ScoreOut]
    quality: list[QualityOut]
    change: list[ChangeOut]
    signals: list[SignalOut] = Field(
        default=[],
        description="What this rating raises against this rater's own past. What rests on the "
        "other side's answers stands in the trend and in `GET /v1/signals` only.",
    )
    drops: list[DropOut] = Field(
        default=[], description="Drops of this stream that this rating opened, changed or ended."
    )
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
    amends: UUID | None = Field(description="The version that this one replaced.")
    amended_by: UUID | None = Field(description="The version that replaced this one.")
    record_kind: str = Field(description="`answered`, or `scores_only` from an older system.")


class ResponseOut(Outcome, ResponseIdentity):
    """The answer to a submission."""


class VoidOut(BaseModel):
    """The withdrawal of a record."""

    at: datetime
    by: Person | None = Field(description="Who acted; null: the system itself.")
    external_version: int | None
    reason: str | None = Field(description="Shown to those who may see the answers.")


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
    text_sha256: str | None = Field(
        description="Of the wording that the rater was shown; null where nobody said."
    )
    recorded_by: Person | None = Field(description="Who acted; null: the system itself.")
    amendment_reason: str | None = Field(description="Shown to those who may see the answers.")
    voided: VoidOut | None


class BatchItemOut(BaseModel):
    """The verdict on one item of a batch."""

    index: int
    status: int = Field(description="As the same item alone would have been answered.")
    verdict: str = Field(description="`accepted`, `replayed`, `amended`, `voided` or `refused`.")
    external_id: str | None
    external_version: int | None
    id: UUID | None = Field(
        description="The record; null when refused, and for new ones in a dry run."
    )
    problem: dict[str, Any] | None = Field(
        default=None,
        description="Why it was refused; pointers lead into the item.",
        json_schema_extra={
            "anyOf": [{"$ref": "#/components/schemas/ProblemOut"}, {"type": "null"}]
        },
    )


class ResponseBatchOut(BaseModel):
    """The verdicts, in the order of the items."""

    dry_run: bool = Field(description="True: nothing was stored.")
    items: list[BatchItemOut]
