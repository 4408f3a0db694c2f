"""Coverage over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.alliances.schemas import Setting
from app.coverage import service
from app.coverage.schemas import CoverageOut
from app.edge.entity_tags import UNCHANGED, IfNoneMatch, unless_known
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Day, Language, Ref
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import with_own
from app.instruments.schemas import FormId, InstrumentId
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/coverage", tags=["Dashboards"], route_class=StrictJsonRoute)
OfProgramme = Annotated[Ref, Query(description="The programme that the alliance is in now.")]
OfSetting = Annotated[Setting, Query(description="Of the alliance, as it is now.")]
OfSource = Annotated[
    Ref, Query(description="Only alliances of this one; with `professional_ref`, else `default`.")
]
OfProfessional = Annotated[Ref, Query(description="Only alliances that this professional is in.")]
InLanguage = Annotated[Language, Query(description="In which was answered.")]
FirstDay = Annotated[
    Day | None,
    Query(alias="from", description="First day of occasions; else 89 days before the last."),
]
LastDay = Annotated[Day | None, Query(alias="to", description="Last day of occasions; else today.")]


@router.get(
    "",
    operation_id="get_coverage",
    response_model=CoverageOut,
    responses=problems() | UNCHANGED,
)
async def get_coverage(
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.COVERAGE_READ)],
    catalogue: CatalogueInUse,
    program_ref: OfProgramme | None = None,
    setting: OfSetting | None = None,
    source: OfSource | None = None,
    professional_ref: OfProfessional | None = None,
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[FormId | None, Query()] = None,
    language: InLanguage | None = None,
    start: FirstDay = None,
    end: LastDay = None,
    if_none_match: IfNoneMatch = None,
) -> CoverageOut | Response:
    """How much of what could have been rated was rated: invited, answered, by both sides, in time.

    A window of at most 366 days. What rests on fewer than 10 clients is withheld, and counts of
    people are to the nearest 5; but not from a professional (`Rapport-Actor`) who asks about their
    own clients (`professional_ref`).
    """
    today = caller.clock().date()
    days = service.window(start, end, today)
    given = {
        "program_ref": program_ref, "setting": setting, "source": source,
        "professional_ref": professional_ref, "instrument": instrument, "form": form,
        "language": language,
    }  # fmt: skip
    filters = {name: value for name, value in given.items() if value is not None}
    async with caller.transaction() as transaction:
        counted = await service.count(transaction, caller, filters, days, today)
        instruments = {row["instrument"] for row in counted.last_said}
        catalogue = await with_own(transaction, catalogue, instruments)
    found = service.coverage(counted, catalogue, caller, filters, days)
    return unless_known(found, if_none_match, response)
