"""Statements on many responses at once: the same few, however many there are."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.alliances.models import merge_heads
from app.database import Row, Transaction
from app.occasions.models import occasions
from app.responses.models import response_voids, responses
from app.responses.queries import RECORD
from app.signals.writing_queries import (
    standing_signals,
)
from app.statements import Statement, arrays_of, compiled, parameter, unnested

_TENANT: Final = responses.c.tenant_id == parameter(responses.c.tenant_id)
_NAME: Final = (responses.c.source, responses.c.external_id)
_STREAMS: Final = (
    responses.c.alliance_id,
    responses.c.instrument,
    responses.c.form,
    responses.c.form_revision,
    responses.c.language,
)


def _of_records(columns: sa.Select[Any]) -> sa.Select[Any]:
    """The records that are named, by (source, external_id) with all of their versions.

    Of those named by id the one named and its successor.
    """
    named = unnested("named", _NAME)
    by_name = sa.select(responses.c.id).join_from(
        named,
        responses,
        sa.and_(
            _TENANT,
            responses.c.source == named.c.source,
            responses.c.external_id == named.c.external_id,
        ),
    )
    given = sa.bindparam("ids", type_=ARRAY(sa.Uuid))
    found = sa.func.array(by_name.scalar_subquery(), type_=ARRAY(sa.Uuid))
    wanted = sa.func.array_cat(given, found, type_=ARRAY(sa.Uuid))
    return columns.where(
        _TENANT,
        sa.or_(responses.c.id == sa.func.any(wanted), responses.c.amends == sa.func.any(given)),
    )


_WITH_SIGNALS: Final = RECORD.add_columns(standing_signals(responses.c.id).label("signals"))
_VERSIONS: Final = compiled(_of_records(_WITH_SIGNALS).order_by(responses.c.external_version))
_HEAD: Final = (
    sa.select(merge_heads.c.tenant_id)
    .where(merge_heads.c.tenant_id == parameter(merge_heads.c.tenant_id))
    .with_for_update(read=True)
    .cte("head")
)
_VERSIONS_WITHOUT_MERGES: Final = compiled(
    _of_records(_WITH_SIGNALS)
    .where(sa.select(sa.func.count()).select_from(_HEAD).scalar_subquery() >= 0)
    .order_by(responses.c.external_version)
)
_ALLIANCES_OF: Final = compiled(_of_records(sa.select(responses.c.alliance_id)).distinct())


def _series_statement() -> Statement:
    wanted = unnested("wanted", _STREAMS)
    successor = responses.alias("successor")
    gone = (
        sa.exists().where(
            successor.c.tenant_id == responses.c.tenant_id, successor.c.amends == responses.c.id
        ),
        sa.exists().where(
            response_voids.c.tenant_id == responses.c.tenant_id,
            response_voids.c.response_id == responses.c.id,
        ),
    )
    return compiled(
        sa.select(
            *(c for c in responses.c if c.name != "outcome"),
            occasions.c.occasion_key,
            standing_signals(responses.c.id).label("signals"),
        )
        .join_from(wanted, responses, sa.and_(_TENANT, *(wanted.c[c.name] == c for c in _STREAMS)))
        .join(
            occasions,
            sa.and_(
                occasions.c.tenant_id == responses.c.tenant_id,
                occasions.c.alliance_id == responses.c.alliance_id,
                occasions.c.id == responses.c.occasion_id,
            ),
        )
        .where(*(~one.correlate(responses) for one in gone))
    )


_SERIES: Final = _series_statement()


async def versions_of(
    transaction: Transaction,
    names: Iterable[tuple[str, str]],
    ids: Iterable[UUID],
    *,
    share_merges: bool,
) -> list[Row]:
    """Every version of the records with these (source, external_id)s, by version.

    Beside them the responses with these ids, each with its successor. share_merges: keep merges
    of people out until the end, since alliances are to be made.
    """
    statement = _VERSIONS_WITHOUT_MERGES if share_merges else _VERSIONS
    return await transaction.rows(statement, **_named(names, ids))


async def alliances_of(
    transaction: Transaction, names: Iterable[tuple[str, str]], ids: Iterable[UUID]
) -> list[UUID]:
    """The alliances that the versions of these records are about."""
    rows = await transaction.rows(_ALLIANCES_OF, **_named(names, ids))
    return [row["alliance_id"] for row in rows]


async def series(transaction: Transaction, streams: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Every current response of alliances on forms of one edition and language, in no order.

    streams: alliance_id, instrument, form, form_revision, language, each combination once.
    """
    return await transaction.rows(_SERIES, **arrays_of(streams, _STREAMS))


def _named(names: Iterable[tuple[str, str]], ids: Iterable[UUID]) -> dict[str, Any]:
    rows = [{"source": source, "external_id": external_id} for source, external_id in names]
    return arrays_of(rows, _NAME) | {"ids": list(ids)}
