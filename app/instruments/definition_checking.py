"""What is wrong with one definition, whoever wrote it: the shipped ones and tenants' own."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from typing import Final

from app.instruments.definitions import Document, definition_from
from app.instruments.faults import Fault, listed, pointer_to, repeated, schema_faults
from app.measurement.answers import AnswersRefused
from app.measurement.key import ScoringKey
from app.measurement.scoring import rounded, scored

FEWEST_VECTORS: Final = 2


def faults_of_definition(document: Document) -> list[Fault]:
    """Everything wrong with a definition: its shape, else its sense, else its test vectors."""
    return list(schema_faults(document, "definition")) or list(faults_of_sense(document))


def faults_of_sense(document: Document) -> Iterator[Fault]:
    """What a JSON Schema cannot say about a definition; for one that fits it."""
    if document["availability"] == "pending":
        return
    faults = [
        *(fault for name, key in document["keys"].items() for fault in _key_faults(name, key)),
        *_form_faults(document),
        *_cut_faults(document),
    ]
    yield from faults
    if not faults:
        yield from _vector_faults(document)


def _key_faults(name: str, key: Document) -> Iterator[Fault]:
    items, used = set(key["items"]), set[str]()
    where, called = pointer_to("keys", name), f"key {name}: "
    if key["low"] >= key["high"]:
        line = f"{called}low {key['low']} is not below high {key['high']}"
        yield Fault(f"{where}/low", "out_of_range", "Expected less than high.", line)
    if unknown := set(key["reversed"]) - items:
        line = f"{called}reversed items {listed(unknown)} are not in the key"
        yield Fault(f"{where}/reversed", "unknown_item", NOT_IN_THE_KEY, line)
    for number, scale in enumerate(key["scales"]):
        used |= set(scale["items"])
        yield from _scale_faults(f"{where}/scales/{number}", called, scale, items)
    if unused := items - used:
        detail = "Each item must belong to a scale."
        line = f"{called}items {listed(unused)} belong to no scale"
        yield Fault(f"{where}/items", "item_without_scale", detail, line)
    yield from _scale_pair_faults(f"{where}/scales", called, key["scales"])


NOT_IN_THE_KEY: Final = "Expected items of the key."


def _scale_faults(where: str, called: str, scale: Document, items: set[str]) -> Iterator[Fault]:
    called += f"scale {scale['id']}: "
    if unknown := set(scale["items"]) - items:
        line = f"{called}items {listed(unknown)} are not in the key"
        yield Fault(f"{where}/items", "unknown_item", NOT_IN_THE_KEY, line)
    if scale["min_answered"] > len(scale["items"]):
        detail = f"The scale has {len(scale['items'])} items."
        line = f"{called}min_answered is more than its {len(scale['items'])} items"
        yield Fault(f"{where}/min_answered", "out_of_range", detail, line)
    if scale["use"] == "decision" and len(scale["items"]) == 1:
        line = f"{called}one item alone is never for decisions"
        detail = "One item alone is never for decisions: expected descriptive."
        yield Fault(f"{where}/use", "one_item_decides", detail, line)
    if scale["id"] == "total" and scale["component"] is not None:
        line = f"{called}a total measures no single component"
        detail = "A total measures no single component: expected null."
        yield Fault(f"{where}/component", "total_with_component", detail, line)


def _scale_pair_faults(where: str, called: str, scales: list[Document]) -> Iterator[Fault]:
    """Scales of one key against each other: ids, components, shared items."""
    yield from repeated((scale["id"] for scale in scales), f"{called}scale", where)
    components = (scale["component"] for scale in scales if scale["component"])
    yield from repeated(components, f"{called}component", where)
    for (_, one), (number, other) in combinations(enumerate(scales), 2):
        shared = set(one["items"]) & set(other["items"])
        if shared and not (one["overlaps"] or other["overlaps"]):
            line = f"{called}scales {one['id']} and {other['id']} share items {listed(shared)}"
            detail = "It shares items with another scale; if so on purpose, say overlaps: true."
            yield Fault(f"{where}/{number}/items", "shared_item", detail, line)


def _form_faults(document: Document) -> Iterator[Fault]:
    keys = document["keys"]
    for name, form in document["forms"].items():
        where = pointer_to("forms", name)
        if form["key"] not in keys:
            line = f"form {name}: there is no key {form['key']}"
            yield Fault(f"{where}/key", "unknown_key", "Expected a name in keys.", line)
            continue
        key = keys[form["key"]]
        scales = {scale["id"] for scale in key["scales"]}
        if missing := scales - form["status"].keys():
            line = f"form {name}: no status for {listed(missing)}"
            yield Fault(f"{where}/status", "required", ONE_STATUS, line)
        if unknown := form["status"].keys() - scales:
            line = f"form {name}: status of {listed(unknown)}, which the key does not have"
            yield Fault(f"{where}/status", "unknown_scale", ONE_STATUS, line)
        shown = (form["display"] or {"high_to_low": ()})["high_to_low"]
        if unknown := set(shown) - set(key["items"]):
            line = f"form {name}: display of items {listed(unknown)}, which the key does not have"
            yield Fault(f"{where}/display/high_to_low", "unknown_item", NOT_IN_THE_KEY, line)
    used = {form["key"] for form in document["forms"].values()}
    for name in sorted(keys.keys() - used):
        detail = "No form uses this key."
        yield Fault(pointer_to("keys", name), "unused", detail, f"keys {name} belong to no form")


ONE_STATUS: Final = "Expected a status for each scale of the key, and for nothing else."


def _cut_faults(document: Document) -> Iterator[Fault]:
    cuts = document["cuts"]
    defaults = sum(cut["default"] for cut in cuts)
    if cuts and defaults != 1:
        line = f"cuts: {defaults} of them are the default, expected one"
        yield Fault("/cuts", "not_one_default", "Exactly one cut is the default.", line)
    yield from repeated((cut["id"] for cut in cuts), "cut", "/cuts")
    for number, cut in enumerate(cuts):
        wanted = {c["scale"] for c in cut["any_of"] if c["scale"] is not None}
        for name, key in document["keys"].items():
            if unknown := wanted - {scale["id"] for scale in key["scales"]}:
                line = f"cut {cut['id']}: key {name} has no scale {listed(unknown)}"
                detail = "Expected scales that every key has."
                yield Fault(f"/cuts/{number}/any_of", "unknown_scale", detail, line)


def _vector_faults(document: Document) -> Iterator[Fault]:
    forms = definition_from(document, "").forms
    tested = Counter[str]()
    for number, vector in enumerate(document["test_vectors"]):
        where, called = f"/test_vectors/{number}", f"vector {vector['id']}: "
        if vector["form"] not in forms:
            line = f"{called}there is no form {vector['form']}"
            yield Fault(f"{where}/form", "unknown_form", "Expected a name in forms.", line)
            continue
        tested[document["forms"][vector["form"]]["key"]] += 1
        yield from _score_faults(where, called, vector, forms[vector["form"]].key)
    ids = (vector["id"] for vector in document["test_vectors"])
    yield from repeated(ids, "vector", "/test_vectors")
    for name in document["keys"]:
        if tested[name] < FEWEST_VECTORS:
            line = f"key {name}: {tested[name]} test vectors, expected at least {FEWEST_VECTORS}"
            detail = f"Each key needs at least {FEWEST_VECTORS} test vectors."
            yield Fault(pointer_to("keys", name), "too_few_vectors", detail, line)


def _score_faults(where: str, called: str, vector: Document, key: ScoringKey) -> Iterator[Fault]:
    try:
        scores = scored(vector["answers"], key)
    except AnswersRefused as refused:
        for fault in refused.faults:
            place = f"{where}/answers" + ("" if fault.item is None else pointer_to(fault.item))
            line = f"{called}answer to {fault.item} refused: {fault.detail}"
            yield Fault(place, fault.code, fault.detail, line)
        return
    expected = vector["expected"]
    if different := {score.scale for score in scores} ^ expected.keys():
        line = f"{called}expected and scored differ in the scales {listed(different)}"
        detail = "Expected each scale of the key, and nothing else."
        yield Fault(f"{where}/expected", "unknown_scale", detail, line)
        return
    for score in scores:
        for what, value in (("sum", score.sum), ("mean", score.mean)):
            wanted = expected[score.scale][what]
            found = None if value is None else rounded(value)
            if found != (None if wanted is None else Decimal(str(wanted))):
                place = where + pointer_to("expected", score.scale, what)
                line = f"{called}{what} of {score.scale} is {found}, expected {wanted}"
                detail = f"By this key it is {'null' if found is None else found}."
                yield Fault(place, "scores_otherwise", detail, line)
