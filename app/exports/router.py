"""Exports over HTTP."""

from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.database import Row, Transaction
from app.edge.idempotency_key import IdempotencyKey, read_idempotency_key
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.tables import MEDIA_TYPES, TableResponse, begun
from app.exports import service
from app.exports.answers import FETCHED, STREAMED
from app.exports.columns import Kind
from app.exports.dictionary import dictionary_csv, dictionary_of
from app.exports.filters import FormFilters, StoredFilters, VersionFilter
from app.exports.schemas import DictionaryOut, ExportOut, ExportRequest
from app.exports.streams import stream
from app.idempotency.service import claim_of, once
from app.instruments.definitions import Catalogue
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import catalogue_for
from app.instruments.schemas import FormId, InstrumentId
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/exports", tags=["Exports"], route_class=StrictJsonRoute)
Reader = Annotated[Caller, caller_with(Scope.EXPORTS_READ)]
Writer = Annotated[Caller, caller_with(Scope.EXPORTS_WRITE)]
CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPES["csv"]: {"schema": {"type": "string"}}}}
}


@router.get(
    "/responses",
    operation_id="export_responses",
    response_class=TableResponse,
    responses=problems() | STREAMED,
)
async def export_responses(
    caller: Reader,
    catalogue: CatalogueInUse,
    stored: StoredFilters,
    of_forms: FormFilters,
    versions: VersionFilter,
) -> Response:
    """Responses, a row each, sent while they are read; with `form` a column for each item.

    What the rater was not told this caller would see is left out, and `withheld` says so. For much,
    use `POST /v1/exports`.
    """
    return await _streamed(caller, catalogue, "responses", stored | of_forms | versions)


@router.get(
    "/scores",
    operation_id="export_scores",
    response_class=TableResponse,
    responses=problems() | STREAMED,
)
async def export_scores(
    caller: Reader,
    catalogue: CatalogueInUse,
    stored: StoredFilters,
    of_forms: FormFilters,
    versions: VersionFilter,
) -> Response:
    """Scores as they were first answered, a row for each scale of each response."""
    return await _streamed(caller, catalogue, "scores", stored | of_forms | versions)


@router.get(
    "/signals",
    operation_id="export_signals",
    response_class=TableResponse,
    responses=problems() | STREAMED,
)
async def export_signals(
    caller: Reader, catalogue: CatalogueInUse, stored: StoredFilters, of_forms: FormFilters
) -> Response:
    """Signals that this caller may see, a row each; none is no all-clear."""
    return await _streamed(caller, catalogue, "signals", stored | of_forms)


@router.get(
    "/alliances",
    operation_id="export_alliances",
    response_class=TableResponse,
    responses=problems() | STREAMED,
)
async def export_alliances(
    caller: Reader, catalogue: CatalogueInUse, stored: StoredFilters
) -> Response:
    """Alliances as they stand now, a row each."""
    return await _streamed(caller, catalogue, "alliances", stored)


async def _streamed(
    caller: Caller, catalogue: Catalogue, kind: Kind, filters: dict[str, Any]
) -> Response:
    # Each field was read and checked where the route names it.
    request = ExportRequest.model_construct(kind=kind, **filters)
    catalogue = await catalogue_for(caller, catalogue, [request.instrument])
    wanted = service.streamed(caller, catalogue, request)
    content = await begun(stream(caller.database, caller.tenant_id, wanted))
    return TableResponse(content, kind, wanted.request.format)


@router.get(
    "/dictionary",
    operation_id="get_export_dictionary",
    responses=problems() | CSV,
    response_model=DictionaryOut,
)
async def get_export_dictionary(
    caller: Reader,
    catalogue: CatalogueInUse,
    kind: Annotated[Kind, Query(description="Which export.")],
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[FormId | None, Query(description="Of the instrument.")] = None,
    format: Annotated[Literal["json", "csv"], Query(description="`json` or `csv`.")] = "json",  # noqa: A002 - its name in the contract
) -> DictionaryOut | Response:
    """What the columns of an export mean: type, unit, range, and the definition they come from."""
    catalogue = await catalogue_for(caller, catalogue, [instrument])
    dictionary = dictionary_of(catalogue, kind, instrument, form)
    if format == "csv":
        return Response(dictionary_csv(dictionary), media_type=MEDIA_TYPES["csv"])
    return dictionary


@router.post(
    "",
    status_code=202,
    operation_id="create_export",
    responses=problems(404, 409)
    | {
        200: {
            "model": ExportOut,
            "description": "Asked for before, under the same Idempotency-Key.",
            "headers": {
                "Idempotent-Replayed": {
                    "schema": {"type": "string"},
                    "description": "Always `true`.",
                }
            },
        }
    },
)
async def create_export(
    body: ExportRequest,
    response: Response,
    caller: Writer,
    catalogue: CatalogueInUse,
    idempotency_key: IdempotencyKey = None,
) -> ExportOut:
    """Have a file made by the worker, of everything that is stored by now.

    Look at `GET /v1/exports/{export_id}` until it is `ready`, then fetch it. It is made for this
    caller, and for nobody who may see less.
    """
    key = read_idempotency_key(idempotency_key)
    claim = claim_of(key, caller.key.key_id, "create_export", body)

    async def work(transaction: Transaction) -> tuple[Row, bool]:
        made = partial(service.create, transaction, caller, catalogue, body)
        again = partial(_again, caller)
        return await once(transaction, claim, caller.clock(), made, again)

    row, replayed = await caller.attempt(work)
    if replayed:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/v1/exports/{row['id']}"
    return service.export_out(row)


async def _again(caller: Caller, transaction: Transaction, export_id: UUID) -> Row:
    return await service.get(transaction, caller, export_id)


@router.get("/{export_id}", operation_id="get_export", responses=problems(404))
async def get_export(export_id: UUID, caller: Reader) -> ExportOut:
    """How an export stands, and how far it has come."""
    async with caller.transaction() as transaction:
        row = await service.get(transaction, caller, export_id)
    return service.export_out(row)


@router.get(
    "/{export_id}/download",
    operation_id="download_export",
    response_class=TableResponse,
    responses=problems(404, 409) | FETCHED,
)
async def download_export(export_id: UUID, caller: Reader) -> Response:
    """The file, until it expires.

    409 when there is none, or when a rater has since been told of fewer readers: then make the
    export anew.
    """
    async with caller.transaction() as transaction:
        row = await service.fetchable(transaction, caller, export_id)
    content = await begun(service.file_of(caller, row))
    request = row["request"]
    return TableResponse(content, request["kind"], request["format"], service.length_of(row))


@router.post("/{export_id}/cancel", operation_id="cancel_export", responses=problems(404))
async def cancel_export(export_id: UUID, caller: Writer) -> ExportOut:
    """Stop making an export, or remove its file before it expires. One that has ended stays so."""

    async def work(transaction: Transaction) -> Row:
        return await service.cancel(transaction, caller, export_id)

    return service.export_out(await caller.attempt(work))
