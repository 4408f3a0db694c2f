"""Pictures over HTTP."""

import hashlib
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Response

from app.charts import service
from app.charts.schemas import USUAL, ThemeAsked, Width
from app.edge.entity_tags import UNCHANGED, IfNoneMatch, names_current
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.instruments.dependency import CatalogueInUse
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope
from app.trends.asking import WindowAsked
from app.trends.service import read

router = APIRouter(prefix="/v1/alliances", tags=["Charts"], route_class=StrictJsonRoute)
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Nothing is loaded and nothing runs, even if a text should ever get out of its place."""


class Svg(Response):
    """A picture."""

    media_type = "image/svg+xml"


class Page(Response):
    """A page; its character set stands in it, too."""

    media_type = "text/html"


@router.get(
    "/{alliance_id}/trend.svg",
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
    text = service.picture(found, catalogue, caller, window, width=width, theme=theme)
    return _answer(Svg, text, if_none_match)


@router.get(
    "/{alliance_id}/trend.html",
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
    text = service.page(found, catalogue, caller, window, theme)
    return _answer(Page, text, if_none_match)


def _answer(kind: type[Response], text: str, if_none_match: str | None) -> Response:
    """The text, or 304 where the caller has it already. The tag is that of the text itself."""
    content = text.encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Content-Security-Policy": POLICY}
    if if_none_match is not None and names_current(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return kind(content, headers=headers)
