"""Checks of the shipped catalogue: schemas, keys, test vectors, text packs and the manifest.

Every fault is one line that starts with the file. Nothing here runs while the service answers;
`rapport instruments check` and the tests use it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from app.instruments.definitions import Document, definition_from, form_revision_of
from app.measurement.answers import AnswersRefused
from app.measurement.key import ScoringKey
from app.measurement.scoring import rounded, scored

MANIFEST: Final = "manifest.json"
SCHEMAS: Final = Path(__file__).parent
BRANCHES: Final = {"scorable": 0, "pending": 1}
"""Which branch of the definition schema a document has chosen by its availability."""
FEWEST_VECTORS: Final = 2


def definition_faults(directory: Path) -> list[str]:
    """Everything wrong with the definitions, text packs and manifest below directory."""
    faults = list(_manifest_faults(directory))
    sound: dict[Path, Document | None] = {}  # None: a definition with faults of its own
    for path in sorted(_files(directory), key=_is_text_pack):
        document = _json_object(path)
        if document is None:
            wrong = ["not a JSON object"]
        elif _is_text_pack(path):
            wrong = list(_schema_faults(document, "text_pack"))
            wrong = wrong or list(_text_pack_faults(document, path, sound))
        else:
            wrong = list(_schema_faults(document, "definition"))
            wrong = wrong or list(_definition_faults(document, path))
            sound[path] = None if wrong else document
        faults += [f"{_place(path, directory)}: {fault}" for fault in wrong]
    return faults


def manifest_of(directory: Path) -> dict[str, dict[str, str]]:
    """The manifest as it should be now: relative path -> SHA-256 of every file."""
    hashes = {path: hashlib.sha256(path.read_bytes()) for path in _files(directory)}
    return {"files": {_place(path, directory): h.hexdigest() for path, h in hashes.items()}}


def published(directory: Path) -> list[str]:
    """Add new files to the manifest and return their names; what is published never changes.

    Raises ValueError naming the first file that was changed or removed since its publication;
    then the manifest stays as it is.
    """
    now = manifest_of(directory)["files"]
    before = _published_files(directory)
    for place, digest in before.items():
        if place not in now:
            raise ValueError(f"{place} is published and was removed.")
        if now[place] != digest:
            raise ValueError(f"{place} is published and was changed; give it a new revision.")
    text = json.dumps({"files": now}, indent=2, sort_keys=True) + "\n"
    (directory / MANIFEST).write_text(text, encoding="utf-8")
    return sorted(now.keys() - before.keys())


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*.json") if path != directory / MANIFEST)


def _place(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix()


def _is_text_pack(path: Path) -> bool:
    return ".texts." in path.name


def _json_object(path: Path) -> dict[str, Any] | None:
    """The document; None if the file holds no JSON object."""
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _published_files(directory: Path) -> dict[str, str]:
    path = directory / MANIFEST
    files = (_json_object(path) or {}).get("files", {}) if path.exists() else {}
    return dict(files)


def _manifest_faults(directory: Path) -> Iterator[str]:
    now, listed = manifest_of(directory)["files"], _published_files(directory)
    for place in sorted(now.keys() | listed.keys()):
        if place not in listed:
            yield f"{place}: not in the manifest"
        elif place not in now:
            yield f"{place}: in the manifest, but there is no such file"
        elif now[place] != listed[place]:
            yield f"{place}: differs from what the manifest says was published"


def _schema_faults(document: Document, kind: str) -> Iterator[str]:
    """Where the document departs from its JSON Schema."""
    if kind == "definition" and document.get("availability") not in BRANCHES:
        yield "availability: expected scorable or pending"
        return
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_bytes())
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in checker.iter_errors(document):
        for cause in _causes(error, document):
            where = "/".join(str(part) for part in cause.absolute_path) or "document"
            yield f"{where}: {cause.message}"


def _causes(error: ValidationError, document: Document) -> list[ValidationError]:
    """The error itself, or instead of `none of both branches` those of the chosen branch."""
    if error.validator != "oneOf" or error.absolute_path:
        return [error]
    branch = BRANCHES[document["availability"]]
    return [cause for cause in error.context or () if cause.schema_path[0] == branch]


def _definition_faults(document: Document, path: Path) -> Iterator[str]:
    """What a JSON Schema cannot say about a definition."""
    if document["instrument"] != path.parent.name:
        yield f"instrument: {document['instrument']} stands in folder {path.parent.name}"
    if document["revision"] != path.stem:
        yield f"revision: {document['revision']} stands in file {path.name}"
    if document["availability"] == "pending":
        return
    for name, key in document["keys"].items():
        yield from (f"key {name}: {fault}" for fault in _key_faults(key))
    faults = [*_form_faults(document), *_cut_faults(document)]
    yield from faults
    if not faults:
        yield from _vector_faults(document)


def _key_faults(key: Document) -> Iterator[str]:
    items, used = set(key["items"]), set[str]()
    if key["low"] >= key["high"]:
        yield f"low {key['low']} is not below high {key['high']}"
    if unknown := set(key["reversed"]) - items:
        yield f"reversed items {_listed(unknown)} are not in the key"
    for scale in key["scales"]:
        name = f"scale {scale['id']}"
        used |= set(scale["items"])
        if unknown := set(scale["items"]) - items:
            yield f"{name}: items {_listed(unknown)} are not in the key"
        if scale["min_answered"] > len(scale["items"]):
            yield f"{name}: min_answered is more than its {len(scale['items'])} items"
        if scale["use"] == "decision" and len(scale["items"]) == 1:
            yield f"{name}: one item alone is never for decisions"
        if scale["id"] == "total" and scale["component"] is not None:
            yield f"{name}: a total measures no single component"
    if unused := items - used:
        yield f"items {_listed(unused)} belong to no scale"
    yield from _scale_pair_faults(key["scales"])


def _scale_pair_faults(scales: list[Document]) -> Iterator[str]:
    """Scales of one key against each other: ids, components, shared items."""
    yield from _repeated((scale["id"] for scale in scales), "scale")
    yield from _repeated((s["component"] for s in scales if s["component"]), "component")
    for one, other in combinations(scales, 2):
        shared = set(one["items"]) & set(other["items"])
        if shared and not (one["overlaps"] or other["overlaps"]):
            yield f"scales {one['id']} and {other['id']} share items {_listed(shared)}"


def _form_faults(document: Document) -> Iterator[str]:
    keys = document["keys"]
    for name, form in document["forms"].items():
        if form["key"] not in keys:
            yield f"form {name}: there is no key {form['key']}"
            continue
        key = keys[form["key"]]
        scales = {scale["id"] for scale in key["scales"]}
        if missing := scales - form["status"].keys():
            yield f"form {name}: no status for {_listed(missing)}"
        if unknown := form["status"].keys() - scales:
            yield f"form {name}: status of {_listed(unknown)}, which the key does not have"
        shown = (form["display"] or {"high_to_low": ()})["high_to_low"]
        if unknown := set(shown) - set(key["items"]):
            yield f"form {name}: display of items {_listed(unknown)}, which the key does not have"
    used = {form["key"] for form in document["forms"].values()}
    if unused := keys.keys() - used:
        yield f"keys {_listed(unused)} belong to no form"


def _cut_faults(document: Document) -> Iterator[str]:
    cuts = document["cuts"]
    defaults = sum(cut["default"] for cut in cuts)
    if cuts and defaults != 1:
        yield f"cuts: {defaults} of them are the default, expected one"
    yield from _repeated((cut["id"] for cut in cuts), "cut")
    for cut in cuts:
        wanted = {c["scale"] for c in cut["any_of"] if c["scale"] is not None}
        for name, key in document["keys"].items():
            if unknown := wanted - {scale["id"] for scale in key["scales"]}:
                yield f"cut {cut['id']}: key {name} has no scale {_listed(unknown)}"


def _vector_faults(document: Document) -> Iterator[str]:
    forms = definition_from(document, "").forms
    tested = Counter[str]()
    for vector in document["test_vectors"]:
        if vector["form"] not in forms:
            yield f"vector {vector['id']}: there is no form {vector['form']}"
            continue
        tested[document["forms"][vector["form"]]["key"]] += 1
        faults = _score_faults(vector, forms[vector["form"]].key)
        yield from (f"vector {vector['id']}: {fault}" for fault in faults)
    yield from _repeated((vector["id"] for vector in document["test_vectors"]), "vector")
    for name in document["keys"]:
        if tested[name] < FEWEST_VECTORS:
            yield f"key {name}: {tested[name]} test vectors, expected at least {FEWEST_VECTORS}"


def _score_faults(vector: Document, key: ScoringKey) -> Iterator[str]:
    try:
        scores = scored(vector["answers"], key)
    except AnswersRefused as refused:
        yield from (f"answer to {f.item} refused: {f.detail}" for f in refused.faults)
        return
    expected = vector["expected"]
    if different := {score.scale for score in scores} ^ expected.keys():
        yield f"expected and scored differ in the scales {_listed(different)}"
        return
    for score in scores:
        for what, value in (("sum", score.sum), ("mean", score.mean)):
            wanted = expected[score.scale][what]
            found = None if value is None else rounded(value)
            if found != (None if wanted is None else Decimal(str(wanted))):
                yield f"{what} of {score.scale} is {found}, expected {wanted}"


def _text_pack_faults(
    pack: Document, path: Path, definitions: Mapping[Path, Document | None]
) -> Iterator[str]:
    """A text pack against its path and every sound definition of what it words."""
    if path.name != f"{pack['form_revision']}.texts.{pack['language']}.json":
        yield f"holds form revision {pack['form_revision']}, language {pack['language']}"
    if pack["instrument"] != path.parent.name:
        yield f"instrument: {pack['instrument']} stands in folder {path.parent.name}"
    worded = [
        definition
        for file, definition in definitions.items()
        if file.parent == path.parent and form_revision_of(file.stem) == pack["form_revision"]
    ]
    if not worded:
        yield f"there is no definition of form revision {pack['form_revision']}"
    for definition in filter(None, worded):
        if definition["rights"]["status"] != "open":
            yield f"wording of an instrument whose rights are {definition['rights']['status']}"
        if definition["availability"] == "scorable":
            yield from _wording_faults(pack, definition)


def _wording_faults(pack: Document, definition: Document) -> Iterator[str]:
    """Every form, item and answer of the definition has words, and nothing else has."""
    if different := pack["forms"].keys() ^ definition["forms"].keys():
        yield f"pack and definition differ in the forms {_listed(different)}"
    for name in sorted(pack["forms"].keys() & definition["forms"].keys()):
        words = pack["forms"][name]
        key = definition["keys"][definition["forms"][name]["key"]]
        if different := words["items"].keys() ^ set(key["items"]):
            yield f"form {name}: pack and key differ in the items {_listed(different)}"
        if key["kind"] == "likert":
            values = {str(value) for value in range(int(key["low"]), int(key["high"]) + 1)}
            if different := (words["labels"] or {}).keys() ^ values:
                yield f"form {name}: labels and values differ in {_listed(different)}"
            continue
        if words["labels"] is not None:
            yield f"form {name}: a line has ends, no labels for values"
        for item, text in words["items"].items():
            if "low_label" not in text or "high_label" not in text:
                yield f"form {name}: item {item} does not say what its ends mean"


def _repeated(names: Iterable[str], what: str) -> Iterator[str]:
    yield from (f"{what} {name}: {n} times" for name, n in Counter(names).items() if n > 1)


def _listed(names: Iterable[str]) -> str:
    """Names in order, numbers by size."""
    return ", ".join(sorted(names, key=lambda name: (len(name), name)))
