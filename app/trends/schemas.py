"""What travels about trends."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.alliances.schemas import AllianceOut
from app.marks.schemas import MarkOut
from app.responses.answer_schemas import ChangeOut, DropOut, NotComputed, Person, Rater
from app.signals.schemas import SignalOut


class BandOut(BaseModel):
    """Where the score would lie in 95 of 100 repetitions: 1.96 within-person errors each way."""

    low: float
    high: float


class LevelOut(BaseModel):
    """The rater's own level at a rating, growth included and passing states left out."""

    mean: float
    low: float = Field(description="Of a 95 % interval, within the scale's range.")
    high: float


class SlopeOut(BaseModel):
    """Growth per rating over the whole stream, drawn towards what is usual; in the unit."""

    per_rating: float
    low: float = Field(description="Of a 95 % interval.")
    high: float
    label: str = Field(
        description="`rising` or `falling` where the interval excludes 0; `steady` where it holds "
        "nothing that would matter; else `not_clear`."
    )
    shape: str | None = Field(description="`linear` or `curved`; null with fewer than six.")
    ratings: int


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
    level: LevelOut | None = Field(description="Null on scales that are not watched.")
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
    slope: SlopeOut | None = Field(description="Null with fewer than four scored ratings.")


class DropInTrend(DropOut):
    """A drop, and whose it is."""

    rater: Rater
    about: Person
    instrument: str
    form: str
    language: str
    component: str | None
    days_to_repair: float | None = Field(description="Null without dates, or without a repair.")
    signal_id: UUID | None = Field(
        description="The signal that began it, if this reader may see it; a drop of a component "
        "may have none of its own, where the whole alarmed."
    )


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


class GapOut(BaseModel):
    """Client minus professional; some gap is usual."""

    mean: float
    standard_error: float | None = Field(description="Null with a single occasion.")
    standardised: float = Field(
        description="In SDs of single ratings; .41 to .63 is usual between clients and "
        "professionals (Lev Ari et al., 2025; Tryon et al., 2007)."
    )


class TrackingOut(BaseModel):
    """How the professional's ratings follow the client's; 1: fully, 0: not at all."""

    tracking: float
    tracking_error: float = Field(description="Standard error.")
    bias: float = Field(description="How much higher the professional rates on the whole.")
    bias_error: float


class CongruenceOut(BaseModel):
    """How far both rise and fall together, from -1 to 1, once each one's trend is removed."""

    correlation: float
    shrunk: float = Field(description="Drawn towards what is usual.")
    low: float = Field(description="Of a 95 % interval about the shrunk value.")
    high: float


class AgreementOut(BaseModel):
    """Client and professional over all occasions that both rated. They are never averaged."""

    instrument: str
    scale: str
    unit: str
    client_ref: str
    professional_ref: str
    occasions: int
    gap: GapOut
    tracking: TrackingOut | None = Field(description="Null with fewer than eight occasions.")
    congruence: CongruenceOut | None = Field(description="Null with fewer than eight occasions.")


class DyadOut(BaseModel):
    """Both sides of the occasions that both rated."""

    pairs: list[PairOut]
    unpaired: list[UnpairedOut]
    agreement: list[AgreementOut]


class PublishedRuleOut(BaseModel):
    """Where a published rule would have alarmed. For comparison: it raises no signal."""

    rule: str
    citation: str
    approximation: bool = Field(description="Its criteria were not read in full.")
    rater: Rater
    instrument: str
    form: str
    language: str
    scale: str
    ratings: int
    response_ids: list[UUID]


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
    drops: list[DropInTrend] = Field(
        description="As the ratings tell them that this reader may see, by today's parameters."
    )
    dyad: DyadOut
    marks: list[MarkOut] = Field(description="Ruptures and repairs that people noticed.")
    signals: list[SignalOut] = Field(
        description="Those that this reader may see, as they were raised; none is no all-clear."
    )
    published_rules: list[PublishedRuleOut] = Field(description="Those asked for with `rules`.")
    withdrawn: list[WithdrawnOut]
    not_computed: list[NotComputed]
