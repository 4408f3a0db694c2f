"""The instrument catalogue and stateless scoring over HTTP."""

from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import ValidationError

from app.edge.json_body import LIMIT_EXTENSION, MAX_BATCH_BYTES, StrictJsonRoute
from app.edge.problem_documents import model_problem, problem_document, problems
from app.errors import Problem
from app.instruments import service
from app.instruments.definitions import Catalogue
from app.instruments.dependency import CatalogueInUse
from app.instruments.describing import instrument_out
from app.instruments.own import catalogue_for, is_own
from app.instruments.schemas import (
    BatchVerdict,
    InstrumentOut,
    InstrumentSummary,
    Revision,
    ScoreBatchOut,
    ScoreBatchRequest,
    ScoreRequest,
    ScoresOut,
)
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1", route_class=StrictJsonRoute)
Reader = Annotated[Caller, caller_with(Scope.INSTRUMENTS_READ)]
Scorer = Annotated[Caller, caller_with(Scope.SCORES_COMPUTE)]


@router.get(
    "/instruments",
    operation_id="list_instruments",
    tags=["Instruments"],
    responses=problems(400),
)
async def list_instruments(
    caller: Reader,
    catalogue: CatalogueInUse,
    availability: Annotated[
        str | None, Query(pattern="^(scorable|pending)$", description="scorable or pending.")
    ] = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[InstrumentSummary]:
    """The catalogue, by id: what can be scored, what is still pending, and what is your own."""
    listing = Listing(
        "instruments", {"availability": availability}, limit, cursor, caller.tenant_id
    )
    after = listing.after or ""
    async with caller.transaction() as transaction:
        own = await service.own_summaries(transaction, availability, after, listing.one_more)
    shipped = service.summaries(catalogue, availability, after)
    found = sorted([*shipped, *own], key=attrgetter("instrument"))
    return listing.page(found, attrgetter("instrument"), lambda summary: summary)


@router.get(
    "/instruments/{instrument}",
    operation_id="get_instrument",
    tags=["Instruments"],
    responses=problems(404),
)
async def get_instrument(
    instrument: Annotated[str, Path(max_length=80, examples=["wai-sr-2006"])],
    caller: Reader,
    catalogue: CatalogueInUse,
    revision: Annotated[Revision | None, Query()] = None,
) -> InstrumentOut:
    """One instrument: items, key, scales, rules, cuts, evidence and rights, without wording.

    Of your own without `revision`: the newest published one, else the newest draft.
    """
    if is_own(instrument):
        async with caller.transaction() as transaction:
            return await service.own_instrument(transaction, instrument, revision)
    return instrument_out(catalogue, catalogue.definition(instrument, revision))


@router.post(
    "/scores",
    operation_id="compute_scores",
    tags=["Scores"],
    responses=problems(),
)
async def compute_scores(
    body: ScoreRequest, caller: Scorer, catalogue: CatalogueInUse
) -> ScoresOut:
    """Score one filled-in form. Nothing is stored."""
    catalogue = await catalogue_for(caller, catalogue, [body.instrument])
    return _scored(catalogue, body)


@router.post(
    "/scores:batch",
    status_code=207,
    operation_id="compute_scores_batch",
    tags=["Scores"],
    responses=problems(),
    openapi_extra={LIMIT_EXTENSION: MAX_BATCH_BYTES},
)
async def compute_scores_batch(
    body: ScoreBatchRequest, caller: Scorer, catalogue: CatalogueInUse, request: Request
) -> ScoreBatchOut:
    """Score up to 500 filled-in forms, each judged by itself. Nothing is stored."""
    request_id: str = request.state.request_id
    named = [item.get("instrument") for item in body.items if isinstance(item, dict)]
    catalogue = await catalogue_for(caller, catalogue, named)
    return ScoreBatchOut(
        items=[
            _verdict(catalogue, index, item, request_id) for index, item in enumerate(body.items)
        ]
    )


def _scored(catalogue: Catalogue, body: ScoreRequest) -> ScoresOut:
    role = body.rater.role if body.rater else None
    chosen = service.chosen_form(
        catalogue, body.instrument, body.instrument_revision, body.form, role
    )
    return service.score(chosen, body.answers)


def _verdict(catalogue: Catalogue, index: int, item: Any, request_id: str) -> BatchVerdict:  # noqa: ANN401 - any JSON
    try:
        result = _scored(catalogue, ScoreRequest.model_validate(item))
    except ValidationError as error:
        problem = model_problem(error)
    except Problem as refused:
        problem = refused
    else:
        return BatchVerdict(index=index, status=200, result=result)
    document = problem_document(problem, request_id)
    return BatchVerdict(index=index, status=problem.status, problem=document)
