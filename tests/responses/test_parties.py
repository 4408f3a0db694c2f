"""Who rated whom: a specification table of what may be left out and what is refused."""

import pytest

from app.errors import InvalidRequest
from app.occasions.schemas import RaterIn
from app.responses.parties import Parties, parties

PAIR = frozenset({("client", "c"), ("professional", "p")})
FAMILY = frozenset(
    {("client", "c"), ("family_member", "m"), ("professional", "p"), ("professional", "q")}
)
SAME_REF = frozenset({("client", "1"), ("client", "2"), ("professional", "1")})


@pytest.mark.parametrize(
    ("members", "role", "ref", "about", "expected"),
    [
        (PAIR, "client", None, None, Parties("client", "c", "professional", "p")),
        (PAIR, "client", "c", "p", Parties("client", "c", "professional", "p")),
        (PAIR, "professional", None, None, Parties("professional", "p", "client", "c")),
        (PAIR, "client", None, "group", Parties("client", "c", "group", None)),
        (PAIR, "observer", "o", "p", Parties("observer", "o", "professional", "p")),
        (PAIR, "supervisor", "s", "group", Parties("supervisor", "s", "group", None)),
        (FAMILY, "client", "c", "q", Parties("client", "c", "professional", "q")),
        (FAMILY, "family_member", "m", "c", Parties("family_member", "m", "client", "c")),
        (SAME_REF, "client", "1", "1", Parties("client", "1", "professional", "1")),
    ],
)
def test_parties(
    members: frozenset[tuple[str, str]],
    role: str,
    ref: str | None,
    about: str | None,
    expected: Parties,
) -> None:
    rater = RaterIn.model_validate({"role": role, "ref": ref})
    assert parties(members, {}, rater, about) == expected


@pytest.mark.parametrize(
    ("members", "role", "ref", "about", "code"),
    [
        (PAIR, "client", "p", None, "rater_not_member"),
        (PAIR, "professional", "someone", None, "rater_not_member"),
        (PAIR, "family_member", "m", None, "rater_not_member"),
        (PAIR, "family_member", None, None, "rater_ref_required"),
        (PAIR, "observer", None, "p", "rater_ref_required"),
        (PAIR, "observer", "o", None, "about_required"),
        (PAIR, "client", None, "someone", "about_not_member"),
        (PAIR, "client", None, "c", "about_not_member"),
        (FAMILY, "client", None, "p", "rater_ref_required"),
        (FAMILY, "client", "c", None, "about_required"),
        (SAME_REF, "client", "2", "1", "about_ambiguous"),
        (SAME_REF, "observer", "o", "1", "about_ambiguous"),
    ],
)
def test_refusals(
    members: frozenset[tuple[str, str]], role: str, ref: str | None, about: str | None, code: str
) -> None:
    rater = RaterIn.model_validate({"role": role, "ref": ref})
    with pytest.raises(InvalidRequest) as refused:
        parties(members, {}, rater, about)
    assert [error.code for error in refused.value.errors] == [code]
