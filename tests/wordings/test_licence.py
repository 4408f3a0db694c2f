"""What a grant and the rights allow: a table of cases, and what must hold for all."""

from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wordings.licence import USES, Grant, covered_uses, refusal, time_refusal

PROTECTED: Final = {
    "status": "permission_required",
    "electronic_use": "licence_required",
    "commercial_use": "licence_required",
}
UNKNOWN: Final = {"status": "unknown", "electronic_use": "unknown", "commercial_use": "unknown"}
OPEN: Final = {"status": "open", "electronic_use": "allowed", "commercial_use": "allowed"}
FREE: Final = OPEN | {"status": "open_noncommercial", "commercial_use": "not_allowed"}
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def grant(**changes: Any) -> Grant:
    values: dict[str, Any] = {
        "holder": "h",
        "languages": frozenset({"en"}),
        "electronic": True,
        "commercial": False,
        "uses": frozenset({"clinical"}),
        "valid_from": FIRST,
        "valid_to": LAST,
        "reference": "r",
        "attribution": "a",
    }
    return Grant(**values | changes)


WIDE: Final = grant(commercial=True, uses=frozenset({"clinical", "educational", "research"}))


@pytest.mark.parametrize(
    ("rights", "given_grant", "declared", "code"),
    [
        (PROTECTED, grant(), ["clinical"], None),
        (PROTECTED, grant(), ["clinical", "commercial"], "commercial_not_covered"),
        (PROTECTED, grant(commercial=True), ["clinical", "commercial"], None),
        (PROTECTED, grant(), ["research"], "use_not_covered"),
        (PROTECTED, grant(), ["research", "commercial"], "use_not_covered"),
        (PROTECTED, grant(), [], "use_not_declared"),
        (PROTECTED, WIDE, [], None),
        (PROTECTED, grant(electronic=False), ["clinical"], "electronic_not_covered"),
        (PROTECTED, grant(languages=frozenset({"de"})), ["clinical"], "language_not_covered"),
        (PROTECTED, None, ["clinical"], "electronic_not_covered"),
        (UNKNOWN, None, ["clinical"], "electronic_not_covered"),
        (UNKNOWN, grant(), ["clinical"], None),
        (UNKNOWN | {"electronic_use": "allowed"}, None, ["clinical"], "use_not_covered"),
        (OPEN, None, [], None),
        (OPEN, None, USES, None),
        (FREE, None, ["clinical", "educational", "research"], None),
        (FREE, None, ["commercial"], "commercial_not_covered"),
        (FREE, None, [], "use_not_declared"),
        (FREE, grant(uses=frozenset(), commercial=True), ["commercial"], None),
    ],
)
def test_what_is_refused(
    rights: dict[str, str], given_grant: Grant | None, declared: list[str], code: str | None
) -> None:
    found = refusal(rights, given_grant, "en", declared, FIRST)
    assert (found and found.code) == code


@pytest.mark.parametrize(
    ("today", "code"),
    [
        (FIRST - timedelta(1), "grant_not_begun"),
        (FIRST, None),
        (LAST, None),
        (LAST + timedelta(1), "grant_expired"),
    ],
)
def test_both_days_of_a_grant_belong_to_it(today: date, code: str | None) -> None:
    late = time_refusal(grant(), today)
    assert (late and late.code) == code
    assert time_refusal(grant(valid_to=None), date(9998, 12, 31)) is None


PERMISSIONS = st.sampled_from(["allowed", "licence_required", "not_allowed", "unknown"])
RIGHTS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(
            ["open", "open_noncommercial", "permission_required", "commercial", "unknown"]
        ),
        "electronic_use": PERMISSIONS,
        "commercial_use": PERMISSIONS,
    }
)
GRANTS = st.none() | st.builds(
    grant,
    electronic=st.booleans(),
    commercial=st.booleans(),
    uses=st.frozensets(st.sampled_from(["clinical", "educational", "research"])),
    languages=st.frozensets(st.sampled_from(["en", "de"]), min_size=1),
)
DECLARED = st.frozensets(st.sampled_from(USES), min_size=1)


@given(RIGHTS, GRANTS, DECLARED)
def test_nothing_is_allowed_that_nobody_allowed(
    rights: dict[str, str], given_grant: Grant | None, declared: frozenset[str]
) -> None:
    if refusal(rights, given_grant, "en", declared, FIRST) is not None:
        return
    assert rights["electronic_use"] == "allowed" or (given_grant and given_grant.electronic)
    assert declared <= covered_uses(rights, given_grant)
    if "commercial" in declared:
        assert rights["commercial_use"] == "allowed" or (given_grant and given_grant.commercial)
    assert given_grant is None or "en" in given_grant.languages


@given(RIGHTS, GRANTS, DECLARED)
def test_to_declare_nothing_is_to_declare_everything(
    rights: dict[str, str], given_grant: Grant | None, declared: frozenset[str]
) -> None:
    silent = refusal(rights, given_grant, "en", (), FIRST)
    if silent is None:
        assert refusal(rights, given_grant, "en", declared, FIRST) is None
    everything = refusal(rights, given_grant, "en", USES, FIRST)
    assert (silent is None) == (everything is None)
