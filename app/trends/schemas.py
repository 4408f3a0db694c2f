"""What travels about trends."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.alliances.schemas import AllianceOut
from app.responses.answer_schemas import ChangeOut, NotComputed, Person, Rater


class BandOut(BaseModel):
    """Where the score would lie in 95 of 100 repetitions: 1.96 within-person errors each way."""

    low: float
    high: float


class EditOut(BaseModel):
    """A correction made by someone other than the rater."""

    by: Person | None = Field(description="Who acted; null: the system itself.")
    at: datetime


class PointOut(BaseModel):
    """One response on one scale."""

    response_id: UUID
    occasion_id: UUID
    session_number: int | None
    occurred_at: datetime | None
    occurred_on: date | None
    value: float | None = Field(description="Null when it is not scorable or withheld.")
    status: str = Field(description="`scored`, `not_scorable` or `withheld`.")
    band: BandOut | None
    prorated: bool
    record_kind: str = Field(description="`answered`, or `scores_only` from an older system.")
    edit: EditOut | None = Field(
        description="This version replaces an earlier one, and not by the rater's hand."
    )


class ValueOut(BaseModel):
    """A scored value of the stream."""

    response_id: UUID
    value: float


class StreamOut(BaseModel):
    """What one rater said on one scale of one form in one language, in the order of occasions."""

    rater: Rater
    about: Person
    instrument: str
    form: str
    instrument_revision: str = Field(description="The newest scoring of what was asked.")
    language: str
    scale: str
    component: str | None
    unit: str
    points: list[PointOut]
    unplaced: list[PointOut] = Field(
        description="Undated ones, where not every rating of the stream has a session number."
    )
    first: ValueOut | None
    latest: ValueOut | None
    change_since_first: ChangeOut | None
    change_since_previous: ChangeOut | None


class SideOut(BaseModel):
    """One side of an occasion."""

    ref: str
    response_id: UUID
    value: float


class PairOut(BaseModel):
    """Client and professional about each other on one occasion, side by side, never averaged."""

    occasion_id: UUID
    instrument: str
    scale: str
    unit: str
    client: SideOut
    professional: SideOut
    difference: float = Field(description="Client minus professional.")


class UnpairedOut(BaseModel):
    """A rating of a client or professional that stands alone on its occasion."""

    response_id: UUID
    occasion_id: UUID
    why: str


class DyadOut(BaseModel):
    """Both sides of the occasions that both rated."""

    pairs: list[PairOut]
    unpaired: list[UnpairedOut]


class WithdrawnOut(BaseModel):
    """A rating that someone other than its rater has taken out of the alliance's course."""

    response_id: UUID
    occasion_id: UUID
    rater: Person
    instrument: str
    form: str
    how: str = Field(description="`voided`; or `moved`: it is about another alliance now.")
    by: Person | None = Field(description="Who acted; null: the system itself.")
    at: datetime


class TrendOut(BaseModel):
    """The course of one alliance."""

    alliance: AllianceOut
    as_of: datetime | None = Field(description="Responses received until then; null: all.")
    streams: list[StreamOut]
    dyad: DyadOut
    withdrawn: list[WithdrawnOut]
    not_computed: list[NotComputed]
