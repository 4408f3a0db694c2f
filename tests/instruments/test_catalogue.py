"""The shipped catalogue: free of faults, scores what its vectors say, holds no wording."""

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from math import ceil
from typing import Any

import pytest

from app.instruments.checking import definition_faults
from app.instruments.definitions import DIRECTORY, Definition, catalogue_of
from app.measurement.key import ScoringKey
from app.measurement.scoring import rounded, scored

CATALOGUE = catalogue_of(DIRECTORY)
DEFINITIONS = {
    f"{d.instrument} {d.revision}": d for group in CATALOGUE.definitions.values() for d in group
}
DOCUMENTS: dict[str, Any] = {
    name: json.loads((DIRECTORY / d.instrument / f"{d.revision}.json").read_bytes())
    for name, d in DEFINITIONS.items()
}
SCORABLE = [name for name, d in DEFINITIONS.items() if d.scorable]
VECTORS = [(name, v["id"], v) for name in SCORABLE for v in DOCUMENTS[name]["test_vectors"]]
WORDING = {"text", "wording", "label", "labels", "anchors", "low_label", "high_label"}


def test_catalogue_has_no_faults() -> None:
    assert definition_faults(DIRECTORY) == []


def test_how_much_there_is() -> None:
    kinds = Counter(d.document["availability"] for d in DEFINITIONS.values())
    assert kinds == {"scorable": 13, "pending": 43}


@pytest.mark.parametrize(("name", "_id", "vector"), VECTORS)
def test_vector_gives_its_scores(name: str, _id: str, vector: dict[str, Any]) -> None:
    key = DEFINITIONS[name].forms[vector["form"]].key
    found = {
        s.scale: [None if x is None else float(rounded(x)) for x in (s.sum, s.mean)]
        for s in scored(vector["answers"], key)
    }
    assert found == {s: [e["sum"], e["mean"]] for s, e in vector["expected"].items()}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_definition_holds_no_wording(name: str) -> None:
    document = {**DOCUMENTS[name], "citations": []}  # a reference has a text, a form has none here
    assert set(names_in(document)) & WORDING == set()
    assert all(set(citation) <= {"text", "doi", "url"} for citation in DOCUMENTS[name]["citations"])


def names_in(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from part
        for value in part.values():
            yield from names_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from names_in(value)


def test_every_scorable_instrument_cites_a_source() -> None:
    assert all(DOCUMENTS[name]["citations"] for name in SCORABLE)


def test_only_our_own_instruments_are_open_and_have_text_packs() -> None:
    ours = {"open-triad-1", "open-triad-lines-1"}
    status = {name: d.document["rights"]["status"] for name, d in DEFINITIONS.items()}
    assert {name.split()[0] for name, s in status.items() if s == "open"} == ours
    assert {instrument for instrument, _, _ in CATALOGUE.text_packs} <= ours


@pytest.mark.parametrize("name", SCORABLE)
def test_house_rule_for_missing_items(name: str) -> None:
    for key in DOCUMENTS[name]["keys"].values():
        for scale in key["scales"]:
            items, is_total = len(scale["items"]), scale["id"] == "total"
            whole = is_total and items <= 4
            share = Decimal(1) if whole else Decimal("0.80") if is_total else Decimal("0.75")
            assert scale["min_answered"] == ceil(share * items), (name, scale["id"])


@pytest.mark.parametrize(
    ("instrument", "form", "lowest", "highest"),
    [
        ("wai-1989", "client", 36, 252),
        ("wai-s-1989", "observer", 12, 84),
        ("wai-sr-2006", "client", 12, 60),
        ("wai-srt-2006", "professional", 10, 50),
        ("haq2-1996", "client", 19, 114),
        ("arm5-2012", "client", 5, 35),
        ("sai-2015", "client", 0, 30),
        ("srs-3", "client", 0, 40),
        ("star-2007", "client", 0, 48),
        ("tasc-r-1992", "family_member", 12, 48),
        ("collaborate-2013", "client", 0, 27),
        ("open-triad-1", "professional_guess", 0, 36),
        ("open-triad-lines-1", "observer", 0, 40),
    ],
)
def test_ends_of_the_total(instrument: str, form: str, lowest: int, highest: int) -> None:
    key = newest(instrument).forms[form].key
    worst = {i: int(key.high if i in key.reversed else key.low) for i in key.items}
    best = {i: int(key.low if i in key.reversed else key.high) for i in key.items}
    assert [total(worst, key), total(best, key)] == [lowest, highest]


def newest(instrument: str) -> Definition:
    return CATALOGUE.definition(instrument)


def total(answers: dict[str, int], key: ScoringKey) -> Decimal | None:
    return next(s.sum for s in scored(answers, key) if s.scale == "total")
