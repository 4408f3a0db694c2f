"""The rows of marks, without a database: what comes with a submission as well."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from app.alliances.locked import LockedAlliance
from app.errors import InvalidRequest
from app.marks.models import marks
from app.marks.rows import is_note_shown, is_shown, mark_rows
from app.marks.schemas import MarkSaid
from app.tenants.authentication import Actor, Caller

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTICE = {"ref": None, "audience": ["professional"], "level": "scores"}
PAIR = frozenset({("client", "c"), ("professional", "p")})
ALLIANCE = LockedAlliance(uuid4(), PAIR, None, None, None, NOW, None, 0, {})
CALLER = cast("Caller", SimpleNamespace(key=SimpleNamespace(key_id="k"), actor=Actor("other", "d")))


def said(role: str = "client", ref: str | None = None, kind: str = "rupture") -> MarkSaid:
    return MarkSaid.model_validate({"by": {"role": role, "ref": ref}, "kind": kind})


def rows(*marks_said: MarkSaid, **more: Any) -> list[dict[str, Any]]:
    alliance = more.pop("alliance", ALLIANCE)
    given = {"source": "ehr", "notice": NOTICE} | more
    return mark_rows(alliance, CALLER, marks_said, NOW, **given)


def test_a_row_has_every_column_but_tenant_and_occasion() -> None:
    (row,) = rows(said())
    assert row.keys() == {column.name for column in marks.c} - {"tenant_id", "occasion_id"}


def test_marks_of_a_submission_keep_their_order_and_name_it() -> None:
    response_id = uuid4()
    found = rows(said(), said("professional", kind="repair"), response_id=response_id)
    assert [(row["by_ref"], row["kind"]) for row in found] == [("c", "rupture"), ("p", "repair")]
    assert {row["response_id"] for row in found} == {response_id}
    assert len({row["id"] for row in found}) == 2
    assert {(row["actor_role"], row["actor_ref"]) for row in found} == {("other", "d")}


def test_everybody_who_is_no_member_is_pointed_at() -> None:
    with pytest.raises(InvalidRequest) as refused:
        rows(said(ref="x"), said(), said("family_member"), within="/marks")
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/marks/0/by/ref", "by_not_member"),
        ("/marks/2/by/ref", "by_ref_required"),
    ]


def test_a_merged_reference_is_stored_as_whom_it_means_by_now() -> None:
    merged = replace(ALLIANCE, former={("client", "old"): "c"})
    (row,) = rows(said(ref="old"), alliance=merged)
    assert row["by_ref"] == "c"


def test_below_level_items_the_audience_sees_the_mark_and_not_its_note() -> None:
    (row,) = rows(said())
    professional, client = Actor("professional", "p"), Actor("client", "c")
    assert is_shown(row, professional, {})
    assert not is_note_shown(row, professional, {})
    assert is_note_shown(row, client, {})
    assert not is_shown(row, Actor("client", "other"), {})
