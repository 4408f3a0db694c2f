"""Checks of the shipped catalogue: schemas, keys, test vectors, text packs and the manifest.

Every fault is one line that starts with the file. Nothing here runs while the service answers;
`rapport instruments check` and the tests use it. What is wrong with one document is found in
definition_checking and text_pack_checking, which judge tenants' own as well.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from app.instruments.definition_checking import faults_of_definition
from app.instruments.definitions import Document, form_revision_of
from app.instruments.faults import schema_faults
from app.instruments.text_pack_checking import wording_faults

MANIFEST: Final = "manifest.json"


def definition_faults(directory: Path) -> list[str]:
    """Everything wrong with the definitions, text packs and manifest below directory."""
    faults = list(_manifest_faults(directory))
    sound: dict[Path, Document | None] = {}  # None: a definition with faults of its own
    for path in sorted(_files(directory), key=_is_text_pack):
        document = _json_object(path)
        if document is None:
            wrong = ["not a JSON object"]
        elif _is_text_pack(path):
            wrong = list(dict.fromkeys(f.line for f in schema_faults(document, "text_pack")))
            wrong = wrong or list(_text_pack_faults(document, path, sound))
        else:
            wrong = list(_definition_faults(document, path))
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


def _definition_faults(document: Document, path: Path) -> Iterator[str]:
    """Where the definition stands in the wrong place, and what is wrong with it."""
    faults = list(schema_faults(document, "definition"))
    if not faults:
        if document["instrument"] != path.parent.name:
            yield f"instrument: {document['instrument']} stands in folder {path.parent.name}"
        if document["revision"] != path.stem:
            yield f"revision: {document['revision']} stands in file {path.name}"
        faults = faults_of_definition(document)
    yield from dict.fromkeys(fault.line for fault in faults)


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
            yield from dict.fromkeys(fault.line for fault in wording_faults(pack, definition))
