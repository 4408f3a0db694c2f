"""Pictures over HTTP."""

import hashlib
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.alliances.schemas import Setting
from app.caseloads import service as caseloads
from app.caseloads.asking import CaseloadAsked
from app.charts import service
from app.charts.schemas import USUAL, ThemeAsked, Width
from app.comparisons.router import ScaleId, WhatIsCompared
from app.comparisons.service import page as comparisons
from app.edge.entity_tags import UNCHANGED, IfNoneMatch, names_current
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Language, Ref
from app.errors import FieldError, InvalidRequest, NotFound
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import with_own
from app.instruments.schemas import FormId, InstrumentId
from app.pagination import HIGHEST_LIMIT, Listing
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope
from app.trends.asking import WindowAsked
from app.trends.service import read

router = APIRouter(prefix="/v1", tags=["Charts"], route_class=StrictJsonRoute)
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Nothing is loaded and nothing runs, even if a text should ever get out of its place."""
LabelLanguage = Annotated[
    Language, Query(description="Language of the labels: the nearest there is, else English.")
]


class Svg(Response):
    """A picture."""

    media_type = "image/svg+xml"


class Page(Response):
    """A page; its character set stands in it, too."""

    media_type = "text/html"


@router.get(
    "/alliances/{alliance_id}/trend.svg",
    operation_id="get_trend_picture",
    response_class=Svg,
    responses=problems(404) | UNCHANGED,
)
async def get_trend_picture(
    alliance_id: UUID,
    caller: Annotated[Caller, caller_with(Scope.TRENDS_READ)],
    catalogue: CatalogueInUse,
    window: WindowAsked,
    width: Width = USUAL,
    theme: ThemeAsked = "light",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """How an alliance went, as a picture: what `GET …/trend` shows this caller, drawn.

    Client and professional stand side by side and are never averaged. The picture holds its name
    and a description in sentences, no script, no link and, but for `theme=auto`, no style sheet.
    Screen readers do not read what is inside a picture: `trend.html` has its numbers as tables.
    """
    async with caller.transaction() as transaction:
        found = await read(transaction, caller, alliance_id, window)
        catalogue = await with_own(transaction, catalogue, found.instruments)
    text = service.picture(found, catalogue, caller, window, width=width, theme=theme)
    return _answer(Svg, text, if_none_match)


@router.get(
    "/alliances/{alliance_id}/trend.html",
    operation_id="get_trend_page",
    response_class=Page,
    responses=problems(404) | UNCHANGED,
)
async def get_trend_page(
    alliance_id: UUID,
    caller: Annotated[Caller, caller_with(Scope.TRENDS_READ)],
    catalogue: CatalogueInUse,
    window: WindowAsked,
    theme: ThemeAsked = "auto",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The picture of a trend with the numbers behind it as tables, as one page without scripts.

    It fits a phone and a desk: the page holds a narrow and a wide picture and shows one of them.
    """
    async with caller.transaction() as transaction:
        found = await read(transaction, caller, alliance_id, window)
        catalogue = await with_own(transaction, catalogue, found.instruments)
    text = service.page(found, catalogue, caller, window, theme)
    return _answer(Page, text, if_none_match)


@router.get(
    "/program-comparisons.svg",
    operation_id="get_comparison_picture",
    response_class=Svg,
    responses=problems(404) | UNCHANGED,
)
async def get_comparison_picture(
    caller: Annotated[Caller, caller_with(Scope.PROGRAMS_READ)],
    catalogue: CatalogueInUse,
    by: WhatIsCompared,
    instrument: Annotated[InstrumentId, Query()],
    form: Annotated[FormId, Query()],
    language: Annotated[Language, Query(description="Of the forms.")],
    scale: ScaleId,
    program_ref: Annotated[Ref | None, Query()] = None,
    setting: Annotated[Setting | None, Query(description="The field of work.")] = None,
    labels: LabelLanguage = "en",
    width: Width = USUAL,
    theme: ThemeAsked = "light",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One comparison as a funnel: what `GET /v1/program-comparisons` shows this caller, drawn.

    Never ranked. Where the filters leave more than one comparison, say which: 422.
    """
    given = {
        "by": by, "program_ref": program_ref, "setting": setting, "instrument": instrument,
        "form": form, "language": language, "scale": scale,
    }  # fmt: skip
    listing = Listing("program_comparisons", given, HIGHEST_LIMIT, None, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await comparisons(transaction, caller, catalogue, by, listing)
        instruments = [one.instrument for one in found.items]
        catalogue = await with_own(transaction, catalogue, instruments)
    if not found.items:
        raise NotFound("Nothing of that kind is compared.")
    if len(found.items) > 1:
        detail = "There are more of that kind. Say which program_ref and setting."
        raise InvalidRequest.of(FieldError("#/query", "not_one", detail))
    text = service.comparison_picture(found.items[0], catalogue, labels, width=width, theme=theme)
    return _answer(Svg, text, if_none_match)


@router.get(
    "/caseloads.svg",
    operation_id="get_caseload_picture",
    response_class=Svg,
    responses=problems(400) | UNCHANGED,
)
async def get_caseload_picture(
    caller: Annotated[Caller, caller_with(Scope.CASELOADS_READ)],
    catalogue: CatalogueInUse,
    asked: CaseloadAsked,
    labels: LabelLanguage = "en",
    width: Width = USUAL,
    theme: ThemeAsked = "light",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A page of a caseload as small lines: what `GET /v1/caseloads` shows this caller, drawn.

    One row an alliance, with the latest ratings of both sides, in the order of need. Filters and
    cursors are those of the list. `caseloads.html` has its numbers as a table.
    """
    listing = asked.listing(caller.tenant_id)
    found, catalogue = await caseloads.shown(caller, catalogue, listing)
    text = service.caseload_picture(found.items, catalogue, labels, width=width, theme=theme)
    return _answer(Svg, text, if_none_match)


@router.get(
    "/caseloads.html",
    operation_id="get_caseload_page",
    response_class=Page,
    responses=problems(400) | UNCHANGED,
)
async def get_caseload_page(
    caller: Annotated[Caller, caller_with(Scope.CASELOADS_READ)],
    catalogue: CatalogueInUse,
    asked: CaseloadAsked,
    labels: LabelLanguage = "en",
    theme: ThemeAsked = "auto",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The picture of a caseload with the numbers behind it as a table, as one page without scripts.

    It fits a phone and a desk: the page holds a narrow and a wide picture and shows one of them.
    """
    listing = asked.listing(caller.tenant_id)
    found, catalogue = await caseloads.shown(caller, catalogue, listing)
    text = service.caseload_page(found.items, catalogue, labels, theme)
    return _answer(Page, text, if_none_match)


def _answer(kind: type[Response], text: str, if_none_match: str | None) -> Response:
    """The text, or 304 where the caller has it already. The tag is that of the text itself."""
    content = text.encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Content-Security-Policy": POLICY}
    if if_none_match is not None and names_current(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return kind(content, headers=headers)
