"""Caseloads over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.caseloads import service
from app.caseloads.asking import CaseloadAsked
from app.caseloads.schemas import CaseOut
from app.edge.entity_tags import UNCHANGED, IfNoneMatch, unless_known
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.instruments.dependency import CatalogueInUse
from app.pagination import Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/caseloads", tags=["Dashboards"], route_class=StrictJsonRoute)


@router.get(
    "",
    operation_id="list_caseload",
    response_model=Page[CaseOut],
    responses=problems(400) | UNCHANGED,
)
async def list_caseload(
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.CASELOADS_READ)],
    catalogue: CatalogueInUse,
    asked: CaseloadAsked,
    if_none_match: IfNoneMatch = None,
) -> Page[CaseOut] | Response:
    """The current alliances of a professional as they stand, those first that need to be looked at.

    By need: open signals of severity high, then alert; open drops; invitations left unanswered;
    signals of severity watch; then by how long ago the last rating was. All of it as far as this
    caller may see it.
    """
    listing = asked.listing(caller.tenant_id)
    found, _ = await service.shown(caller, catalogue, listing)
    return unless_known(found, if_none_match, response)
