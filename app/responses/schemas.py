"""What callers send about responses."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.alliances.schemas import AllianceInSubmission
from app.edge.scalars import Closed, Day, Instant, Language, Reason, Ref, Source
from app.instruments.schemas import Answers, FormId, InstrumentId, Revision
from app.marks.schemas import MarkSaid
from app.occasions.schemas import OccasionIn, RaterIn
from app.tenants.schemas import Notice

Mode = Literal["self_online", "self_paper", "kiosk", "interview", "phone", "unknown"]
HIGHEST_VERSION: Final = 1_000_000
ExternalVersion = Annotated[StrictInt, Field(ge=1, le=HIGHEST_VERSION)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Assistance(Closed):
    """Help in answering; absent fields are unknown."""

    proxy_ref: Ref | None = Field(
        default=None, description="Who answered in the rater's place: a stream of its own."
    )
    interpreter: StrictBool | None = None
    professional_present: StrictBool | None = None


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


AMENDMENT: Final[dict[str, Any]] = {
    "amendment_reason": "Item 3 was typed in wrongly.",
    **{
        name: EXAMPLE[name]
        for name in ("instrument", "language", "rater", "occasion", "completed_at", "mode")
    },
    "answers": EXAMPLE["answers"] | {"3": 4},
}


class FormContent(Closed):
    """What a filled-in form says, whoever's record it becomes."""

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
    text_sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="`text_sha256` of the form that was shown to the rater, if it came with one.",
    )
    answers: Answers | None = None
    reported_scores: list[ReportedScore] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="Instead of answers: totals of an older system.",
    )
    notice: Notice | None = Field(
        default=None,
        description="Absent: that of the version it amends, else the tenant's default.",
    )
    backfill: StrictBool = Field(default=False, description="True for history.")
    marks: list[MarkSaid] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="Ruptures and repairs that somebody noticed in this occasion, under the "
        "notice of this form. One that a version before said already is recorded once.",
    )

    @model_validator(mode="after")
    def _answers_or_totals(self) -> Self:
        if (self.answers is None) == (self.reported_scores is None):
            raise Mistake("answers_or_scores", "Give answers, or reported_scores.")
        if self.completed_at and self.completed_on:
            raise Mistake("completed_twice", "Give completed_at or completed_on, not both.")
        return self


class Submission(FormContent):
    """One filled-in form."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    external_id: Ref | None = Field(
        default=None,
        description="Your id of this record; a retry with it never makes a second one.",
    )
    external_version: ExternalVersion = Field(
        default=1,
        description="Your version of this record; a higher one than the stored amends it.",
    )
    source: Source = "default"
    alliance: AllianceInSubmission
    amendment_reason: Reason | None = Field(
        default=None, description="Why this version says something else than the one before."
    )

    @model_validator(mode="after")
    def _versions_of_something(self) -> Self:
        if self.external_id is None and self.external_version != 1:
            raise Mistake("version_without_id", "Versions are counted under an external_id.")
        return self


class Amendment(FormContent):
    """A record as it should have been: all of it, in place of the version that it amends."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [AMENDMENT]})

    amendment_reason: Reason
    external_version: ExternalVersion | None = Field(
        default=None, description="Absent: one more than the newest."
    )
    alliance: AllianceInSubmission | None = Field(
        default=None, description="Absent: that of the version that it amends."
    )


class VoidReason(Closed):
    """Why a record never should have been."""

    reason: Reason


class VoidRequest(VoidReason):
    """The withdrawal of a record."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "Entered for the wrong person."}]},
    )

    external_version: ExternalVersion | None = Field(
        default=None, description="Where you count versions: the one that says so."
    )


class VoidInBatch(Closed):
    """The withdrawal of a record among the items of a batch."""

    external_id: Ref
    external_version: ExternalVersion = Field(description="Higher than the stored one.")
    source: Source = "default"
    void: VoidReason = Field(description="The record is withdrawn, not submitted.")


class ResponseBatch(Closed):
    """Up to 500 submissions and withdrawals, each judged by itself, in this order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        EXAMPLE,
                        {
                            "external_id": "ehr-97001",
                            "external_version": 2,
                            "source": "clinic-ehr",
                            "void": {"reason": "Entered for the wrong person."},
                        },
                    ]
                }
            ]
        },
    )

    items: Annotated[
        list[Any],
        Field(
            description="Each a submission, or the withdrawal of a record.",
            min_length=1,
            max_length=500,
            json_schema_extra={
                "items": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/Submission"},
                        {"$ref": "#/components/schemas/VoidInBatch"},
                    ]
                }
            },
        ),
    ]
