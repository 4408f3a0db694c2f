"""What travels about marks: ruptures and repairs that a person noticed."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.edge.scalars import LINES, Closed, Ref, Source, lines, not_blank
from app.occasions.schemas import OccasionFields, RaterIn
from app.tenants.schemas import Notice, NoticeOut

MarkKind = Literal["rupture", "repair"]
NOTE_LENGTH: Final = 2000
Note = Annotated[
    str,
    Field(
        min_length=1,
        max_length=NOTE_LENGTH,
        description="In the words of the one who noticed; shown only where `notice` says items.",
        json_schema_extra=LINES,
    ),
    AfterValidator(lines),
    AfterValidator(not_blank),
]


class OccasionNamed(OccasionFields):
    """The occasion in which it was noticed: one of these is enough."""

    @model_validator(mode="after")
    def _named_somehow(self) -> Self:
        if all(getattr(self, name) is None for name in OccasionFields.model_fields):
            detail = "Give session_ref, session_number, occurred_at or occurred_on."
            raise Mistake("occasion_unnamed", detail)
        return self


class MarkSaid(Closed):
    """A rupture or repair as the one who noticed it says it."""

    by: RaterIn = Field(description="Who noticed: a member, an observer or a supervisor.")
    kind: MarkKind = Field(description="A strain or break, or that it was mended.")
    note: Note | None = None


EXAMPLE: Final[dict[str, Any]] = {
    "external_id": "note-4711",
    "source": "clinic-ehr",
    "occasion": {"session_ref": "s-12"},
    "by": {"role": "professional", "ref": "p-9"},
    "kind": "rupture",
    "note": "Went quiet when the plan for work came up.",
    "notice": {"audience": ["professional", "supervisor"], "level": "items"},
}


class MarkCreate(MarkSaid):
    """A mark that comes by itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    occasion: OccasionNamed
    external_id: Ref | None = Field(
        default=None, description="Your id of this mark; a retry with it never makes a second one."
    )
    source: Source = "default"
    notice: Notice | None = Field(
        default=None,
        description="What the one who noticed was told of who will see it; absent: the tenant's "
        "default.",
    )


class NoticedBy(BaseModel):
    """Who noticed."""

    role: str
    ref: str


class OccasionOfMark(BaseModel):
    """How the occasion is named: by its reference, else its number, else its day."""

    session_ref: str | None
    session_number: int | None
    occurred_on: date | None


class MarkOut(BaseModel):
    """A mark, as far as this reader may see it."""

    id: UUID
    alliance_id: UUID
    occasion_id: UUID
    occasion: OccasionOfMark
    by: NoticedBy
    kind: str = Field(description="`rupture` or `repair`.")
    note: str | None = Field(description="Null too where this reader may not see it: `withheld`.")
    withheld: list[str] = Field(description="What this reader may not see, `note` if anything.")
    source: str
    external_id: str | None
    notice: NoticeOut
    response_id: UUID | None = Field(description="The submission that it came with.")
    recorded_at: datetime
