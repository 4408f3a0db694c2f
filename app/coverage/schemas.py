"""What travels about coverage."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from app.measurement.proportions import Proportion
from app.responses.answer_schemas import NotComputed


class RateOut(BaseModel):
    """A share of a whole with its 95 % interval (Wilson, 1927)."""

    count: int
    of: int
    rate: float = Field(description="From 0 to 1.")
    low: float
    high: float


class WindowOut(BaseModel):
    """The days that are looked at, both included."""

    model_config = ConfigDict(populate_by_name=True)

    start: date = Field(alias="from")
    end: date = Field(alias="to")


class InvitationsOut(BaseModel):
    """What became of the invitations to raters of one role, for occasions in the window."""

    role: str
    total: int
    states: dict[str, RateOut] = Field(
        description="By where they stand now, as a share of all: `invited`, `opened`, `completed`, "
        "`declined`, `lapsed`, `not_offered`."
    )
    completion: RateOut | None = Field(
        description="Completed, of those for which no answer is awaited any more: completed, "
        "declined and lapsed. Null: there is none."
    )


class SessionsOut(BaseModel):
    """The occasions in the window that were reported as held, and by whom they were rated."""

    held: int
    by_client: RateOut | None
    by_professional: RateOut | None
    both_sides: RateOut | None
    undated: int = Field(description="Held, but reported without a date: in no window.")


class HoursOut(BaseModel):
    """Hours after the occasion."""

    median_hours: float
    ratings: int = Field(description="Those of which both times are known.")


class TimelinessOut(BaseModel):
    """How soon raters of one role rated. No time is ever filled in from another one."""

    role: str
    ratings: int = Field(description="All in the window, timed or not.")
    to_completion: HoursOut | None
    to_receipt: HoursOut | None = Field(description="Without what was sent as history.")


class CoverageStanding(BaseModel):
    """How far averages of these clients' ratings can be trusted."""

    basis: str = Field(
        description="`completion` of clients' invitations; where there are none, `reach`."
    )
    rate: float
    standing: str = Field(description="`enough`, `low` (below 0.6) or `too_low` (below 0.4).")
    comparable: bool = Field(description="Whether to compare averages at all.")


class LastSaidOut(BaseModel):
    """What these clients said last, on average."""

    clients: int
    percent_of_range: float = Field(description="0 to 100; higher is a stronger alliance.")


class NonResponseOut(BaseModel):
    """What clients of current alliances said last, by whether they answered when last asked."""

    instrument: str
    form: str
    language: str
    scale: str
    unanswered: LastSaidOut | None = Field(
        description="Who declined, or let lapse, the last time. Null: too few to show."
    )
    answered: LastSaidOut | None = Field(description="Who answered. Null: too few to show.")


class CoverageOut(BaseModel):
    """How much of what could have been said was said. What is null is told of in not_computed."""

    window: WindowOut
    clients: int | None = Field(
        description="Clients of alliances that went on in the window, to the nearest 5."
    )
    coverage: CoverageStanding | None
    invitations: list[InvitationsOut]
    sessions: SessionsOut | None
    timeliness: list[TimelinessOut]
    reach: RateOut | None = Field(
        description="Clients with a scored rating in the window, of all. To the nearest 5."
    )
    depth: RateOut | None = Field(
        description="Of these, clients with four ratings in the window or more."
    )
    undated_ratings: int | None = Field(
        description="Ratings received since the window began whose occasion has no date."
    )
    non_response: list[NonResponseOut] = Field(description="As it stands now, whatever the window.")
    not_computed: list[NotComputed]


def rate_out(found: Proportion | None) -> RateOut | None:
    """A share as it is shown; None: there is no share of nothing."""
    if found is None:
        return None
    shown = {name: round(getattr(found, name), 4) for name in ("rate", "low", "high")}
    return RateOut(count=found.count, of=found.of, **shown)
