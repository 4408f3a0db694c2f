"""Imports over HTTP."""

from operator import itemgetter
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.database import Row, Transaction
from app.edge.json_body import LIMIT_EXTENSION, StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Ref, Source
from app.errors import UnsupportedMediaType
from app.imports import service
from app.imports.defaults import RowDefaults
from app.imports.receiving import MAX_IMPORT_BYTES, File, receive
from app.imports.schemas import FORMATS, Format, ImportOut
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
