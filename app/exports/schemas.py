"""What travels about exports."""

from datetime import date, datetime
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.edge.scalars import Closed, Day, Instant, Ref
from app.exports.columns import Kind
from app.instruments.schemas import FormId, InstrumentId

Versions = Literal["current", "all"]
StreamFormat = Literal["csv", "ndjson"]
Format = Literal["csv", "ndjson", "parquet"]
EXAMPLE: Final[dict[str, Any]] = {
    "kind": "responses",
    "format": "csv",
    "instrument": "wai-sr-2006",
    "form": "client",
    "received_from": "2026-01-01T00:00:00+01:00",
    "received_to": "2026-07-01T00:00:00+02:00",
}


class ExportRequest(Closed):
    """Which records are wanted, and in which format."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    kind: Kind = Field(description="What a row is.")
    format: Format = Field(default="csv", description="`csv`, `ndjson` or `parquet`.")
    versions: Versions = Field(
        default="current",
        description="Of responses and scores: those that count, or amended and voided ones too.",
    )
    instrument: InstrumentId | None = Field(default=None, description="Not for alliances.")
    form: FormId | None = Field(
        default=None, description="Of the instrument; responses of one form have item columns."
    )
    program_ref: Ref | None = Field(
        default=None,
        description="The programme stamped on the response; of others the alliance's, now.",
    )
    received_from: Instant | None = Field(
        default=None, description="Stored then or later: received, opened or created."
    )
    received_to: Instant | None = Field(default=None, description="Stored before then.")
    occasion_from: Day | None = Field(
        default=None, description="First day of occasions; what has no day is left out."
    )
    occasion_to: Day | None = Field(default=None, description="Last day of occasions.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind in {"signals", "alliances"} and self.versions != "current":
            raise Mistake("not_for_this_kind", "Only responses and scores have versions.")
        of_forms = (self.instrument, self.form, self.occasion_from, self.occasion_to)
        if self.kind == "alliances" and any(one is not None for one in of_forms):
            raise Mistake("not_for_this_kind", "Alliances have no instrument, form or occasion.")
        return self


class ExportOut(BaseModel):
    """An export that is made, or was."""

    id: UUID
    kind: str
    format: str
    versions: str
    instrument: str | None
    form: str | None
    program_ref: str | None
    received_from: datetime | None
    received_to: datetime | None
    occasion_from: date | None
    occasion_to: date | None
    state: str = Field(
        description="`queued`, `running`, `ready`, `failed`, `cancelled` or `expired`."
    )
    rows: int = Field(description="Rows made so far.")
    bytes: int = Field(description="Bytes made so far, without the last line.")
    failure: str | None = Field(description="Why it failed.")
    as_of: datetime = Field(description="What was stored by then is in it.")
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When the file goes; null until it is ready.")


class ColumnOut(BaseModel):
    """One column of an export."""

    name: str
    type: str = Field(
        description="`text` (your words), `code` (ours), `id`, `integer`, `number`, `boolean`, "
        "`instant` (RFC 3339, UTC), `date` or `json`."
    )
    unit: str | None
    low: float | None = Field(description="Lowest value; null: none that is fixed.")
    high: float | None = Field(description="Highest value; null: none that is fixed.")
    meaning: str
    source: str | None = Field(
        description="Instrument, revision and form that it is made from; null: the service's own."
    )


class DictionaryOut(BaseModel):
    """What the columns of an export mean, in their order."""

    kind: str
    columns: list[ColumnOut]
