"""What travels about instruments, forms and scores."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.measurement.key import NON_ANSWERS

RaterRole = Literal["client", "professional", "family_member", "other", "observer", "supervisor"]


def _answer_shape(value: object) -> object:
    """Numbers, texts and marks on a line pass; which of them the form takes is scoring's word."""
    if isinstance(value, int | float | str | Mapping) and not isinstance(value, bool):
        return value
    raise PydanticCustomError("not_an_answer", "Expected a number, a mark or a non-answer.")


Answer = Annotated[
    Any,
    PlainValidator(_answer_shape),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "description": "The value, never a box position."},
                {"type": "string", "enum": list(NON_ANSWERS)},
                {
                    "type": "object",
                    "properties": {"mark_mm": {"type": "number"}, "line_mm": {"type": "number"}},
                    "required": ["mark_mm", "line_mm"],
                    "additionalProperties": False,
                    "description": "A mark on a visual analogue line of any length.",
                },
            ]
        }
    ),
]
Answers = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=20)], Answer],
    Field(
        max_length=500,
        description=(
            "Item number -> answer: a value of the form, or `declined`, `not_applicable`, "
            "`not_understood`. An absent item is unanswered. Nothing is ever taken as zero."
        ),
        json_schema_extra={"examples": [{"1": 4, "2": 5, "3": "declined"}]},
    ),
]
InstrumentId = Annotated[
    str, Field(min_length=1, max_length=80, description="As in `GET /v1/instruments`.")
]
Revision = Annotated[
    str,
    Field(max_length=20, description="A revision such as `1.0`; absent: the newest."),
]
FormId = Annotated[str, Field(min_length=1, max_length=50, description="A form of the instrument.")]


class RaterRoleOnly(BaseModel):
    """Who answered, where only the role matters."""

    model_config = ConfigDict(extra="forbid")

    role: RaterRole


class ScoreRequest(BaseModel):
    """One filled-in form to be scored and forgotten."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "instrument": "srs-3",
                    "form": "client",
                    "answers": {"1": 9.4, "2": 9.1, "3": 8.8, "4": 9.0},
                }
            ]
        },
    )

    instrument: InstrumentId
    instrument_revision: Revision | None = None
    form: FormId | None = Field(
        default=None, description="Absent: the form named after the rater's role."
    )
    rater: RaterRoleOnly | None = None
    answers: Answers


class ScoreBatchRequest(BaseModel):
    """Up to 500 filled-in forms."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "instrument": "open-triad-lines-1",
                            "rater": {"role": "client"},
                            "answers": {"1": 7.5, "2": 6, "3": 6.8, "4": 7},
                        }
                    ]
                }
            ]
        },
    )

    items: list[Any] = Field(
        min_length=1,
        max_length=500,
        description="Each as in `POST /v1/scores`; judged one by one.",
        json_schema_extra={"items": {"$ref": "#/components/schemas/ScoreRequest"}},
    )


class ScoreOut(BaseModel):
    """A scale's value for one filled-in form; a higher one is a stronger alliance."""

    scale: str = Field(description="bond, goals, tasks, total or what the instrument has.")
    unit: str = Field(description="`sum` or `mean`: which of the two `value` is.")
    value: float | None = Field(description="The score in its unit; null when not scorable.")
    sum: float | None = Field(
        description="On the full scale: mean x items when prorated, never what was answered alone."
    )
    mean: float | None = Field(description="Mean of the items, at most 4 decimals.")
    min: float = Field(description="Lowest possible sum.")
    max: float = Field(description="Highest possible sum.")
    percent_of_range: float | None = Field(description="0 to 100.")
    items: int
    answered: int = Field(description="Items with a value; 0 when an older system reported it.")
    prorated: bool = Field(description="True when items are missing and their mean stands in.")
    status: str = Field(description="`scored` or `not_scorable`; then every number is null.")
    reason: str | None = Field(description="Why it is not scorable.")
    use: str = Field(description="`decision`, or `descriptive`: shown, never signalled.")
    component: str | None = Field(description="Bordin's bond, goals or tasks; null for others.")
    key_status: str = Field(
        description="How well the key is known: `verified`, `secondary` or `provisional`."
    )


class QualityOut(BaseModel):
    """Something about how the form was filled in. It never changes a score."""

    code: str = Field(
        description="`straight_line`, `all_maximum`, `many_declined`, or a later one."
    )
    detail: str


class CutConditionOut(BaseModel):
    """`scale comparator value`; scale null: any single answered item."""

    scale: str | None
    comparator: str
    value: float


class CutOut(BaseModel):
    """A published cut, applied to unrounded scores. A screen for a conversation, no verdict."""

    id: str
    default: bool = Field(description="The rule in use; the others are documented variants.")
    any_of: list[CutConditionOut]
    met: bool | None = Field(description="Null when a score that it needs is not scorable.")
    met_by: list[str] = Field(description="Scales and items that met it.")
    citation: str


class ScoresOut(BaseModel):
    """Scores of one filled-in form; nothing was stored."""

    instrument: str
    instrument_revision: str
    form: str
    scores: list[ScoreOut]
    quality: list[QualityOut]
    cuts: list[CutOut]


class BatchVerdict(BaseModel):
    """How one item of a batch fared, in the order of the request."""

    index: int
    status: int = Field(description="200, or the status that the item alone would have got.")
    result: ScoresOut | None = None
    problem: dict[str, Any] | None = Field(default=None, description="As ProblemOut.")


class ScoreBatchOut(BaseModel):
    """A verdict for every item."""

    items: list[BatchVerdict]


class InstrumentSummary(BaseModel):
    """One line of the catalogue."""

    instrument: str
    revision: str = Field(description="The newest.")
    name: str
    acronym: str
    availability: str = Field(description="`scorable`, or `pending`: listed, refuses to score.")
    forms: list[str]
    languages: list[str] = Field(description="In which the service itself holds wording.")
    rights_status: str
    status: str = Field(
        description="Of the revision: `published`, or `draft` where none is published yet."
    )


class InstrumentOut(BaseModel):
    """A definition with everything known about it, without wording."""

    instrument: str
    revision: str
    revisions: list[str] = Field(
        description="All of them, oldest first; published ones never change."
    )
    status: str = Field(description="`published`, or `draft`: may change, and scores nothing.")
    drafts: list[str] = Field(description="Revisions of your own that are not published yet.")
    sha256: str = Field(description="Of the definition; stored with every response.")
    availability: str
    languages: list[str]
    definition: dict[str, Any] = Field(
        description="Citation, items, keys, scales, rules, cuts, evidence, rights, test vectors."
    )
