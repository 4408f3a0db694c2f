"""What the query string says for every row of a file that does not say it itself."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Query

from app.edge.scalars import Language
from app.instruments.schemas import FormId, InstrumentId, RaterRole, Revision
from app.responses.schemas import Mode

ROLE: Final = "rater_role"
_SAYS: Final = "For rows that do not say it."


async def _said(  # noqa: PLR0917 - FastAPI calls it by names
    instrument: Annotated[InstrumentId | None, Query(description=_SAYS)] = None,
    instrument_revision: Annotated[Revision | None, Query(description=_SAYS)] = None,
    form: Annotated[FormId | None, Query(description=_SAYS)] = None,
    language: Annotated[Language | None, Query(description=_SAYS)] = None,
    rater_role: Annotated[RaterRole | None, Query(description=_SAYS)] = None,
    mode: Annotated[Mode | None, Query(description=_SAYS)] = None,
    backfill: Annotated[bool, Query(description="Whether all of it is history.")] = False,  # noqa: FBT002 - a query parameter
) -> dict[str, Any]:
    said = {
        "instrument": instrument,
        "instrument_revision": instrument_revision,
        "form": form,
        "language": language,
        ROLE: rater_role,
        "mode": mode,
        "backfill": backfill or None,
    }
    return {name: value for name, value in said.items() if value is not None}


RowDefaults = Annotated[dict[str, Any], Depends(_said)]


def with_defaults(row: object, source: str, defaults: Mapping[str, Any]) -> object:
    """The row with what it does not say itself; what is no submission stays as it is.

    A withdrawal has no more than a source.
    """
    if not isinstance(row, dict):
        return row
    row = {"source": source} | row
    if "void" in row:
        return row
    role = {"rater": {"role": defaults[ROLE]}} if ROLE in defaults else {}
    rest = {name: value for name, value in defaults.items() if name != ROLE}
    return role | rest | row
