"""Serving forms with the wording that a licence covers, and keeping tenants' text packs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.database import Row, Transaction
from app.errors import (
    FieldError,
    InvalidRequest,
    NotFound,
    Overtaken,
    WordingNotLicensed,
)
from app.instruments.definitions import Catalogue, Definition
from app.instruments.own import document_sha256, with_own
from app.tenants.authentication import Caller
from app.wordings import queries
from app.wordings.choice import chosen, wordings_of
from app.wordings.completeness import incomplete
from app.wordings.form_schemas import FormOut
from app.wordings.forms import form_of, form_out
from app.wordings.licence import grant_from, time_refusal
from app.wordings.rights import rights_out
from app.wordings.schemas import (
    DeclaredUseIn,
    DeclaredUseOut,
    GrantOut,
    RightsOut,
    TextPackIn,
    TextPackOut,
)

STATES = {"grant_not_begun": "not_begun", "grant_expired": "expired"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which form is to be rendered, and how."""

    instrument: str
    form: str
    revision: str | None
    language: str | None
    wording_required: bool


def day_of(now: datetime) -> date:
    """The day by which grants are judged: by UTC, the same for everybody."""
    return now.astimezone(UTC).date()


async def form(
    transaction: Transaction, caller: Caller, catalogue: Catalogue, asked: Asked
) -> FormOut:
    """The form to render, with what may be shown of its wording at this moment.

    Raises NotFound; WordingNotLicensed, saying why, where wording is required and none is covered.
    """
    known = await with_own(transaction, catalogue, [asked.instrument])
    definition = known.definition(asked.instrument, asked.revision)
    wanted = form_of(definition, asked.form)
    own = await queries.packs_in_use(
        transaction, asked.instrument, asked.form, definition.form_revision
    )
    declared = await queries.declared(transaction)
    choice = chosen(
        wordings_of(known, definition, wanted, own),
        definition.document["rights"],
        asked.language,
        declared["uses"] if declared else (),
        day_of(caller.clock()),
    )
    if asked.wording_required and choice.wording is None:
        why = choice.refusal
        error = FieldError("#/query/wording", why.code, why.detail)
        raise WordingNotLicensed(why.detail, (error,))
    return form_out(definition, wanted, choice, asked.language)


async def put_pack(
    transaction: Transaction,
    caller: Caller,
    catalogue: Catalogue,
    place: Mapping[str, str],
    pack: TextPackIn,
) -> Row:
    """The text pack as it is stored now, in the place of the one before.

    place: instrument, form, language. What says the same as the one in use changes nothing.
    Raises NotFound, InvalidRequest pointing at everything that is missing, Overtaken.
    """
    definition = await _definition(transaction, catalogue, place, pack.form_revision)
    form_of(definition, place["form"])
    errors = incomplete(definition, place["form"], place["language"], pack)
    if errors:
        raise InvalidRequest.of(*errors)
    where = dict(place) | {"form_revision": definition.form_revision}
    words = pack.text.model_dump(exclude_none=True)
    said = {
        "sha256": document_sha256(where | {"text": words}),
        "licence": pack.grant.model_dump(mode="json"),
    }
    before = await queries.newest_pack(transaction, where)
    if before is not None and before["ended_at"] is None:
        if all(before[name] == value for name, value in said.items()):
            return before
        await queries.end_pack(transaction, before["id"], caller.clock(), "replaced")
    version = before["version"] + 1 if before else 1
    new = where | said | {"version": version, "wording": words, "valid_to": pack.grant.valid_to}
    return await _stored(transaction, caller, new)


async def _stored(transaction: Transaction, caller: Caller, pack: Mapping[str, Any]) -> Row:
    """The new version of a text pack. Raises Overtaken when another one was quicker."""
    named = {"id": uuid7(), "put_at": caller.clock(), **_who(caller)}
    stored = await queries.insert_pack(transaction, {**pack, **named})
    if stored is None:
        raise Overtaken("Somebody else has put one.")
    return stored


async def withdraw(transaction: Transaction, caller: Caller, place: Mapping[str, str]) -> list[Row]:
    """The text packs of a form in a language that end now. Raises NotFound when there is none."""
    ended = await queries.withdraw_packs(transaction, **place, at=caller.clock())
    if not ended:
        raise NotFound("There is no text pack of yours to withdraw.")
    return ended


async def grants(
    transaction: Transaction, expires_by: date | None, after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit text packs in use in the order of their ids; expires_by: None for all."""
    return await queries.grants_after(transaction, expires_by, after, limit)


async def rights(
    transaction: Transaction, caller: Caller, catalogue: Catalogue, instrument: str
) -> RightsOut:
    """The register of an instrument's rights, as it stands now. Raises NotFound."""
    revisions = catalogue.definitions[catalogue.definition(instrument).instrument]
    rows = await queries.packs_of_instrument(transaction, instrument)
    declared = await declared_use(transaction)
    today = day_of(caller.clock())
    return rights_out(revisions, [(row, pack_out(row, today)) for row in rows], declared, today)


async def declared_use(transaction: Transaction) -> DeclaredUseOut:
    """The declared use in force; version 0: none was declared."""
    return _declared_out(await queries.declared(transaction))


async def declare(transaction: Transaction, caller: Caller, body: DeclaredUseIn) -> DeclaredUseOut:
    """The declared use as it stands from now on. Raises Overtaken."""
    uses, stored = sorted(set(body.uses)), await queries.declared(transaction)
    if stored is not None and stored["uses"] == uses:
        return _declared_out(stored)
    made = await queries.declare(
        transaction,
        {
            "version": stored["version"] + 1 if stored else 1,
            "uses": uses,
            "declared_at": caller.clock(),
            **_who(caller),
        },
    )
    if made is None:
        raise Overtaken("Somebody else has declared one.")
    return _declared_out(made)


def pack_out(row: Mapping[str, Any], today: date) -> TextPackOut:
    """A stored text pack as it is shown, without its wording, as it stands on a day."""
    late = time_refusal(grant_from(row["licence"]), today)
    state = row["ended_as"] or (STATES[late.code] if late else "in_force")
    return TextPackOut(
        id=row["id"],
        instrument=row["instrument"],
        form=row["form"],
        form_revision=row["form_revision"],
        language=row["language"],
        version=row["version"],
        sha256=row["sha256"],
        state=state,
        grant=GrantOut(**row["licence"]),
        put_at=row["put_at"],
        ended_at=row["ended_at"],
    )


async def _definition(
    transaction: Transaction,
    catalogue: Catalogue,
    place: Mapping[str, str],
    form_revision: str | None,
) -> Definition:
    """The newest definition of what is worded. Raises NotFound, InvalidRequest."""
    known = await with_own(transaction, catalogue, [place["instrument"]])
    newest = known.definition(place["instrument"])
    if form_revision is None:
        return newest
    revisions = known.definitions[newest.instrument]
    found = [one for one in revisions if one.form_revision == form_revision]
    if not found:
        detail = "The instrument has no such form revision."
        raise InvalidRequest.of(FieldError("/form_revision", "unknown_revision", detail))
    return found[-1]


def _who(caller: Caller) -> dict[str, Any]:
    return {
        "key_id": caller.key.key_id,
        "actor_role": caller.actor and caller.actor.role,
        "actor_ref": caller.actor and caller.actor.ref,
    }


def _declared_out(row: Row | None) -> DeclaredUseOut:
    if row is None:
        return DeclaredUseOut(version=0, uses=[], declared_at=None)
    return DeclaredUseOut(version=row["version"], uses=row["uses"], declared_at=row["declared_at"])
