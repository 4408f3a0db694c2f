"""A tenant's own instruments over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.database import Row, Transaction
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.own_instruments import service
from app.own_instruments.schemas import (
    DraftIn,
    OwnInstrumentOut,
    PreviewIn,
    PreviewOut,
    PublicationIn,
)
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/instruments", tags=["Instruments"], route_class=StrictJsonRoute)
Writer = Annotated[Caller, caller_with(Scope.INSTRUMENTS_WRITE)]
KEPT = {"model": OwnInstrumentOut, "description": "The draft was replaced, or nothing is new."}


@router.post(
    "",
    status_code=201,
    operation_id="draft_instrument",
    responses=problems(409) | {200: KEPT},
)
async def draft_instrument(body: DraftIn, response: Response, caller: Writer) -> OwnInstrumentOut:
    """Keep a revision of an instrument of your own as a draft.

    It is checked as the shipped ones are, its test vectors are run, and mistakes in the key that
    they would not tell are named. A draft may be sent again, changed; it scores nothing that is
    stored until it is published.
    """
    definition = await service.judged(body.definition)

    async def work(transaction: Transaction) -> tuple[Row, bool]:
        return await service.draft(transaction, caller, definition)

    row, new = await caller.attempt(work)
    response.status_code = 201 if new else 200
    if new:
        response.headers["Location"] = f"/v1/instruments/{row['instrument']}"
    return await service.shown(row)


@router.post(":preview", operation_id="preview_instrument", responses=problems())
async def preview_instrument(body: PreviewIn, _: Writer) -> PreviewOut:
    """Judge a definition, and score forms with it by way of trial. Nothing is stored."""
    return await service.preview(body)


@router.post(
    "/{instrument}/publish", operation_id="publish_instrument", responses=problems(404, 409)
)
async def publish_instrument(
    instrument: Annotated[str, Path(max_length=80, examples=["x-four-questions"])],
    body: PublicationIn,
    caller: Writer,
) -> OwnInstrumentOut:
    """Publish a draft: from then on it can be answered and scored, and never changes.

    Publishing it again changes nothing.
    """

    async def work(transaction: Transaction) -> Row:
        return await service.publish(transaction, caller, instrument, body)

    return await service.shown(await caller.attempt(work))
