"""What travels about comparisons."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

By = Literal["professional", "program"]


class QuartersOut(BaseModel):
    """Four quarters of whole ISO weeks, both days included."""

    starts_on: date
    ends_on: date


class DeviationOut(BaseModel):
    """How far the true mean probably lies from the middle of all, in the scale's unit.

    Drawn towards the middle as far as chance asks for; positive is stronger.
    """

    value: float
    low: float | None = Field(
        description="Of the 95 % interval; null: no differences beyond chance are found."
    )
    high: float | None


class UnitOut(BaseModel):
    """A professional, or a programme, that is shown."""

    ref: str
    source: str | None = Field(
        description="Of a professional's reference; null for programmes, which have none."
    )
    window: QuartersOut = Field(description="The quarters that the figures are of.")
    clients: int = Field(description="To the nearest 5.")
    mean: float = Field(
        description="Of the clients, each counted once, in steps of what one client can move it."
    )
    deviation: DeviationOut
    weight: float = Field(
        description="How much the own mean counts in the deviation, 0 to 1; the rest is chance."
    )
    position: str = Field(
        description="`inside`, `outside_95` or `outside_998`: of the funnel's limits."
    )
    clearly_below: bool = Field(
        description="It is more than 95 % probable that it lies a quarter of the SD between "
        "clients below the middle. Never that it is the professional who is to blame."
    )
    coverage: float | None = Field(
        description="The share of invitations that were completed, to 0.05; null: none are known."
    )


class LimitsOut(BaseModel):
    """The limits for one number of clients: within them the means lie by chance."""

    clients: int
    low_95: float
    high_95: float
    low_998: float
    high_998: float


class FunnelOut(BaseModel):
    """Where the means lie that differ by chance alone."""

    centre: float
    limits: list[LimitsOut]


class AllOut(BaseModel):
    """All clients of the programme, whether their professionals are shown or not."""

    clients: int = Field(description="To the nearest 5.")
    mean: float


class CaseMixOut(BaseModel):
    """What the comparison takes account of, and what it does not."""

    adjusted: list[str] = Field(
        description="`rating_number`: ratings are set against the usual growth of a course. Empty: "
        "too few clients were followed to know it."
    )
    same: list[str] = Field(description="What is the same for all that are compared.")
    not_adjusted: list[str] = Field(description="What may differ, and explain a difference.")


class ComparisonOut(BaseModel):
    """Professionals of a programme, or programmes, on one scale: no ranking, and no verdict."""

    by: str
    program_ref: str | None = Field(description="Null where programmes are compared.")
    setting: str | None
    instrument: str
    instrument_revision: str = Field(description="Under whose key the values stand.")
    form: str
    language: str
    rater_role: str
    scale: str
    unit: str = Field(description="`sum` or `mean`: of every value here.")
    window: QuartersOut = Field(description="From the first to the last quarter of any unit.")
    made_at: datetime = Field(description="When the newest of the figures were fixed.")
    withheld: str | None = Field(
        description="Why nobody is compared: `low_coverage` (under 0.4), `too_few_clients` or "
        "`too_few_units`; null: they are."
    )
    warnings: list[str] = Field(
        description="`low_coverage` (under 0.6), `coverage_unknown`, `low_coverage_of_units`."
    )
    coverage: float | None = Field(
        description="The share of invitations that were completed, to 0.05; null: none are known, "
        "or programmes are compared."
    )
    all: AllOut | None = Field(description="Null where programmes are compared, or if withheld.")
    units: list[UnitOut] = Field(
        description="In the order of their references. A professional sees only the own one."
    )
    others: bool = Field(description="Whether there are some that are not shown.")
    share_of_units: float | None = Field(
        description="The units' share of all differences between clients, 0 to 1."
    )
    dependable_from: int | None = Field(
        description="How many clients make a mean dependable (weight .8); null: however many."
    )
    funnel: FunnelOut | None
    case_mix: CaseMixOut
