"""What the columns of a CSV file mean: the same words as in a submission, and as in exports."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from app.instruments.service import ChosenForm

Kind = Literal["text", "code", "integer", "number", "boolean", "date", "instant", "words", "answer"]
"""text: the caller's words; code: the service's; words: several codes with spaces between."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, and the field of a submission that it fills."""

    name: str
    kind: Kind
    path: tuple[str, ...]
    meaning: str
    low: float | None = None
    high: float | None = None
    """Lowest and highest value; None: there is none that is fixed."""

    @property
    def pointer(self) -> str:
        """The field as a JSON pointer."""
        return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in self.path)


ITEM: Final = re.compile(r"item_(.{1,20})")
REPORTED: Final = re.compile(r"reported_(.{1,60})_(sum|mean)")
FIXED: Final = (
    Column("external_id", "text", ("external_id",), "Your own id of the record. Needed."),
    Column("external_version", "integer", ("external_version",), "Your version; empty: 1.", 1),
    Column("source", "text", ("source",), "The system that identifiers come from."),
    Column("amendment_reason", "text", ("amendment_reason",), "Why a version replaces another."),
    Column("void_reason", "text", ("void", "reason"), "Why the record is withdrawn: it then is."),
    Column("alliance_id", "code", ("alliance", "id"), "The service's id of the alliance, alone."),
    Column("alliance_external_id", "text", ("alliance", "external_id"), "Your id of it."),
    Column("case_ref", "text", ("alliance", "case_ref"), "Your case."),
    Column("client_ref", "text", ("alliance", "client_ref"), "The client of a pair."),
    Column("professional_ref", "text", ("alliance", "professional_ref"), "The professional of it."),
    Column("setting", "code", ("alliance", "setting"), "The field of work."),
    Column("program_ref", "text", ("alliance", "program_ref"), "The programme."),
    Column("started_on", "date", ("alliance", "started_on"), "When the alliance began."),
    Column("ended_on", "date", ("alliance", "ended_on"), "When it ended."),
    Column("end_reason", "code", ("alliance", "end_reason"), "Why it ended."),
    Column("instrument", "code", ("instrument",), "The questionnaire."),
    Column("instrument_revision", "code", ("instrument_revision",), "Empty: the newest."),
    Column("form", "code", ("form",), "Empty: named after the rater's role."),
    Column("language", "code", ("language",), "The language that was filled in."),
    Column("rater_role", "code", ("rater", "role"), "The role of who answered."),
    Column("rater_ref", "text", ("rater", "ref"), "Who answered; in a pair it may be empty."),
    Column("about_ref", "text", ("about_ref",), "Whom it is about; in a pair it may be empty."),
    Column("proxy_ref", "text", ("assistance", "proxy_ref"), "Who answered in the rater's place."),
    Column("interpreter", "boolean", ("assistance", "interpreter"), "Empty: not known."),
    Column(
        "professional_present", "boolean", ("assistance", "professional_present"), "Empty: unknown."
    ),
    Column("session_ref", "text", ("occasion", "session_ref"), "Your own id of the meeting."),
    Column("session_number", "integer", ("occasion", "session_number"), "Its number.", 0),
    Column("occurred_at", "instant", ("occasion", "occurred_at"), "When it took place."),
    Column("occurred_on", "date", ("occasion", "occurred_on"), "The day, without a time."),
    Column("completed_at", "instant", ("completed_at",), "When it was filled in."),
    Column("completed_on", "date", ("completed_on",), "The day, where the time is not known."),
    Column("mode", "code", ("mode",), "How it was filled in."),
    Column("text_sha256", "code", ("text_sha256",), "Of the wording that the rater was shown."),
    Column("notice_ref", "text", ("notice", "ref"), "Your id of what the rater was told."),
    Column("notice_audience", "words", ("notice", "audience"), "Readers the rater was told of."),
    Column("notice_level", "code", ("notice", "level"), "What they were told would be shown."),
    Column("backfill", "boolean", ("backfill",), "Whether it is history."),
)
"""Their order is that of a template. Names never change within `/v1`."""
_BY_NAME: Final = {column.name: column for column in FIXED}


def column_named(name: str) -> Column | None:
    """The column of this name; None: there is none. Whether a form has the item is not asked.

    >>> column_named("item_7").pointer, column_named("reported_bond_mean").pointer
    ('/answers/7', '/reported_scores/bond/mean')
    """
    if (known := _BY_NAME.get(name)) is not None:
        return known
    if item := ITEM.fullmatch(name):
        return Column(name, "answer", ("answers", item[1]), "")
    if reported := REPORTED.fullmatch(name):
        return Column(name, "number", ("reported_scores", reported[1], reported[2]), "")
    return None


def columns_of(chosen: ChosenForm) -> Iterable[Column]:
    """Every column that a file with answers or totals of this form may have, in order."""
    key = chosen.form.key
    low, high = float(key.low), float(key.high)
    yield from FIXED
    for item in key.items:
        turned = "; reversed when it is scored" if item in key.reversed else ""
        whole = "A whole number" if key.kind == "likert" else "A number"
        meaning = (
            f"{whole}, or `declined`, `not_applicable`, `not_understood`; empty: skipped{turned}."
        )
        yield Column(f"item_{item}", "answer", ("answers", item), meaning, low, high)
    for scale in key.scales:
        for unit in ("sum", "mean"):
            path = ("reported_scores", scale.id, unit)
            meaning = f"The {unit} that an older system reported, instead of answers."
            yield Column(f"reported_{scale.id}_{unit}", "number", path, meaning)
