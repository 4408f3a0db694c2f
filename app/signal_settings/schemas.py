"""What travels about signal settings."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.edge.scalars import PLAIN, Closed, Language, no_control_characters
from app.instruments.schemas import FormId, InstrumentId
from app.signals.schemas import Party

FEWEST_ALERTS: Final = 1.0
MOST_ALERTS: Final = 5.0
"""Between these the thresholds were calibrated; see docs/reference/detection-benchmark.md."""
MOST_SETS: Final = 500
MOST_CASES: Final = 10**9
Text = Annotated[
    str,
    Field(min_length=1, max_length=500, json_schema_extra=PLAIN),
    AfterValidator(no_control_characters),
]
# Wider than any scale needs, and so narrow that no rating makes the filters divide by nothing.
LEAST_SPREAD: Final = 0.001
Spread = Annotated[float, Field(strict=True, ge=LEAST_SPREAD, le=100, allow_inf_nan=False)]
Small = Annotated[float, Field(strict=True, ge=-100, le=100, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0.01, le=0.99, allow_inf_nan=False)]
Decay = Annotated[float, Field(strict=True, ge=0.001, le=10, allow_inf_nan=False)]

EXAMPLE: Final[dict[str, Any]] = {
    "alerts_per_100_ratings": 3.0,
    "parameter_sets": [
        {
            "instrument": "wai-sr-2006",
            "form": "client",
            "scale": "total",
            "language": "en",
            "parameters": {
                "mean": 3.9,
                "between_sd": 0.62,
                "slope_mean": 0.02,
                "slope_sd": 0.03,
                "within_sd": 0.38,
                "reliability": 0.74,
                "decay_per_day": 0.15,
                "volatility_log_sd": 0.4,
                "skew": 0.1,
            },
            "cases": 412,
            "ratings": 4630,
            "method": "Maximum likelihood on the ratings of 2025.",
        }
    ],
    "reason": "Parameters from our own population, agreed in the quality circle.",
}


class CourseParametersIn(Closed):
    """How ratings of a scale go, in points of the scale's mean (the items' own units)."""

    mean: Small = Field(description="Mean level of people at their first rating.")
    between_sd: Spread = Field(description="SD of people's own levels.")
    slope_mean: Small = Field(description="Mean growth per rating, up to the 12th.")
    slope_sd: Spread = Field(description="SD of people's own growth per rating.")
    within_sd: Spread = Field(description="SD within people, error included.")
    reliability: Share = Field(description="Within-person: the share of it that is no error.")
    decay_per_day: Decay = Field(description="How fast a state fades, per day.")
    volatility_log_sd: Annotated[float, Field(strict=True, ge=0, le=3)] = Field(
        description="SD over people of the logarithm of their within-person SD."
    )
    skew: Annotated[float, Field(strict=True, ge=-0.5, le=1.5)] = Field(
        default=0.0,
        description="How much longer the lower tail of ratings about a person's course is; 0: no "
        "longer than the upper.",
    )


class ParameterSetIn(Closed):
    """Parameters of one scale from the tenant's own population."""

    instrument: InstrumentId
    form: FormId
    scale: str = Field(min_length=1, max_length=60)
    language: Language | None = Field(
        default=None, description="Absent: all languages that have no set of their own."
    )
    parameters: CourseParametersIn
    cases: Annotated[
        StrictInt, Field(ge=100, le=MOST_CASES, description="Of at least four ratings each.")
    ]
    ratings: Annotated[StrictInt, Field(ge=400, le=MOST_CASES)]
    method: Text = Field(description="How they were estimated, and on what.")


class SignalSettingsIn(Closed):
    """Signal settings as they are to be: all of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    alerts_per_100_ratings: Annotated[
        float,
        Field(
            strict=True,
            ge=FEWEST_ALERTS,
            le=MOST_ALERTS,
            description="The alarm budget: alerts per 100 ratings without a drop, of all signals "
            "together that ratings raise by the drop rules.",
        ),
    ]
    parameter_sets: list[ParameterSetIn] = Field(
        default=[], max_length=MOST_SETS, description="Those of the tenant; all of them, each time."
    )
    reason: Text | None = Field(default=None, description="Why they are changed.")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [(s.instrument, s.form, s.scale, s.language) for s in self.parameter_sets]
        if len(set(names)) < len(names):
            raise Mistake("parameter_set_twice", "Give each scale, form and language one set.")
        return self


class RealisedOut(BaseModel):
    """What the settings came to lately. It moves no threshold."""

    ratings: int = Field(
        description="Among the newest 20,000 events, those sent as history included."
    )
    alerted_ratings: int = Field(description="Those that raised an alert or more as they came.")
    alerts_per_100_ratings: float | None = Field(description="Null without ratings.")


class SignalSettingsOut(BaseModel):
    """The signal settings in force."""

    version: int = Field(description="0: the service's own, before any were set.")
    alerts_per_100_ratings: float
    parameter_sets: list[dict[str, Any]]
    reason: str | None
    accepted_at: datetime | None
    accepted_by: Party | None = Field(description="Who acted; null: the system itself.")
    realised: RealisedOut
