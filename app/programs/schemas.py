"""What travels about programmes."""

from datetime import date, datetime
from typing import Final

from pydantic import BaseModel, Field

CASE_MIX: Final = (
    "Not adjusted for who the clients are, for how long they have come, or for who answers. Groups "
    "that differ in these differ in their figures, however good the work is."
)


class IntervalOut(BaseModel):
    """A figure with its 95 % interval, in the scale's unit."""

    value: float
    low: float
    high: float


class ShareOut(BaseModel):
    """A share from 0 to 1 with Wilson's 95 % interval."""

    share: float
    low: float
    high: float


class BinOut(BaseModel):
    """A twentieth of the scale's possible range; values at its upper end are in the next."""

    low: float
    high: float
    ratings: int = Field(description="To the nearest 5.")


class DistributionOut(BaseModel):
    """How the ratings lie, in the scale's unit."""

    bins: list[BinOut] = Field(description="From the lowest up; empty ones are left out.")
    lower_quartile: float = Field(description="Read off the bins, as the others are.")
    median: float
    upper_quartile: float
    at_ceiling: float = Field(description="Share of ratings in the highest bin.")
    ceiling: bool = Field(
        description="More than 15 % of the ratings are there: differences at the top do not show."
    )


class DropsOut(BaseModel):
    """Drops that opened, and drops that came to an end, in the period."""

    opened: int = Field(description="To the nearest 5.")
    ended: int = Field(description="To the nearest 5: repaired, not repaired, or ended open.")
    repaired: ShareOut | None = Field(
        description="Of the drops that came to an end. Null with fewer than ten."
    )
    ended_while_open: ShareOut | None = Field(
        description="The same for those that were open when the alliance ended."
    )
    median_days_to_repair: float | None = Field(
        description="Read off full weeks. Null with fewer than ten repairs."
    )


class RateOut(ShareOut):
    """A share of what was asked for, and of how many."""

    of: int = Field(description="To the nearest 5.")


class CoverageOut(BaseModel):
    """How much of what was asked for has come, as far as it was reported."""

    completed: RateOut | None = Field(
        description="Of the invitations to rate on this form. Null: not reported, or too few."
    )
    both_sides: RateOut | None = Field(
        description="Meetings held that client and professional rated, on whatever form."
    )
    sufficiency: str = Field(
        description="By `completed`: `enough`; `low` under 60 %; `too_low` under 40 %: compare "
        "with nothing; `unknown`."
    )


class SummaryOut(BaseModel):
    """One scale of one kind of stream over a period: a sum of blocks that may be shown."""

    period: date = Field(description="The Monday with which it begins.")
    until: date = Field(description="Its last Sunday.")
    over: bool = Field(description="Whether it has been over for as long as forms may be late.")
    instrument: str
    instrument_revision: str = Field(description="The scoring under which the values stand.")
    form: str
    language: str
    rater_role: str
    scale: str
    component: str | None
    unit: str
    clients: int = Field(
        description="At least so many, to the nearest 5: those of the largest block. Clients come "
        "again, so blocks' clients are not added."
    )
    ratings: int = Field(description="To the nearest 5.")
    stages: list[str] = Field(
        description="Which ratings are in it: the `first` of their streams, `later` ones, or both. "
        "What is missing was too few."
    )
    level: IntervalOut = Field(description="The mean of the ratings.")
    change: IntervalOut | None = Field(
        description="Mean of the later ratings less that of the first ones, in the period; they "
        "are mostly of other clients. Null where only one of the two is shown."
    )
    distribution: DistributionOut
    drops: DropsOut
    coverage: CoverageOut


class WithheldOut(BaseModel):
    """A period of which nothing is shown."""

    period: date
    reason: str = Field(
        description="`not_over`: its end, or the time for late forms, is to come; `too_few`: there "
        "is nothing, or it comes from fewer than ten clients or two professionals."
    )


class LeftOutOut(BaseModel):
    """Responses that are in no figure."""

    reason: str = Field(
        description="`undated`; `incomplete`: an item of some scale was not answered; "
        "`reported_scores`: totals of an older system."
    )
    instrument: str
    form: str
    language: str
    rater_role: str
    responses: int = Field(description="To the nearest 5, as far as they may be shown.")


class SummaryPage(BaseModel):
    """Summaries in the order of periods and names; never by what they say."""

    items: list[SummaryOut]
    next_cursor: str | None = Field(
        description="Hand it back as `cursor` for the next page; null on the last page."
    )
    withheld: list[WithheldOut]
    left_out: list[LeftOutOut]
    as_of: datetime | None = Field(
        description="When what is shown was last released; null: nothing is shown."
    )
    case_mix: str
