"""The course of an alliance over HTTP."""

from dataclasses import replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query

from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import with_own
from app.measurement.rules import PUBLISHED
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope
from app.trends import service
from app.trends.asking import WindowAsked
from app.trends.schemas import TrendOut

ONE_RULE: Final = f"({'|'.join(PUBLISHED)})"
router = APIRouter(prefix="/v1/alliances", tags=["Trends"], route_class=StrictJsonRoute)


@router.get("/{alliance_id}/trend", operation_id="get_trend", responses=problems(404))
async def get_trend(
    alliance_id: UUID,
    caller: Annotated[Caller, caller_with(Scope.TRENDS_READ)],
    catalogue: CatalogueInUse,
    window: WindowAsked,
    rules: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=f"^{ONE_RULE}(,{ONE_RULE})*$",
            description="Published rules to compare with, by name, with commas between.",
        ),
    ] = None,
) -> TrendOut:
    """How an alliance went, rating by rating, in the order of its occasions.

    One stream for each rater, form, language and scale; they are never joined or averaged.
    Client and professional of one occasion stand side by side in `dyad`. Levels, slopes and drops
    are taken from the whole stream, as far as this reader may see it, whatever `from` and `to`.
    """
    window = replace(window, rules=rules or "")
    async with caller.transaction() as transaction:
        read = await service.read(transaction, caller, alliance_id, window)
        catalogue = await with_own(transaction, catalogue, read.instruments)
    return service.trend(read, catalogue, caller, window)  # without a connection
