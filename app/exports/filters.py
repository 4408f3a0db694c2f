"""The filters of an export that is asked for in a query string."""

from typing import Annotated, Any

from fastapi import Depends, Query

from app.edge.scalars import Day, Instant, Ref
from app.exports.schemas import StreamFormat, Versions
from app.instruments.schemas import FormId, InstrumentId

Filters = dict[str, Any]


async def _stored(
    format: Annotated[StreamFormat, Query(description="`csv` or `ndjson`.")] = "csv",  # noqa: A002 - its name in the contract
    program_ref: Annotated[
        Ref | None,
        Query(description="The programme stamped on the response; of others the alliance's, now."),
    ] = None,
    received_from: Annotated[
        Instant | None, Query(description="Stored then or later: received, opened or created.")
    ] = None,
    received_to: Annotated[Instant | None, Query(description="Stored before then.")] = None,
) -> Filters:
    return {
        "format": format,
        "program_ref": program_ref,
        "received_from": received_from,
        "received_to": received_to,
    }


async def _of_forms(
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[
        FormId | None,
        Query(description="Of the instrument; responses of one form have item columns."),
    ] = None,
    occasion_from: Annotated[
        Day | None,
        Query(description="First day of occasions; what has no day is left out."),
    ] = None,
    occasion_to: Annotated[Day | None, Query(description="Last day of occasions.")] = None,
) -> Filters:
    return {
        "instrument": instrument,
        "form": form,
        "occasion_from": occasion_from,
        "occasion_to": occasion_to,
    }


async def _versions(
    versions: Annotated[
        Versions,
        Query(description="Those that count (`current`), or amended and voided ones too (`all`)."),
    ] = "current",
) -> Filters:
    return {"versions": versions}


StoredFilters = Annotated[Filters, Depends(_stored)]
FormFilters = Annotated[Filters, Depends(_of_forms)]
VersionFilter = Annotated[Filters, Depends(_versions)]
