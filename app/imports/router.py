"""Imports over HTTP."""

from operator import itemgetter
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.database import Row, Transaction
from app.edge.json_body import LIMIT_EXTENSION, StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Ref, Source
from app.edge.tables import MEDIA_TYPES, TableResponse, begun
from app.errors import UnsupportedMediaType
from app.imports import service
from app.imports.defaults import RowDefaults
from app.imports.receiving import MAX_IMPORT_BYTES, File, receive
from app.imports.results import Result, refuse_gone, refuse_under_way, unprocessed, verdicts
from app.imports.schemas import FORMATS, Format, ImportDictionaryOut, ImportOut
from app.imports.template import (
    Separator,
    dictionary,
    dictionary_csv,
    form_named,
    template,
)
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import catalogue_for
from app.instruments.schemas import FormId, InstrumentId, Revision
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/imports", tags=["Imports"], route_class=StrictJsonRoute)
Reader = Annotated[Caller, caller_with(Scope.IMPORTS_READ)]
Writer = Annotated[Caller, caller_with(Scope.IMPORTS_WRITE)]
UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The file, in UTF-8, sent as it is read. NDJSON: a submission or a "
        "withdrawal on each line, as in a batch. CSV: a header and a row for each record.",
        "content": {
            media_type: {"schema": {"type": "string"}}
            for media_type in ("application/x-ndjson", "text/csv")
        },
    },
    LIMIT_EXTENSION: MAX_IMPORT_BYTES,
}
_TEXT: Final = {"schema": {"type": "string"}}
CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPES["csv"]: _TEXT}}}
TABLES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One row a line, in the order of the file.",
        "content": {MEDIA_TYPES["csv"]: _TEXT, MEDIA_TYPES["ndjson"]: _TEXT},
    }
}
TableFormat = Annotated[Literal["csv", "ndjson"], Query(description="`csv` or `ndjson`.")]
REPEATED: Final = {
    "model": ImportOut,
    "description": "The same file came before, under the same `external_id`.",
    "headers": {
        "Idempotent-Replayed": {"schema": {"type": "string"}, "description": "Always `true`."}
    },
}
CANCEL_WAITS: Final = 4000
"""Milliseconds: the chunk that is being worked off ends first."""


@router.post(
    "",
    status_code=202,
    operation_id="create_import",
    responses=problems(400, 408, 409, 413, 415) | {200: REPEATED},
    openapi_extra=UPLOAD,
)
async def create_import(
    request: Request,
    response: Response,
    caller: Writer,
    defaults: RowDefaults,
    source: Annotated[
        Source, Query(description="Of the file's external_id, and of rows that name none.")
    ] = "default",
    external_id: Annotated[
        Ref | None,
        Query(description="Your own id of the file: sending it again under it is harmless."),
    ] = None,
) -> ImportOut:
    """Take in a file of up to a million filled-in forms; the worker works it off.

    202: all of it is stored, and each row is judged by itself as an item of a batch would be, in
    the order of the file. An upload that is cut off is never worked off: send it again. So is any
    file: rows that are stored are replayed.
    """
    file = File(_format_of(request), source, external_id, defaults)
    row, replayed = await receive(caller, file, request.stream())
    if replayed:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/v1/imports/{row['id']}"
    return service.import_out(row)


def _format_of(request: Request) -> Format:
    """What the body is. Raises UnsupportedMediaType."""
    content_type = request.headers.get("content-type", "")
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type not in FORMATS:
        detail = "Send the file as Content-Type: application/x-ndjson or text/csv."
        raise UnsupportedMediaType(detail)
    for given in parameters:
        if given.startswith("charset=") and given[8:].strip('"') not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType("Send the file in UTF-8.")
    return FORMATS[media_type]


@router.get("", operation_id="list_imports", responses=problems(400))
async def list_imports(
    caller: Reader,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[ImportOut]:
    """The imports that this caller has sent, oldest first; incomplete ones too."""
    listing = Listing("imports", service.sender(caller), limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.page(transaction, caller, listing.after_id(), listing.one_more)
    return listing.page(found, itemgetter("id"), service.import_out)


@router.get(
    "/template",
    operation_id="get_import_template",
    response_class=TableResponse,
    responses=problems() | CSV,
)
async def get_import_template(
    caller: Reader,
    catalogue: CatalogueInUse,
    instrument: Annotated[InstrumentId, Query(description="As in `GET /v1/instruments`.")],
    form: Annotated[FormId, Query(description="Of the instrument.")],
    instrument_revision: Annotated[Revision | None, Query(description="Absent: newest.")] = None,
    separator: Annotated[
        Separator, Query(description="`comma`, `semicolon` or `tab`; any of them is taken.")
    ] = "comma",
    totals: Annotated[bool, Query(description="Totals of an older system, not answers.")] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """The header of a CSV file for one form, to be filled in. Columns that are not needed may go.

    `GET /v1/imports/dictionary` says what each column means.
    """
    catalogue = await catalogue_for(caller, catalogue, [instrument])
    chosen = form_named(catalogue, instrument, instrument_revision, form)
    content = template(chosen, separator, totals=totals)
    return Response(content, media_type=MEDIA_TYPES["csv"])


@router.get(
    "/dictionary",
    operation_id="get_import_dictionary",
    responses=problems() | CSV,
    response_model=ImportDictionaryOut,
)
async def get_import_dictionary(
    caller: Reader,
    catalogue: CatalogueInUse,
    instrument: Annotated[InstrumentId, Query(description="As in `GET /v1/instruments`.")],
    form: Annotated[FormId, Query(description="Of the instrument.")],
    instrument_revision: Annotated[Revision | None, Query(description="Absent: newest.")] = None,
    format: Annotated[Literal["json", "csv"], Query(description="`json` or `csv`.")] = "json",  # noqa: A002 - its name in the contract
) -> ImportDictionaryOut | Response:
    """What each column of a CSV file means for one form: type, range, and the field it fills."""
    catalogue = await catalogue_for(caller, catalogue, [instrument])
    found = dictionary(form_named(catalogue, instrument, instrument_revision, form))
    if format == "csv":
        return Response(dictionary_csv(found), media_type=MEDIA_TYPES["csv"])
    return found


@router.get("/{import_id}", operation_id="get_import", responses=problems(404))
async def get_import(import_id: UUID, caller: Reader) -> ImportOut:
    """How an import stands, and how far it has come."""
    async with caller.transaction() as transaction:
        row = await service.get(transaction, caller, import_id)
    return service.import_out(row)


@router.post("/{import_id}/cancel", operation_id="cancel_import", responses=problems(404))
async def cancel_import(import_id: UUID, caller: Writer) -> ImportOut:
    """Work no more of it off. What is stored stays; one that has ended stays as it is."""

    async def work(transaction: Transaction) -> Row:
        return await service.cancel(transaction, caller, import_id)

    return service.import_out(await caller.attempt(work, CANCEL_WAITS))


@router.get(
    "/{import_id}/succeeded",
    operation_id="download_succeeded",
    response_class=TableResponse,
    responses=problems(404, 409) | TABLES,
)
async def download_succeeded(
    import_id: UUID,
    caller: Reader,
    format: TableFormat = "ndjson",  # noqa: A002 - its name in the contract
) -> Response:
    """The rows whose record is stored: line, your id, what it came to, our id.

    409 when they are gone, seven days after the import ended.
    """
    return await _verdicts(caller, import_id, "succeeded", format)


@router.get(
    "/{import_id}/failed",
    operation_id="download_failed",
    response_class=TableResponse,
    responses=problems(404, 409) | TABLES,
)
async def download_failed(
    import_id: UUID,
    caller: Reader,
    format: TableFormat = "ndjson",  # noqa: A002 - its name in the contract
) -> Response:
    """The rows that were refused: line, code, pointer and what to do, and the row as it came.

    Mend them, and send them as a file of their own or with all the others. 409 when they are gone,
    seven days after the import ended.
    """
    return await _verdicts(caller, import_id, "failed", format)


@router.get(
    "/{import_id}/unprocessed",
    operation_id="download_unprocessed",
    response_class=TableResponse,
    responses=problems(404, 409) | TABLES,
)
async def download_unprocessed(import_id: UUID, caller: Reader) -> Response:
    """The rows without a verdict, as they came, once the import has ended: a file to send again.

    Of one that was worked off to its end there are none.
    """
    async with caller.transaction() as transaction:
        row = await service.get(transaction, caller, import_id)
    refuse_gone(caller, row)
    refuse_under_way(row)
    return TableResponse(await begun(unprocessed(caller, row)), "unprocessed", row["format"])


async def _verdicts(
    caller: Caller, import_id: UUID, which: Result, as_format: Literal["csv", "ndjson"]
) -> Response:
    async with caller.transaction() as transaction:
        row = await service.get(transaction, caller, import_id)
    refuse_gone(caller, row)
    content = await begun(verdicts(caller, row, which, as_csv=as_format == "csv"))
    return TableResponse(content, which, as_format)
