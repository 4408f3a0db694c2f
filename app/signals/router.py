"""Signals over HTTP."""

from functools import partial
from operator import itemgetter
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.database import Transaction
from app.edge.idempotency_key import IdempotencyKey, read_idempotency_key
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Language, Ref
from app.idempotency.service import claim_of, once
from app.instruments.schemas import FormId, InstrumentId, RaterRole
from app.measurement.key import Component
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.signals import service
from app.signals.schemas import ActionOut, SignalAction, SignalDetail, SignalOut
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/signals", tags=["Signals"], route_class=StrictJsonRoute)
Reader = Annotated[Caller, caller_with(Scope.SIGNALS_READ)]
InLanguage = Annotated[
    Language, Query(description="Of the texts: the nearest there is, else English.")
]
State = Annotated[
    Literal[
        "waiting",
        "open",
        "acknowledged",
        "discussed",
        "step_tried",
        "resolved",
        "closed",
        "superseded",
        "recorded",
    ],
    Query(description="`waiting`: open, acknowledged, discussed or step_tried."),
]
Code = Annotated[str, Query(max_length=60, description="Such as `sudden_drop`.")]
Severity = Annotated[str, Query(max_length=20, description="`watch`, `alert` or `high`.")]
OfComponent = Annotated[Component, Query(description="What it is about, where not the whole.")]
AllianceId = Annotated[UUID, Query(description="The service's id.")]
OfClient = Annotated[Ref, Query(description="Of any client of the alliance.")]
OfProfessional = Annotated[Ref, Query(description="Of any professional of the alliance.")]
OfProgramme = Annotated[Ref, Query(description="The programme that the alliance is in now.")]
OfRater = Annotated[RaterRole, Query(description="Whose ratings it is about.")]


@router.get("", operation_id="list_signals", responses=problems(400))
async def list_signals(
    caller: Reader,
    state: State | None = None,
    code: Code | None = None,
    severity: Severity | None = None,
    component: OfComponent | None = None,
    alliance_id: AllianceId | None = None,
    client_ref: OfClient | None = None,
    professional_ref: OfProfessional | None = None,
    program_ref: OfProgramme | None = None,
    rater_role: OfRater | None = None,
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[FormId | None, Query()] = None,
    language: InLanguage = "en",
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[SignalOut]:
    """Signals that this caller may see, oldest first; none is no all-clear.

    What is for supervision alone is shown to a supervisor (`Rapport-Actor`) with a key that has
    `supervision:read`.
    """
    waiting, state_as_such = (True, None) if state == "waiting" else (None, state)
    given = {
        "waiting": waiting, "state": state_as_such, "code": code, "severity": severity,
        "component": component, "alliance_id": alliance_id, "client_ref": client_ref,
        "professional_ref": professional_ref, "program_ref": program_ref,
        "rater_role": rater_role, "instrument": instrument, "form": form,
    }  # fmt: skip
    listing = Listing("signals", given, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.page(
            transaction, caller, listing.filters, listing.after_id(), listing.one_more
        )
    reading = service.reading_of(caller)
    return listing.page(found, itemgetter("id"), lambda row: service.shown(row, reading, language))


@router.get("/{signal_id}", operation_id="get_signal", responses=problems(404))
async def get_signal(signal_id: UUID, caller: Reader, language: InLanguage = "en") -> SignalDetail:
    """One signal with what was done about it, and suggestions for a conversation with the client.

    The suggestions are worded for the alliance's setting; each names what it leans on.
    """
    async with caller.transaction() as transaction:
        return await service.detail(transaction, caller, signal_id, language)


@router.post(
    "/{signal_id}/actions",
    status_code=201,
    operation_id="act_on_signal",
    responses=problems(404, 409)
    | {
        200: {
            "model": ActionOut,
            "description": "Stored before, under the same Idempotency-Key.",
            "headers": {
                "Idempotent-Replayed": {
                    "schema": {"type": "string"},
                    "description": "Always `true`.",
                }
            },
        }
    },
)
async def act_on_signal(
    signal_id: UUID,
    body: SignalAction,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.SIGNALS_ACT)],
    idempotency_key: IdempotencyKey = None,
) -> ActionOut:
    """Say what was done about a signal. It goes on to that state, and never back (409).

    `resolve`: the matter is settled; `close`: nothing more is to be done. A note can be added to
    any signal.
    """
    key = read_idempotency_key(idempotency_key)
    claim = claim_of(key, caller.key.key_id, f"act_on_signal {signal_id}", body)

    async def work(transaction: Transaction) -> tuple[service.Row, bool]:
        acted = partial(service.act, transaction, caller, signal_id, body)
        again = partial(service.stored_action, caller)
        return await once(transaction, claim, caller.clock(), acted, again)

    action, replayed = await caller.attempt(work)
    if replayed:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return service.action_out(action, service.reading_of(caller))
