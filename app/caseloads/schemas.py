"""What travels about a caseload."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.alliances.schemas import AllianceOut
from app.measurement.course import GLANCES
from app.responses.answer_schemas import Person, Rater

Has = Literal["signal", "drop", "silence"]


class LevelHere(BaseModel):
    """The rater's own level after their last rating, as in the trend."""

    mean: float
    low: float = Field(description="Of a 95 % interval, within the scale's range.")
    high: float


class DropHere(BaseModel):
    """A drop that is open."""

    since_response_id: UUID = Field(description="The response that raised the alarm.")
    since_on: date | None = Field(description="The day of its occasion; null: not known.")
    reference: float = Field(description="The rater's own mean before the fall.")
    lowest: float


class ScaleHere(BaseModel):
    """One scale of a stream as it stands; all numbers in its unit."""

    scale: str
    component: str | None
    unit: str
    value: float | None = Field(description="The latest score; null: see value_status.")
    response_id: UUID | None = Field(description="The response that it is of.")
    value_status: str = Field(
        description="`scored`; `not_scored`: no rating of the stream could be; `withheld`: this "
        "reader may not see it; `outdated`: the next rating scores it anew under a newer key."
    )
    level: LevelHere | None
    drop: DropHere | None = Field(description="Null: none is open, or see level_status.")
    level_status: str = Field(
        description="Of level and drop: `known`; `not_watched`: the scale is only described, or "
        "has no score; `withheld`: they rest on ratings that this reader may not see; "
        "`outdated`: the next rating makes them anew."
    )


class RatingHere(BaseModel):
    """One of the last ratings of a stream."""

    on: date | None = Field(description="The local day of its occasion; null: not known.")
    value: float | None = Field(description="In the scale's unit; null: see status.")
    status: str = Field(
        description="`scored`; `not_scorable`; `withheld`: this reader may not see it."
    )


class RecentHere(BaseModel):
    """The last ratings of a stream on one scale, enough for a small line."""

    scale: str = Field(description="`total`, else the first that is no component, else the first.")
    component: str | None
    unit: str
    low: float = Field(description="Of the scale's possible range, in its unit.")
    high: float
    ratings: list[RatingHere] = Field(
        description=f"Up to {GLANCES}, oldest first. One without a place in the order is left out."
    )


class StreamHere(BaseModel):
    """What one rater says with one form in one language, as it stands."""

    rater: Rater
    about: Person
    instrument: str
    form: str
    language: str
    ratings: int
    last_rated_on: date | None = Field(description="Null: the last rating has no date.")
    days_since_last_rating: int | None = Field(description="Up to today, in UTC.")
    scales: list[ScaleHere]
    recent: RecentHere | None = Field(description="Null: outdated, the next rating makes it anew.")


class SignalsHere(BaseModel):
    """The signals of an alliance that wait and that this reader may see."""

    high: int = Field(description="Open ones of this severity, as the next two.")
    alert: int
    watch: int
    worst: str | None = Field(description="The highest severity of the open ones.")
    in_progress: int = Field(description="Acknowledged, discussed, or a step was tried.")
    open_ids: list[UUID]


class SilentHere(BaseModel):
    """Somebody who has left the last invitations to a form unanswered, or whose answer is late."""

    rater: Person
    instrument: str
    form: str
    unanswered: int = Field(description="How many, since the last answer.")
    since: datetime = Field(description="When they were asked the first of them.")


class CaseOut(BaseModel):
    """One alliance of a caseload."""

    alliance: AllianceOut
    need: str | None = Field(
        description="Why to look at it, the most pressing reason: `high`, `alert`, `drop`, "
        "`silence`, `watch`. Null is no all-clear."
    )
    open_drops: int = Field(description="Scales with an open drop, as far as this reader may see.")
    signals: SignalsHere
    silent: list[SilentHere]
    streams: list[StreamHere]
