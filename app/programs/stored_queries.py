"""Statements that read all that is stored of alliances and is added up."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.alliances.models import alliance_members, alliances
from app.database import Row, Transaction
from app.occasions.models import invitations, occasions
from app.responses.models import response_voids, responses
from app.statements import Statement, compiled, parameter

_IDS: Final = sa.func.any(sa.bindparam("ids", type_=ARRAY(sa.Uuid)))


def _alliances_statement() -> Statement:
    members = (
        sa.select(
            sa.func.jsonb_agg(
                sa.func.jsonb_build_object(
                    "role", alliance_members.c.role, "ref", alliance_members.c.ref
                ),
                type_=JSONB,
            )
        )
        .where(
            alliance_members.c.tenant_id == alliances.c.tenant_id,
            alliance_members.c.alliance_id == alliances.c.id,
        )
        .correlate(alliances)
        .scalar_subquery()
        .label("members")
    )
    names = ("id", "source", "program_ref", "setting", "ended_on", "former_refs")
    return compiled(
        sa.select(*(alliances.c[name] for name in names), members).where(
            alliances.c.tenant_id == parameter(alliances.c.tenant_id), alliances.c.id == _IDS
        )
    )


_OWN_RESPONSES: Final = responses.c.tenant_id == parameter(responses.c.tenant_id)


def _first_version() -> sa.ScalarSelect[Any]:
    """The first version of a response's record; null: it is that itself."""
    older, beginning = responses.alias("older"), responses.alias("beginning")

    def of_tenant(table: sa.FromClause, chain: sa.CTE) -> list[sa.ColumnElement[bool]]:
        return [table.c.tenant_id == parameter(responses.c.tenant_id), table.c.id == chain.c.root]

    chain = (
        sa.select(responses.c.id.label("newest"), responses.c.amends.label("root"))
        .where(_OWN_RESPONSES, responses.c.alliance_id == _IDS, responses.c.amends.is_not(None))
        .cte("chain", recursive=True)
    )
    chain = chain.union_all(
        sa.select(chain.c.newest, older.c.amends).join(
            older, sa.and_(*of_tenant(older, chain), older.c.amends.is_not(None))
        )
    )
    return (
        sa.select(chain.c.root)
        .join(beginning, sa.and_(*of_tenant(beginning, chain), beginning.c.amends.is_(None)))
        .where(chain.c.newest == responses.c.id)
        .scalar_subquery()
    )


def _responses_statement() -> Statement:
    """The newest versions, not voided, each with the first version of its record as its root."""
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
    # Neither what was answered then nor what is not asked here is read.
    unread = {"outcome", "marks", "content_sha256", "notice", "definition_sha256"}
    return compiled(
        sa.select(
            *(column for column in responses.c if column.name not in unread),
            sa.func.coalesce(_first_version(), responses.c.id).label("root"),
        ).where(
            _OWN_RESPONSES,
            responses.c.alliance_id == _IDS,
            *(~one.correlate(responses) for one in gone),
        )
    )


_ALLIANCES: Final = _alliances_statement()
_RESPONSES: Final = _responses_statement()
_TIMES: Final = ("occurred_at", "occurred_at_offset", "occurred_on")
_INVITATIONS: Final = compiled(
    sa.select(
        *(
            invitations.c[name]
            for name in (
                *("alliance_id", "occasion_id", "rater_role", "rater_ref"),
                *("instrument", "form", "state"),
            )
        ),
        *(occasions.c[name] for name in _TIMES),
    )
    .join(
        occasions,
        sa.and_(
            occasions.c.tenant_id == invitations.c.tenant_id,
            occasions.c.alliance_id == invitations.c.alliance_id,
            occasions.c.id == invitations.c.occasion_id,
        ),
    )
    .where(
        invitations.c.tenant_id == parameter(invitations.c.tenant_id),
        invitations.c.alliance_id == _IDS,
    )
)
_HELD: Final = compiled(
    sa.select(
        *(occasions.c[name] for name in ("alliance_id", "id", *_TIMES)),
    ).where(
        occasions.c.tenant_id == parameter(occasions.c.tenant_id),
        occasions.c.alliance_id == _IDS,
        occasions.c.status == "held",
    )
)


async def stored_rows(transaction: Transaction, ids: Iterable[UUID]) -> dict[str, list[Row]]:
    """What is stored of alliances, and counts: alliances, responses, invitations, occasions."""
    wanted = list(ids)
    return {
        "alliances": await transaction.rows(_ALLIANCES, ids=wanted),
        "responses": await transaction.rows(_RESPONSES, ids=wanted),
        "invitations": await transaction.rows(_INVITATIONS, ids=wanted),
        "occasions": await transaction.rows(_HELD, ids=wanted),
    }
