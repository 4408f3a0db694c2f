"""Comparisons over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.alliances.schemas import Setting
from app.comparisons import service
from app.comparisons.schemas import By, ComparisonOut
from app.edge.entity_tags import UNCHANGED, IfNoneMatch, unless_known
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Language, Ref
from app.instruments.dependency import CatalogueInUse
from app.instruments.schemas import FormId, InstrumentId
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(
    prefix="/v1/program-comparisons", tags=["Programmes"], route_class=StrictJsonRoute
)
WhatIsCompared = Annotated[
    By, Query(description="`professional`: those of a programme; `program`: the programmes.")
]
ScaleId = Annotated[str, Query(max_length=60, description="Such as `bond` or `total`.")]


@router.get(
    "",
    operation_id="list_program_comparisons",
    responses={**problems(400), **UNCHANGED},
    response_model=Page[ComparisonOut],
)
async def list_program_comparisons(
    caller: Annotated[Caller, caller_with(Scope.PROGRAMS_READ)],
    catalogue: CatalogueInUse,
    response: Response,
    by: WhatIsCompared,
    program_ref: Annotated[Ref | None, Query(description="As stamped on responses.")] = None,
    setting: Annotated[Setting | None, Query(description="As stamped on responses.")] = None,
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[FormId | None, Query()] = None,
    language: Annotated[Language | None, Query(description="Of the forms.")] = None,
    scale: ScaleId | None = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
    if_none_match: IfNoneMatch = None,
) -> Page[ComparisonOut] | Response:
    """How professionals of a programme, or programmes, lie beside each other in the last year.

    Never ranked, and never sorted by a value. The figures are fixed once made, quarter by quarter;
    fewer than ten clients are never told of. Professionals are compared for a supervisor
    (`Rapport-Actor`) with a key that has `supervision:read`; a professional sees the own figures
    and the limits.
    """
    given = {
        "by": by, "program_ref": program_ref, "setting": setting, "instrument": instrument,
        "form": form, "language": language, "scale": scale,
    }  # fmt: skip
    listing = Listing("program_comparisons", given, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.page(transaction, caller, catalogue, by, listing)
    return unless_known(found, if_none_match, response)
