"""Responses over HTTP."""

from collections.abc import Awaitable, Callable
from operator import itemgetter
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.database import Transaction
from app.edge.idempotency_key import IdempotencyKey, read_idempotency_key
from app.edge.json_body import LIMIT_EXTENSION, MAX_BATCH_BYTES, StrictJsonRoute
from app.edge.preferences import STRICT, Prefer, prefers_strict
from app.edge.problem_documents import problems
from app.edge.scalars import Ref
from app.idempotency.service import Claim, claim_of, once
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import catalogue_for
from app.instruments.schemas import FormId, InstrumentId
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.responses import service
from app.responses.answer_schemas import ResponseBatchOut, ResponseOut, ResponseRecord
from app.responses.batch_items import batch_answer, instruments_in, read_items
from app.responses.chain import Record
from app.responses.filled_form import filled_form
from app.responses.flights import Flights
from app.responses.rendering import response_record, submission_answer
from app.responses.schemas import Amendment, ResponseBatch, Submission, VoidRequest
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/responses", tags=["Responses"], route_class=StrictJsonRoute)
Writer = Annotated[Caller, caller_with(Scope.RESPONSES_WRITE)]
Reader = Annotated[Caller, caller_with(Scope.RESPONSES_READ)]


async def flights_of(request: Request) -> Flights:
    """The submissions of this process that are on their way."""
    flights: Flights = request.app.state.flights
    return flights


JUDGED: Final[dict[str, Any]] = {
    "model": ResponseBatchOut,
    "description": "A verdict for every item, in their order.",
    "headers": {
        "Preference-Applied": {
            "schema": {"type": "string"},
            "description": "`handling=strict`, where that was asked for.",
        }
    },
}
FlightsInUse = Annotated[Flights, Depends(flights_of)]
REPLAY = {
    "model": ResponseOut,
    "description": "Stored before; this is what was answered then.",
    "headers": {
        "Idempotent-Replayed": {"schema": {"type": "string"}, "description": "Always `true`."}
    },
}


@router.post(
    "",
    status_code=201,
    response_model=ResponseOut,
    operation_id="submit_response",
    responses=problems(404, 409) | {200: REPLAY},
)
async def submit_response(
    body: Submission,
    caller: Writer,
    catalogue: CatalogueInUse,
    flights: FlightsInUse,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Validate, score and store one filled-in form.

    201: it is stored, durably, and these are its scores and its change against this rater's own
    past. Sending the same again under the same `external_id` is safe: 200 with the stored answer.
    A higher `external_version` of a stored record amends it. `Idempotency-Key` makes a call safe
    that has no `external_id`.
    """
    key = read_idempotency_key(idempotency_key) if body.external_id is None else None
    # Read first: a form that cannot be stored takes no connection.
    catalogue = await catalogue_for(caller, catalogue, [body.instrument])
    change = service.recording(caller, body, filled_form(catalogue, body, caller.clock()))
    if key is None:
        record, replayed = await flights.submit(change)
        return _answer(record, replayed=replayed)
    claim = claim_of(key, caller.key.key_id, "submit_response", body)

    record, replayed = await _once(
        caller, claim, lambda transaction: service.submit(transaction, catalogue, change)
    )
    return _answer(record, replayed=replayed)


@router.post(
    "/{response_id}/amendments",
    status_code=201,
    response_model=ResponseOut,
    operation_id="amend_response",
    responses=problems(404, 409) | {200: REPLAY},
)
async def amend_response(
    response_id: UUID,
    body: Amendment,
    caller: Writer,
    catalogue: CatalogueInUse,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Put a new version in the place of the newest one; it may say anything else than that.

    Both stay readable, and the trend follows the new one. Of two amendments of one version the
    second is refused (409). An amendment of a voided version brings its record back.
    """
    key = read_idempotency_key(idempotency_key)
    claim = claim_of(key, caller.key.key_id, f"amend_response {response_id}", body)
    catalogue = await catalogue_for(caller, catalogue, [body.instrument])
    filled = filled_form(catalogue, body, caller.clock())

    record, replayed = await _once(
        caller,
        claim,
        lambda transaction: service.amend(
            transaction, caller, catalogue, response_id, body, filled
        ),
    )
    return _answer(record, replayed=replayed)


@router.post("/{response_id}/void", operation_id="void_response", responses=problems(404, 409))
async def void_response(
    response_id: UUID, body: VoidRequest, caller: Writer, catalogue: CatalogueInUse
) -> ResponseRecord:
    """Withdraw a record that never should have been; only the newest version can be.

    It stays readable, and the trend goes on without it. Withdrawing it again changes nothing; a
    higher version brings the record back.
    """

    async def work(transaction: Transaction) -> Record:
        return await service.void(transaction, caller, catalogue, response_id, body)

    may_read = Scope.RESPONSES_READ in caller.key.scopes
    return response_record(await caller.attempt(work), caller.actor, blind=not may_read)


@router.post(
    ":batch",
    status_code=207,
    operation_id="submit_response_batch",
    responses=problems() | {207: JUDGED},
    openapi_extra={LIMIT_EXTENSION: MAX_BATCH_BYTES},
)
async def submit_response_batch(
    body: ResponseBatch,
    request: Request,
    response: Response,
    caller: Writer,
    catalogue: CatalogueInUse,
    prefer: Prefer = None,
    dry_run: Annotated[bool, Query(description="Decide everything and store nothing.")] = False,  # noqa: FBT002 - a query parameter
) -> ResponseBatchOut:
    """Take up to 500 submissions, corrections and withdrawals, each judged by itself, in order.

    Sending a batch again is harmless: what was stored is replayed. With `Prefer: handling=strict`
    it is all or nothing: 422 says everything that is wrong with it.
    """
    strict = prefers_strict(prefer)
    if strict:
        response.headers["Preference-Applied"] = STRICT
    catalogue = await catalogue_for(caller, catalogue, instruments_in(body.items))
    items = await read_items(caller, catalogue, body.items)
    decisions = await service.submit_batch(caller, catalogue, items, strict=strict, dry_run=dry_run)
    request_id: str = request.state.request_id
    return batch_answer(body.items, decisions, request_id, dry_run=dry_run)


async def _once(
    caller: Caller,
    claim: Claim | None,
    work: Callable[[Transaction], Awaitable[tuple[Record, bool]]],
) -> tuple[Record, bool]:
    """What work gives in a transaction of the caller's, or what it gave with the same key."""

    async def attempt(transaction: Transaction) -> tuple[Record, bool]:
        now = caller.clock()
        return await once(transaction, claim, now, lambda: work(transaction), service.answered)

    return await caller.attempt(attempt)


def _answer(record: Record, *, replayed: bool) -> Response:
    headers = {"Location": f"/v1/responses/{record['id']}"}
    if replayed:
        headers = {"Idempotent-Replayed": "true"}
    status = 200 if replayed else 201
    return Response(submission_answer(record), status, headers, "application/json")


@router.get("", operation_id="list_responses", responses=problems(400))
async def list_responses(
    caller: Reader,
    external_id: Annotated[Ref | None, Query()] = None,
    source: Annotated[Ref | None, Query()] = None,
    alliance_id: Annotated[UUID | None, Query(description="The service's id.")] = None,
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[FormId | None, Query()] = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[ResponseRecord]:
    """Find responses, by your own identifiers or within an alliance, in the order of their ids."""
    given = {
        "external_id": external_id,
        "source": source,
        "alliance_id": alliance_id,
        "instrument": instrument,
        "form": form,
    }
    listing = Listing("responses", given, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.page(
            transaction, listing.filters, listing.after_id(), listing.one_more
        )
    return listing.page(found, itemgetter("id"), lambda row: response_record(row, caller.actor))


@router.get("/{response_id}", operation_id="get_response", responses=problems(404))
async def get_response(response_id: UUID, caller: Reader) -> ResponseRecord:
    """One stored response, as far as its rater was told that this reader would see it."""
    async with caller.transaction() as transaction:
        record = await service.get(transaction, response_id)
    return response_record(record, caller.actor)
