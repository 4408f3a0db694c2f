"""Signal settings over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from app.database import Transaction
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import with_own
from app.signal_settings import service
from app.signal_settings.schemas import SignalSettingsIn, SignalSettingsOut
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/signal-settings", tags=["Signals"], route_class=StrictJsonRoute)


@router.get("", operation_id="get_signal_settings", responses=problems())
async def get_signal_settings(
    response: Response, caller: Annotated[Caller, caller_with(Scope.SETTINGS_READ)]
) -> SignalSettingsOut:
    """The alarm budget and parameters in force, and how many alerts there were lately."""
    async with caller.transaction() as transaction:
        settings = await service.current(transaction)
    response.headers["ETag"] = f'"{settings.version}"'
    return settings


@router.put("", operation_id="set_signal_settings", responses=problems(412, 428))
async def set_signal_settings(
    body: SignalSettingsIn,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.SETTINGS_WRITE)],
    catalogue: CatalogueInUse,
    if_match: Annotated[
        str | None,
        Header(max_length=100, description="The ETag that you read.", examples=['"0"']),
    ] = None,
) -> SignalSettingsOut:
    """Accept an alarm budget and parameters of your own population, as a new version.

    They act on what comes from now on, within half a minute. Signals say by which version they
    were raised, and none is taken back for a new one; only where a late, amended or withdrawn
    rating changes a stream is the whole of it judged anew, by the settings in force then.
    """
    named = [one.instrument for one in body.parameter_sets]

    async def work(transaction: Transaction) -> SignalSettingsOut:
        known = await with_own(transaction, catalogue, named)
        return await service.accept(transaction, caller, known, body, if_match)

    settings = await caller.attempt(work)
    response.headers["ETag"] = f'"{settings.version}"'
    return settings
