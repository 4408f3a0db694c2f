"""What the columns of each export are. They keep name, order, type and meaning within `/v1`."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["responses", "scores", "signals", "alliances"]
Type = Literal["text", "code", "id", "integer", "number", "boolean", "instant", "date", "json"]
"""text: the caller's words; code: the service's; number: up to 4 decimals; instant: in UTC."""
ROW: Final = "row"
END: Final = "end"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export."""

    name: str
    type: Type
    meaning: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    """Lowest and highest value; None: there is none that is fixed."""
    source: str | None = None
    """The definition that it is made from; None: the service's own."""


RECORD: Final = Column(
    "record", "code", "`row`; in the last line `end`, with the number of rows and a hash."
)
_WITHHELD: Final = (
    Column("withheld", "code", "What this reader may not see of it: `answers`, `scores`."),
    Column("withheld_reason", "code", "`notice`: the rater was not told of this reader."),
)
_ALLIANCE: Final = (
    Column("alliance_id", "id", "The alliance."),
    Column("alliance_source", "text", "The system that the alliance's identifiers come from."),
    Column("alliance_external_id", "text", "Your own id of the alliance."),
)
_RATER: Final = (
    Column("rater_role", "code", "The role of who answered."),
    Column("rater_ref", "text", "Who answered, as sent; a merge of references changes nothing."),
    Column("proxy_ref", "text", "Who answered in the rater's place."),
    Column("about_role", "code", "The role of whom it is about, or `group`."),
    Column("about_ref", "text", "Whom it is about; empty for a group."),
)
_OCCASION: Final = (
    Column("session_ref", "text", "Your own id of the meeting."),
    Column("session_number", "integer", "The number of the meeting, as you count.", low=0),
    Column("occurred_at", "instant", "When it took place; empty: not known."),
    Column("occurred_at_offset", "integer", "Offset that occurred_at was sent with.", "minutes"),
    Column("occurred_on", "date", "The day, where the time is not known."),
)
_STAMPED: Final = (
    Column("setting", "code", "The alliance's setting when the response came."),
    Column("program_ref", "text", "The alliance's programme when the response came."),
    Column("received_at", "instant", "When the service stored it."),
)
_VERSION: Final = (
    Column("source", "text", "The system that external_id comes from."),
    Column("external_id", "text", "Your own id of the record."),
    Column("external_version", "integer", "Your version of the record.", low=1),
    Column("record_status", "code", "`current`, `amended` or `voided`, as of the export."),
    Column("record_kind", "code", "`answered`, or `scores_only` from an older system."),
)
_FORM: Final = (
    Column("instrument", "code", "The questionnaire, in one edition."),
    Column("instrument_revision", "code", "The revision that it was scored under."),
    Column("form", "code", "The form of the instrument."),
    Column("language", "code", "The language that it was filled in, as a tag."),
)
RESPONSES: Final = (
    RECORD,
    Column("id", "id", "The response."),
    *_ALLIANCE,
    Column("occasion_id", "id", "The occasion that it is about."),
    *_VERSION,
    Column("amends", "id", "The version that this one replaced."),
    Column("amended_by", "id", "The version that replaced this one, as of the export."),
    Column("amendment_reason", "text", "Why; shown with the answers."),
    Column("voided_at", "instant", "When it was withdrawn."),
    Column("void_reason", "text", "Why it was withdrawn; shown with the answers."),
    *_FORM,
    *_RATER,
    Column("interpreter", "boolean", "Whether an interpreter helped; empty: not known."),
    Column(
        "professional_present", "boolean", "Whether the professional was there; empty: unknown."
    ),
    Column("mode", "code", "How it was filled in."),
    *_OCCASION,
    Column("completed_at", "instant", "When it was filled in."),
    Column("completed_at_offset", "integer", "Offset that completed_at was sent with.", "minutes"),
    Column("completed_on", "date", "The day, where the time is not known."),
    *_STAMPED,
    Column("backfill", "boolean", "Whether it was sent as history."),
    Column("notice_ref", "text", "Your own id of what the rater was told."),
    Column("notice_audience", "json", "The kinds of readers that the rater was told of."),
    Column("notice_level", "code", "What they were told would be shown."),
    Column("quality", "code", "Codes on how it was filled in; shown with the answers."),
    *_WITHHELD,
)
ANSWERS: Final = (
    Column("answers", "json", "Item to answer, as sent; an absent item was skipped."),
    Column("reported_scores", "json", "The scores that an older system reported."),
)
"""What ends a row of responses, unless they are of one form: then its items do."""
SCORES: Final = (
    RECORD,
    Column("response_id", "id", "The response that was scored."),
    *_ALLIANCE,
    Column("occasion_id", "id", "The occasion that it is about."),
    *_VERSION,
    *_FORM,
    *_RATER,
    *_OCCASION,
    *_STAMPED,
    Column("scale", "code", "The scale."),
    Column("component", "code", "Bordin's `bond`, `goals` or `tasks`; empty for others."),
    Column("use", "code", "`decision`, or `descriptive`: never signalled."),
    Column("key_status", "code", "How well the key is known."),
    Column("unit", "code", "`sum` or `mean`: which of the two value is."),
    Column("value", "number", "The score; higher is a stronger alliance.", "points"),
    Column("sum", "number", "On the full scale: mean x items when prorated.", "points"),
    Column("mean", "number", "Mean of the items.", "points"),
    Column("min", "number", "Lowest possible sum.", "points"),
    Column("max", "number", "Highest possible sum.", "points"),
    Column("percent_of_range", "number", "Where the sum lies between min and max.", "%", 0, 100),
    Column("items", "integer", "Items of the scale.", low=1),
    Column("answered", "integer", "Items with a value; 0 when an older system reported it.", low=0),
    Column("prorated", "boolean", "Whether the mean of the answered stands in for the others."),
    Column("status", "code", "`scored` or `not_scorable`; then every number is empty."),
    Column("reason", "code", "Why it is not scorable."),
    *_WITHHELD,
)
SIGNALS: Final = (
    RECORD,
    Column("id", "id", "The signal."),
    *_ALLIANCE,
    Column("code", "code", "What kind of signal."),
    Column("severity", "code", "`watch`, `alert` or `high`."),
    Column("rule", "code", "The rule that found it."),
    Column("rule_version", "code", "The version of rule, key and settings."),
    Column("scale", "code", "The scale; empty: not about one."),
    Column("component", "code", "Bordin's component; empty for others."),
    Column("unit", "code", "`sum` or `mean`: of value and threshold."),
    *_RATER,
    Column("instrument", "code", "The questionnaire."),
    Column("form", "code", "The form of the instrument."),
    Column("language", "code", "The language that it was filled in."),
    Column("response_id", "id", "The rating that it was raised at."),
    Column("other_response_id", "id", "The other side's rating, where it rests on both."),
    Column("mark_id", "id", "The mark that it was raised by."),
    Column("value", "number", "What was found; empty where withheld.", "points"),
    Column("threshold", "number", "What it was compared with; empty where withheld.", "points"),
    Column("parameters", "json", "The parameters of the rule; empty where withheld."),
    Column("parameter_source", "code", "Where the parameters come from."),
    Column("audience", "code", "The kinds of readers who may see it, with spaces between."),
    Column("state", "code", "Where it stands when the row is read."),
    Column("opened_at", "instant", "When it was raised."),
    Column("superseded_by", "json", "What it was superseded by."),
    *_WITHHELD,
)
ALLIANCES: Final = (
    RECORD,
    Column("id", "id", "The alliance."),
    Column("source", "text", "The system that its identifiers come from."),
    Column("external_id", "text", "Your own id of it."),
    Column("case_ref", "text", "Your case; it may hold many alliances."),
    Column("client_ref", "text", "The client, if there is exactly one."),
    Column("professional_ref", "text", "The professional, if there is exactly one."),
    Column("members", "json", "Every member, as role and ref."),
    Column("setting", "code", "The field of work, now."),
    Column("program_ref", "text", "The programme, now."),
    Column("started_on", "date", "When it began."),
    Column("ended_on", "date", "When it ended."),
    Column("end_reason", "code", "Why it ended."),
    Column("continues", "id", "The alliance that it goes on with."),
    Column("created_at", "instant", "When the service stored it."),
)
OF_KIND: Final[dict[Kind, tuple[Column, ...]]] = {
    "responses": RESPONSES,
    "scores": SCORES,
    "signals": SIGNALS,
    "alliances": ALLIANCES,
}
