"""References that were merged into others: whom an old one means by now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

FormerRefs: TypeAlias = Mapping[tuple[str, str], str]
"""(role, a reference merged away) -> the reference that took its place then."""


def former_refs(stored: Sequence[Sequence[str]] | None) -> FormerRefs:
    """The former references of one alliance as its row has them: [role, from, into] each."""
    return {(role, old): new for role, old, new in stored or ()}


def present_ref(former: FormerRefs, role: str, ref: str) -> str:
    """Whom a reference means by now; itself, if it was never merged into another."""
    # No reference leads back to itself, so the way ends after at most one step for each merge.
    for _ in former:
        ref = former.get((role, ref), ref)
    return ref


def present_members(
    former: FormerRefs, members: Iterable[tuple[str, str]]
) -> frozenset[tuple[str, str]]:
    """The members under their present references."""
    return frozenset((role, present_ref(former, role, ref)) for role, ref in members)
