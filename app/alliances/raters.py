"""Who of an alliance, or from outside it, a call names as the one who rated or noticed."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from app.alliances.merged_refs import FormerRefs, present_ref
from app.errors import FieldError, InvalidRequest
from app.tenants.authentication import Actor

OUTSIDE_ROLES: Final = frozenset({"observer", "supervisor"})
"""Raters who are no members of the alliance."""
Members: TypeAlias = frozenset[tuple[str, str]]
"""(role, ref) of each member."""


SaidAs = Literal["rater", "by"]
"""The field of a request that names the person."""
_WHO: Final = "Who of the members is it? Give the ref."
_NOBODY: Final = "The alliance has no such member in this role."
_UNCLEAR: Final[Mapping[SaidAs, FieldError]] = {
    "rater": FieldError("/rater/ref", "rater_ref_required", _WHO),
    "by": FieldError("/by/ref", "by_ref_required", _WHO),
}
_NO_MEMBER: Final[Mapping[SaidAs, FieldError]] = {
    "rater": FieldError("/rater/ref", "rater_not_member", _NOBODY),
    "by": FieldError("/by/ref", "by_not_member", _NOBODY),
}


def named_ref(
    members: Members, former: FormerRefs, role: str, ref: str | None, *, said_as: SaidAs
) -> str:
    """The present reference of the person who is named; in a pair ref may be left out.

    Raises InvalidRequest, pointing at the field: <said_as>_ref_required, <said_as>_not_member.
    """
    known = ref or _only_member(members, role)
    if known is None:
        raise InvalidRequest.of(_UNCLEAR[said_as])
    present = present_ref(former, role, known)
    if role not in OUTSIDE_ROLES and (role, present) not in members:
        raise InvalidRequest.of(_NO_MEMBER[said_as])
    return present


def is_acting(actor: Actor | None, role: str, ref: str, former: FormerRefs) -> bool:
    """Whether the person acting is the one with this role and reference, whatever it was then."""
    if actor is None or actor.role != role:
        return False
    acting, named = (present_ref(former, role, one) for one in (actor.ref, ref))
    return acting == named


def _only_member(members: Members, role: str) -> str | None:
    """In a pair, the one with this role."""
    refs = [ref for member_role, ref in members if member_role == role]
    return refs[0] if len(members) == 2 and len(refs) == 1 else None  # noqa: PLR2004 - a pair
