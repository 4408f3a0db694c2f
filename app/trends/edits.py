"""What others than the rater have changed in a course."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.alliances.merged_refs import FormerRefs
from app.responses.answer_schemas import Person
from app.responses.visibility import is_rater
from app.tenants.authentication import Actor
from app.trends.schemas import EditOut, WithdrawnOut

Row = Mapping[str, Any]


def edit_by_other(row: Row, former: FormerRefs) -> EditOut | None:
    """The amendment that a version is, when it is not its rater's own; None: nothing to tell.

    Its own: of the rater before and after, for a change of rater is nobody's own.
    """
    if row["amends"] is None:
        return None
    actor = _actor(row["actor_role"], row["actor_ref"])
    before = {"rater_role": row["rater_role_before"], "rater_ref": row["rater_ref_before"]}
    if is_rater(row, actor, former) and is_rater(before, actor, former):
        return None
    return EditOut(by=_person(actor), at=row["received_at"])


def withdrawn_by_others(
    voided: Iterable[Row], moved: Iterable[Row], former: FormerRefs
) -> list[WithdrawnOut]:
    """What others than their raters have voided or moved away, oldest first."""
    found = []
    rows = [(row, "voided") for row in voided] + [(row, "moved") for row in moved]
    for row, how in sorted(rows, key=lambda one: (one[0]["voided_at"], one[0]["id"])):
        actor = _actor(row["voided_by_role"], row["voided_by_ref"])
        if not is_rater(row, actor, former):
            found.append(
                WithdrawnOut(
                    response_id=row["id"],
                    occasion_id=row["occasion_id"],
                    rater=Person(role=row["rater_role"], ref=row["rater_ref"]),
                    instrument=row["instrument"],
                    form=row["form"],
                    how=how,
                    by=_person(actor),
                    at=row["voided_at"],
                )
            )
    return found


def _actor(role: str | None, ref: str | None) -> Actor | None:
    return None if role is None or ref is None else Actor(role, ref)


def _person(actor: Actor | None) -> Person | None:
    return None if actor is None else Person(role=actor.role, ref=actor.ref)
