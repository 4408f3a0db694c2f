"""Programmes over HTTP."""

from operator import itemgetter
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response

from app.alliances.schemas import Setting
from app.edge.entity_tags import names_current
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Day, Language, Ref
from app.instruments.dependency import CatalogueInUse
from app.instruments.schemas import FormId, InstrumentId
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing
from app.programs.reading import Asked, Window, etag_of, shown
from app.programs.schemas import SummaryPage
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/program-summaries", tags=["Programmes"], route_class=StrictJsonRoute)
OfPeriod = Annotated[
    Literal["week", "month", "quarter"],
    Query(
        description="Made of whole ISO weeks: a month holds those whose Thursday lies in it, a "
        "quarter its three months."
    ),
]
OfScale = Annotated[str, Query(max_length=60, description="Only this one.")]
From = Annotated[
    Day | None,
    Query(alias="from", description="A day of the first period; absent: twelve up to the last."),
]
To = Annotated[
    Day | None, Query(alias="to", description="A day of the last period; absent: today.")
]
IfNoneMatch = Annotated[
    str | None,
    Header(max_length=1000, description="ETags that you have: 304 where one still holds."),
]


@router.get(
    "",
    operation_id="list_program_summaries",
    responses={**problems(400), 304: {"description": "What you have still holds."}},
    response_model=SummaryPage,
)
async def list_program_summaries(
    caller: Annotated[Caller, caller_with(Scope.PROGRAMS_READ)],
    catalogue: CatalogueInUse,
    response: Response,
    program_ref: Annotated[Ref | None, Query(description="As stamped on responses.")] = None,
    setting: Annotated[Setting | None, Query(description="As stamped on responses.")] = None,
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[FormId | None, Query()] = None,
    language: Annotated[Language | None, Query()] = None,
    scale: OfScale | None = None,
    period: OfPeriod = "month",
    start: From = None,
    end: To = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
    if_none_match: IfNoneMatch = None,
) -> SummaryPage | Response:
    """How the ratings of a programme, or of all, went: level, spread, change, drops and coverage.

    Everything here is a sum of blocks. A block comes to be, and changes, only when ratings that
    were in none before come from at least ten clients of at least two professionals; so no series
    of questions tells of fewer. Instruments, their revisions, forms and languages are never pooled,
    nothing is ranked, and every figure stands beside its coverage.
    """
    asked = Asked(
        Window.of(period, start, end, caller.clock().date()),
        {"program_ref": program_ref, "setting": setting, "instrument": instrument,
         "form": form, "language": language, "scale": scale},
    )  # fmt: skip
    listing = Listing("program_summaries", asked.named, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await shown(transaction, catalogue, asked, caller.clock())
    items = listing.page(found.following(listing.after), itemgetter(0), itemgetter(1))
    page = found.rest.model_copy(update=dict(items))
    response.headers["ETag"] = etag_of(page)
    if if_none_match is not None and names_current(if_none_match, etag_of(page)):
        return Response(status_code=304, headers=dict(response.headers))
    return page
