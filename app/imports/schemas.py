"""What travels about imports."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

Format = Literal["ndjson", "csv"]
FORMATS: Final[dict[str, Format]] = {
    "application/x-ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
}
"""The media types of a file, and what they are."""


class ImportOut(BaseModel):
    """A file that came in, and how far it is worked off."""

    id: UUID
    source: str
    external_id: str | None = Field(description="Your own id of the file.")
    format: str = Field(description="`ndjson` or `csv`.")
    defaults: dict[str, object] = Field(description="What holds for rows that do not say it.")
    state: str = Field(
        description="`incomplete`: not all of it has come, and nothing of it is worked off; "
        "`queued`, `running`, `done`, `cancelled`; `failed`: it was given up; `expired`: it never "
        "came whole and is gone."
    )
    failure: str | None = Field(
        description="Why it was given up: `key_revoked`, or `interrupted` again and again."
    )
    bytes: int = Field(description="That have come.")
    rows: int = Field(description="That have come; a blank line is none.")
    done: int = Field(description="Rows with a verdict: those that succeeded or failed.")
    succeeded: int = Field(description="Rows whose record is stored: now, or before (a replay).")
    failed: int = Field(description="Rows that were refused; each says why.")
    progress: float = Field(description="Share of the rows that are done, from 0 to 1.")
    created_at: datetime
    uploaded_at: datetime | None = Field(description="When all of it had come.")
    finished_at: datetime | None
    expires_at: datetime | None = Field(
        description="When what can be fetched of it goes; null until it has ended."
    )


class ImportColumnOut(BaseModel):
    """One column of a CSV file."""

    name: str
    type: str = Field(
        description="`text` (your words), `code` (ours), `words` (codes with spaces between), "
        "`integer`, `number`, `boolean` (`true`, `false`), `date`, `instant` or `answer`."
    )
    field: str = Field(description="What it fills of a submission, as a JSON pointer.")
    low: float | None = Field(description="Lowest value; null: none that is fixed.")
    high: float | None = Field(description="Highest value; null: none that is fixed.")
    meaning: str


class ImportDictionaryOut(BaseModel):
    """What the columns of a CSV file for one form mean, in the order of its template."""

    instrument: str
    instrument_revision: str
    form: str
    columns: list[ImportColumnOut]
