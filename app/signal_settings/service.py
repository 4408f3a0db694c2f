"""Reading signal settings, and accepting new ones. Each version stays."""

from collections.abc import Mapping
from typing import Any

from app.database import Transaction
from app.edge.entity_tags import names_current
from app.errors import (
    FieldError,
    InvalidRequest,
    Overtaken,
    PreconditionFailed,
    PreconditionRequired,
)
from app.instruments.definitions import Catalogue
from app.signal_settings import queries
from app.signal_settings.schemas import (
    ParameterSetIn,
    RealisedOut,
    SignalSettingsIn,
    SignalSettingsOut,
)
from app.signals.schemas import Party
from app.tenants.authentication import Caller
from app.tenants.queries import insert_settings, settings_in_force
from app.tenants.signal_settings import DEFAULT_ALERTS


async def current(transaction: Transaction) -> SignalSettingsOut:
    """The settings in force, with what they have come to lately."""
    return await _shown(transaction, await settings_in_force(transaction))


async def accept(
    transaction: Transaction,
    caller: Caller,
    catalogue: Catalogue,
    settings: SignalSettingsIn,
    if_match: str | None,
) -> SignalSettingsOut:
    """The new version as it stands from now on.

    Raises InvalidRequest, pointing at every set that names no scale; PreconditionRequired without
    If-Match, PreconditionFailed when another version is in force by now; Overtaken when one is
    being accepted at this very time: done again, it will have failed so.
    """
    _refuse_unknown_scales(catalogue, settings)
    if if_match is None:
        raise PreconditionRequired("Send If-Match with the ETag that you read.")
    stored = await settings_in_force(transaction)
    version = stored["version"] if stored else 0
    if not names_current(if_match, f'"{version}"'):
        raise PreconditionFailed("Read it again, then change what is there now.")
    accepted = await insert_settings(
        transaction,
        {
            "version": version + 1,
            "alerts_per_100_ratings": settings.alerts_per_100_ratings,
            "parameter_sets": [one.model_dump() for one in settings.parameter_sets],
            "reason": settings.reason,
            "key_id": caller.key.key_id,
            "actor_role": caller.actor and caller.actor.role,
            "actor_ref": caller.actor and caller.actor.ref,
            "accepted_at": caller.clock(),
        },
    )
    if accepted is None:
        raise Overtaken("Somebody else has changed them.")
    return await _shown(transaction, accepted)


def _refuse_unknown_scales(catalogue: Catalogue, settings: SignalSettingsIn) -> None:
    errors = [
        FieldError(f"/parameter_sets/{index}/{field}", "unknown", detail)
        for index, one in enumerate(settings.parameter_sets)
        for field, detail in _unknown(catalogue, one)
    ]
    if errors:
        raise InvalidRequest.of(*errors)


def _unknown(catalogue: Catalogue, one: ParameterSetIn) -> list[tuple[str, str]]:
    """What a set names that there is not, or that cannot be: field and what would be right."""
    if one.instrument not in catalogue.definitions:
        return [("instrument", "See GET /v1/instruments.")]
    definition = catalogue.definition(one.instrument)
    if one.form not in definition.forms:
        return [("form", f"The instrument's forms are: {', '.join(definition.forms)}.")]
    key = definition.forms[one.form].key
    watched = [scale.id for scale in key.scales if scale.use == "decision"]
    if one.scale not in watched:
        return [("scale", f"Scales that raise signals: {', '.join(watched)}.")]
    if not key.low <= one.parameters.mean <= key.high:
        return [("parameters/mean", f"Expected a mean from {key.low} to {key.high}.")]
    return []


async def _shown(transaction: Transaction, row: Mapping[str, Any] | None) -> SignalSettingsOut:
    lately = await queries.realised(transaction)
    ratings, alerts = lately["ratings"], lately["alerts"]
    realised = RealisedOut(
        ratings=ratings,
        alerted_ratings=alerts,
        alerts_per_100_ratings=round(100 * alerts / ratings, 2) if ratings else None,
    )
    if row is None:
        return SignalSettingsOut(
            version=0, alerts_per_100_ratings=DEFAULT_ALERTS, parameter_sets=[], reason=None,
            accepted_at=None, accepted_by=None, realised=realised,
        )  # fmt: skip
    role = row["actor_role"]
    return SignalSettingsOut(
        version=row["version"],
        alerts_per_100_ratings=row["alerts_per_100_ratings"],
        parameter_sets=row["parameter_sets"],
        reason=row["reason"],
        accepted_at=row["accepted_at"],
        accepted_by=None if role is None else Party(role=role, ref=row["actor_ref"]),
        realised=realised,
    )
