"""What a renderer gets of a form."""

from pydantic import BaseModel, Field


class OptionOut(BaseModel):
    """One answer to choose."""

    value: int | float | str = Field(description="What to send in `answers`.")
    label: str | None = Field(description="Null where there is no wording.")


class FormItemOut(BaseModel):
    """One item in the order of the form."""

    id: str
    text: str | None = Field(description="May hold the slot `{role}`; null without wording.")
    low_label: str | None = Field(description="Left end of a line.")
    high_label: str | None = Field(description="Right end of a line.")
    display_order: str = Field(
        description=(
            "`low_to_high` or `high_to_low`: how the paper form prints the answers. "
            "It never changes the values to send."
        )
    )


class RoleSlotOut(BaseModel):
    """What `{role}` in an item stands for."""

    default: str
    examples: list[str]
    grammar: str


class FallbackOut(BaseModel):
    """Why the language that was asked for is not served."""

    code: str = Field(description="As `wording_reason_code`.")
    detail: str


class FormOut(BaseModel):
    """A form to render."""

    instrument: str
    instrument_revision: str
    form: str
    rater_role: str
    period: str
    kind: str = Field(description="`likert` or `visual_analogue`.")
    low: float
    high: float
    wording: str = Field(
        description="`included`, or `structure_only` where no licence covers the wording."
    )
    wording_reason: str | None = Field(description="Why there is no wording.")
    wording_reason_code: str | None = Field(
        description="The same as a stable code: `no_text_pack`, `grant_not_begun`, "
        "`grant_expired`, `language_not_covered`, `electronic_not_covered`, "
        "`commercial_not_covered`, `use_not_covered`, `use_not_declared`, or a later one."
    )
    text_sha256: str | None = Field(
        description="Of the wording; send it with the answers of whoever was shown it."
    )
    language: str | None = Field(description="The language served; null without wording.")
    language_requested: str | None
    language_fallback: FallbackOut | None = Field(
        description="Why another language is served than the one asked for; null: it is that one."
    )
    languages: list[str] = Field(description="Those that could be served at this moment.")
    direction: str | None = Field(description="`ltr` or `rtl`.")
    review: str | None = Field(
        description="`original`, `unreviewed_translation` or `reviewed_translation`."
    )
    title: str | None
    instruction: str | None
    thanks: str | None
    items: list[FormItemOut]
    options: list[OptionOut] = Field(description="Answers to choose from, lowest first.")
    non_answers: list[OptionOut]
    errors: dict[str, str] = Field(description="What the form says when something goes wrong.")
    role_slot: RoleSlotOut | None
    notices: list[str] = Field(description="Lines that every rendering must show.")
    attribution_line: str | None
