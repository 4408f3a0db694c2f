"""What travels about wordings, their grants, and the rights of instruments."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.edge.scalars import LINES, PLAIN, Closed, Day, Language, lines, no_control_characters
from app.edge.scalars import not_blank as _not_blank
from app.wordings.licence import Use

Line = Annotated[
    str,
    Field(min_length=1, max_length=500, json_schema_extra=PLAIN),
    AfterValidator(no_control_characters),
    AfterValidator(_not_blank),
]
Words = Annotated[
    str,
    Field(min_length=1, max_length=2000, json_schema_extra=LINES),
    AfterValidator(lines),
    AfterValidator(_not_blank),
]
Name = Annotated[str, Field(pattern="^[a-z0-9_]{1,20}$")]
FormRevision = Annotated[
    str,
    Field(
        pattern="^[1-9][0-9]{0,5}$",
        description="What was asked: the number before the dot of a revision.",
    ),
]
GRANT: Final[dict[str, Any]] = {
    "holder": "The clinic",
    "languages": ["en"],
    "electronic": True,
    "commercial": False,
    "uses": ["clinical"],
    "valid_from": "2026-01-01",
    "valid_to": "2027-12-31",
    "reference": "Letter of 2025-12-01, file 12",
    "attribution": "Four questions, the clinic, 2019. Used with permission.",
}
TEXT: Final[dict[str, Any]] = {
    "review": "original",
    "direction": "ltr",
    "title": "After our meeting",
    "instruction": "Please answer for the last meeting. You may leave any of these open.",
    "thanks": "Thank you.",
    "labels": {"0": "no", "1": "a little", "2": "partly", "3": "mostly", "4": "yes"},
    "items": {
        "1": {"text": "I felt welcome."},
        "2": {"text": "{role} had time for what I brought."},
        "3": {"text": "We did something that was of use."},
        "4": {"text": "I would have liked to do something else."},
    },
    "notices": [],
    "role_slot": {
        "default": "my counsellor",
        "examples": ["my counsellor", "my job coach", "our family worker"],
        "grammar": "A noun phrase as subject.",
    },
    "non_answers": {
        "declined": "I would rather not say",
        "not_applicable": "Does not apply",
        "not_understood": "I do not understand this",
    },
    "errors": {
        "unanswered": "Some are still open.",
        "not_sent": "Your answers could not be sent.",
    },
}


class GrantIn(Closed):
    """What the holder of a wording has allowed you, as you state it."""

    holder: Line = Field(description="Who has allowed it.")
    languages: list[Language] = Field(min_length=1, max_length=50)
    electronic: StrictBool = Field(description="Whether it may be shown on screens.")
    commercial: StrictBool = Field(description="Whether commercial use is covered.")
    uses: list[Literal["clinical", "educational", "research"]] = Field(
        min_length=1, max_length=3, description="What else it is allowed for."
    )
    valid_from: Day = Field(description="First day, by UTC.")
    valid_to: Day | None = Field(
        default=None, description="Last day, by UTC; absent: no end is known."
    )
    reference: Line = Field(description="Where the permission is to be found.")
    attribution: Line = Field(description="The line that every rendering shows.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise Mistake("ends_before_it_begins", "valid_to lies before valid_from.")
        return self


class ItemText(Closed):
    """The words of one item."""

    text: Words = Field(description="May hold the slot `{role}`.")
    low_label: Words | None = Field(default=None, description="Left end of a line.")
    high_label: Words | None = Field(default=None, description="Right end of a line.")


class RoleSlotIn(Closed):
    """What `{role}` stands for."""

    default: Line
    examples: list[Line] = Field(min_length=3, max_length=50)
    grammar: Words


class NonAnswersIn(Closed):
    """What the non-answers are called."""

    declined: Words
    not_applicable: Words
    not_understood: Words


class ErrorTextsIn(Closed):
    """What the form says when something goes wrong."""

    unanswered: Words
    not_sent: Words


class WordingIn(Closed):
    """All words of one form in one language."""

    review: Literal["original", "unreviewed_translation", "reviewed_translation"]
    direction: Literal["ltr", "rtl"]
    title: Words
    instruction: Words
    thanks: Words
    labels: dict[Annotated[str, Field(pattern="^-?[0-9]{1,4}$")], Words] | None = Field(
        description="Value -> label; null for lines.", max_length=101
    )
    items: dict[Name, ItemText] = Field(min_length=1, max_length=100)
    notices: list[Words] = Field(max_length=20)
    role_slot: RoleSlotIn | None
    non_answers: NonAnswersIn
    errors: ErrorTextsIn


class TextPackIn(Closed):
    """A wording under your own licence."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"grant": GRANT, "text": TEXT}]}
    )

    form_revision: FormRevision | None = Field(default=None, description="Absent: the newest.")
    grant: GrantIn
    text: WordingIn


class GrantOut(BaseModel):
    """What the holder has allowed, as the tenant stated it."""

    holder: str
    languages: list[str]
    electronic: bool
    commercial: bool
    uses: list[str]
    valid_from: date
    valid_to: date | None
    reference: str
    attribution: str


class TextPackOut(BaseModel):
    """A text pack as it is stored, without its wording."""

    id: UUID
    instrument: str
    form: str
    form_revision: str
    language: str
    version: int = Field(description="Counts what was put for this form and language.")
    sha256: str = Field(description="Of the wording; kept when the wording itself is gone.")
    state: str = Field(
        description="`in_force`, `not_begun`, `expired` by the clock; `replaced`, `withdrawn`: "
        "ended, its wording is gone."
    )
    grant: GrantOut
    put_at: datetime
    ended_at: datetime | None


class WithdrawnTextOut(BaseModel):
    """What was withdrawn."""

    withdrawn: list[TextPackOut]


class DeclaredUseIn(Closed):
    """What you do with instruments."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"uses": ["clinical"]}]}
    )

    uses: list[Use] = Field(min_length=1, max_length=4, description="All of them, each time.")


class DeclaredUseOut(BaseModel):
    """The declared use in force."""

    version: int = Field(description="0: none was declared, and each use must be covered.")
    uses: list[str]
    declared_at: datetime | None


class RightsStatement(BaseModel):
    """What one revision of the definition says about rights: dated, and with its sources."""

    revision: str
    verified_on: date
    sources: list[str]
    holder: str
    holder_conflict: str | None
    status: str
    licence: str | None
    licence_url: str | None
    paper_use: str = Field(description="As the others: `unknown` counts as not allowed.")
    electronic_use: str
    commercial_use: str
    modify: str
    translate: str
    attribution_line: str | None
    availability: str
    conflicts: list[str] = Field(description="Statements of sources that contradict each other.")


class RightsConflict(BaseModel):
    """Two statements about rights that cannot both be right. None is thrown away for the other."""

    code: str
    detail: str


class UseOut(BaseModel):
    """Whether the wording may be shown on screens for one use."""

    use: str
    by_rights: bool = Field(description="By the instrument's rights alone, for everybody.")
    by_grant: list[UUID] = Field(description="Text packs in force whose grant covers it.")


class RightsOut(BaseModel):
    """Everything known about the rights of an instrument. Scoring is not touched by any of it."""

    instrument: str
    statements: list[RightsStatement] = Field(description="Newest revision first.")
    text_packs: list[TextPackOut] = Field(description="Your own, newest first, at most 500.")
    conflicts: list[RightsConflict]
    declared_use: DeclaredUseOut
    uses: list[UseOut]
