"""Who rated whom: what a submission may leave out in a pair, and what it must say otherwise."""

from dataclasses import dataclass
from typing import Final

from app.alliances.merged_refs import FormerRefs, present_ref
from app.alliances.raters import Members, named_ref
from app.errors import FieldError, InvalidRequest
from app.occasions.schemas import RaterIn

GROUP: Final = "group"


@dataclass(frozen=True, slots=True)
class Parties:
    """Rater and about, resolved: both spellings of the same thing give the same parties."""

    rater_role: str
    rater_ref: str
    about_role: str
    about_ref: str | None
    """None with about_role `group`."""


def parties(members: Members, former: FormerRefs, rater: RaterIn, about_ref: str | None) -> Parties:
    """The rater and whom the answers are about, under their present references.

    Raises InvalidRequest: rater_ref_required, rater_not_member, about_required,
    about_not_member, about_ambiguous.
    """
    rater_ref = named_ref(members, former, rater.role, rater.ref, said_as="rater")
    about_role, about = _about(members, former, (rater.role, rater_ref), about_ref)
    return Parties(rater.role, rater_ref, about_role, about)


def _about(
    members: Members, former: FormerRefs, rater: tuple[str, str], about_ref: str | None
) -> tuple[str, str | None]:
    if about_ref is None:
        others = members - {rater}
        if len(members) == 2 and len(others) == 1:  # noqa: PLR2004 - a pair
            return next(iter(others))
        raise _refused("/about_ref", "about_required", f"A member's ref, or {GROUP}.")
    named = sorted(
        (role, ref)
        for role, ref in members - {rater}
        if ref == present_ref(former, role, about_ref)
    )
    if len(named) > 1:
        detail = "Several members have this ref, in different roles."
        raise _refused("/about_ref", "about_ambiguous", detail)
    if named:
        return named[0]
    if about_ref == GROUP:
        return GROUP, None
    raise _refused("/about_ref", "about_not_member", f"Expected a member's ref, or {GROUP}.")


def _refused(pointer: str, code: str, detail: str) -> InvalidRequest:
    return InvalidRequest.of(FieldError(pointer, code, detail))
