"""Forms to render, text packs, grants and rights over HTTP."""

from operator import attrgetter
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from app.database import Row, Transaction
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Day, Language
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import with_own
from app.instruments.schemas import Revision
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope
from app.wordings import service
from app.wordings.form_schemas import FormOut
from app.wordings.schemas import (
    DeclaredUseIn,
    DeclaredUseOut,
    RightsOut,
    TextPackIn,
    TextPackOut,
    WithdrawnTextOut,
)

router = APIRouter(prefix="/v1", tags=["Instruments"], route_class=StrictJsonRoute)
Reader = Annotated[Caller, caller_with(Scope.INSTRUMENTS_READ)]
TextWriter = Annotated[Caller, caller_with(Scope.TEXTS_WRITE)]
Instrument = Annotated[str, Path(max_length=80, examples=["wai-sr-2006"])]
FormName = Annotated[str, Path(max_length=50, examples=["client"])]
AskedLanguage = Annotated[
    str,
    Query(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        max_length=35,
        description="BCP 47. Another one may be served; `language` in the answer says which.",
    ),
]
TextLanguage = Annotated[Language, Path(examples=["en"])]
REQUIRED: Final = "required"


@router.get(
    "/instruments/{instrument}/forms/{form}",
    operation_id="get_form",
    responses=problems(403, 404),
)
async def get_form(
    instrument: Instrument,
    form: FormName,
    caller: Reader,
    catalogue: CatalogueInUse,
    language: AskedLanguage | None = None,
    revision: Annotated[Revision | None, Query()] = None,
    wording: Annotated[
        str | None,
        Query(
            pattern=f"^{REQUIRED}$",
            description="`required`: refuse (403, with the reason) rather than serve structure.",
        ),
    ] = None,
) -> FormOut:
    """A form to render: items in order, values, labels where a licence allows them.

    Without wording the structure is served, and answers are accepted and scored all the same.
    Licences are judged at this moment, by the day in UTC.
    """
    asked = service.Asked(instrument, form, revision, language, wording == REQUIRED)
    async with caller.transaction() as transaction:
        return await service.form(transaction, caller, catalogue, asked)


@router.put(
    "/instruments/{instrument}/forms/{form}/texts/{language}",
    operation_id="put_text_pack",
    responses=problems(404),
)
async def put_text_pack(
    instrument: Instrument,
    form: FormName,
    language: TextLanguage,
    body: TextPackIn,
    caller: TextWriter,
    catalogue: CatalogueInUse,
) -> TextPackOut:
    """Put a wording of your own under your own licence, in the place of the one before.

    It must say everything that the form asks. No answer of any other call but the form itself
    shows it.
    """
    place = {"instrument": instrument, "form": form, "language": language}

    async def work(transaction: Transaction) -> Row:
        return await service.put_pack(transaction, caller, catalogue, place, body)

    return service.pack_out(await caller.attempt(work), service.day_of(caller.clock()))


@router.delete(
    "/instruments/{instrument}/forms/{form}/texts/{language}",
    operation_id="withdraw_text_pack",
    responses=problems(404),
)
async def withdraw_text_pack(
    instrument: Instrument, form: FormName, language: TextLanguage, caller: TextWriter
) -> WithdrawnTextOut:
    """Withdraw your wording of a form in a language, at once; its hash and grant stay on record."""
    place = {"instrument": instrument, "form": form, "language": language}

    async def work(transaction: Transaction) -> list[Row]:
        return await service.withdraw(transaction, caller, place)

    today = service.day_of(caller.clock())
    return WithdrawnTextOut(
        withdrawn=[service.pack_out(row, today) for row in await caller.attempt(work)]
    )


@router.get("/instruments/{instrument}/rights", operation_id="get_rights", responses=problems(404))
async def get_rights(
    instrument: Instrument, caller: Reader, catalogue: CatalogueInUse
) -> RightsOut:
    """What is known about an instrument's rights, and what your own grants cover.

    Statements have dates and sources, and those that contradict each other are all kept.
    """
    async with caller.transaction() as transaction:
        known = await with_own(transaction, catalogue, [instrument])
        return await service.rights(transaction, caller, known, instrument)


@router.get("/grants", operation_id="list_grants", responses=problems(400))
async def list_grants(
    caller: Reader,
    expires_by: Annotated[
        Day | None, Query(description="Those whose last day is this one or an earlier one.")
    ] = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[TextPackOut]:
    """Your text packs in use, with the grants they rest on; `expires_by`: those to renew."""
    listing = Listing("grants", {"expires_by": expires_by}, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.grants(transaction, expires_by, listing.after_id(), listing.one_more)
    today = service.day_of(caller.clock())
    shown = [service.pack_out(row, today) for row in found]
    return listing.page(shown, attrgetter("id"), lambda pack: pack)


@router.get("/declared-use", operation_id="get_declared_use", responses=problems())
async def get_declared_use(
    caller: Annotated[Caller, caller_with(Scope.SETTINGS_READ)],
) -> DeclaredUseOut:
    """What you do with instruments, as you have declared it."""
    async with caller.transaction() as transaction:
        return await service.declared_use(transaction)


@router.put("/declared-use", operation_id="declare_use", responses=problems())
async def declare_use(
    body: DeclaredUseIn, caller: Annotated[Caller, caller_with(Scope.SETTINGS_WRITE)]
) -> DeclaredUseOut:
    """Declare what you do with instruments: wording is shown only where all of it is covered.

    It acts at once, on wording alone: answers are accepted and scored whatever it says.
    """

    async def work(transaction: Transaction) -> DeclaredUseOut:
        return await service.declare(transaction, caller, body)

    return await caller.attempt(work)
