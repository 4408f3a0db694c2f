"""Responses over HTTP."""

from operator import itemgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.edge.idempotency_key import IdempotencyKey, refuse_idempotency_key
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Ref
from app.instruments.dependency import CatalogueInUse
from app.instruments.schemas import FormId, InstrumentId
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.responses import service
from app.responses.filled_form import filled_form
from app.responses.rendering import response_record, submission_answer
from app.responses.schemas import ResponseOut, ResponseRecord, Submission
from app.tenants.authentication import Caller, caller_with
from app.tenants.service import Scope

router = APIRouter(prefix="/v1/responses", tags=["Responses"], route_class=StrictJsonRoute)
Writer = Annotated[Caller, caller_with(Scope.RESPONSES_WRITE)]
Reader = Annotated[Caller, caller_with(Scope.RESPONSES_READ)]
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
    operation_id="submit_response",
    responses=problems(404, 409) | {200: REPLAY},
)
async def submit_response(
    body: Submission,
    response: Response,
    caller: Writer,
    catalogue: CatalogueInUse,
    idempotency_key: IdempotencyKey = None,
) -> ResponseOut:
    """Validate, score and store one filled-in form.

    201: it is stored, durably, and these are its scores and its change against this rater's own
    past. Sending the same again under the same `external_id` is safe: 200 with the stored answer.
    """
    refuse_idempotency_key(idempotency_key, body.external_id)
    # Read first: a form that cannot be stored takes no connection.
    filled = filled_form(catalogue, body, caller.clock())
    async with caller.transaction() as transaction:
        record, replayed = await service.submit(transaction, caller, filled)
    if replayed:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    else:
        response.headers["Location"] = f"/v1/responses/{record['id']}"
    return submission_answer(record)


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
    listing = Listing("responses", given, limit, cursor)
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
