"""Each kind of fault in a catalogue is found, in one line that starts with the file."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.instruments.checking import MANIFEST, definition_faults, manifest_of, published
from app.instruments.definitions import DIRECTORY

Document = dict[str, Any]
Change = Callable[[Document], object]
OPEN = "open-triad-1"
LINES = "open-triad-lines-1"
CUT = "srs-3"
PENDING = "calpas-1989"
DEFINITION = "1.0.json"
PACK = "1.texts.en.json"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A small sound catalogue: two open instruments with one pack each, one cut, one pending."""
    for instrument in (OPEN, LINES, CUT, PENDING):
        (tmp_path / instrument).mkdir()
        shutil.copy(DIRECTORY / instrument / DEFINITION, tmp_path / instrument / DEFINITION)
    for instrument in (OPEN, LINES):
        shutil.copy(DIRECTORY / instrument / PACK, tmp_path / instrument / PACK)
    published(tmp_path)
    return tmp_path


def faults_after(directory: Path, place: str, change: Change) -> list[str]:
    """The faults of the catalogue once one file of it was changed and published again."""
    path = directory / place
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    (directory / MANIFEST).unlink()
    published(directory)
    return definition_faults(directory)


def key_of(document: Document) -> Document:
    key: Document = next(iter(document["keys"].values()))
    return key


def scale_of(document: Document, name: str) -> Document:
    return next(scale for scale in key_of(document)["scales"] if scale["id"] == name)


def test_sound_catalogue_has_no_faults(directory: Path) -> None:
    assert definition_faults(directory) == []


DEFINITION_FAULTS: list[tuple[str, Change, str]] = [
    (OPEN, lambda d: d.pop("loinc"), "document: 'loinc' is a required property"),
    (OPEN, lambda d: d.update(wording={}), "'wording' was unexpected"),
    (OPEN, lambda d: d.update(availability="soon"), "availability: expected scorable or pending"),
    (OPEN, lambda d: d["rights"].update(verified_on="2026-13-01"), "is not a 'date'"),
    (PENDING, lambda d: d.update(missing=[]), "missing: [] should be non-empty"),
    (PENDING, lambda d: d.update(instrument="calpas-1990"), "stands in folder calpas-1989"),
    (OPEN, lambda d: d.update(revision="1.1"), "revision: 1.1 stands in file 1.0.json"),
    (OPEN, lambda d: key_of(d).update(low=4), "low 4 is not below high 4"),
    (OPEN, lambda d: key_of(d)["reversed"].append("77"), "reversed items 77 are not in the key"),
    (
        OPEN,
        lambda d: scale_of(d, "bond").update(items=["1", "4", "77"]),
        "scale bond: items 77 are not in the key",
    ),
    (OPEN, lambda d: key_of(d)["items"].append("10"), "items 10 belong to no scale"),
    (
        OPEN,
        lambda d: scale_of(d, "bond").update(items=["1", "4", "8"]),
        "scales bond and goals share items 8",
    ),
    (
        OPEN,
        lambda d: scale_of(d, "bond").update(min_answered=4),
        "scale bond: min_answered is more than its 3 items",
    ),
    (
        LINES,
        lambda d: scale_of(d, "overall").update(use="decision"),
        "scale overall: one item alone is never for decisions",
    ),
    (
        OPEN,
        lambda d: scale_of(d, "total").update(component="tasks"),
        "scale total: a total measures no single component",
    ),
    (OPEN, lambda d: scale_of(d, "tasks").update(component="bond"), "component bond: 2 times"),
    (OPEN, lambda d: scale_of(d, "tasks").update(id="bond"), "scale bond: 2 times"),
    (
        OPEN,
        lambda d: d["forms"]["client"].update(key="other"),
        "form client: there is no key other",
    ),
    (
        OPEN,
        lambda d: d["keys"].update(other=copy.deepcopy(key_of(d))),
        "keys other belong to no form",
    ),
    (
        OPEN,
        lambda d: d["forms"]["client"]["status"].pop("bond"),
        "form client: no status for bond",
    ),
    (
        OPEN,
        lambda d: d["forms"]["client"]["status"].update(trust="verified"),
        "form client: status of trust, which the key does not have",
    ),
    (
        OPEN,
        lambda d: d["forms"]["client"].update(display={"high_to_low": ["77"], "source": "none"}),
        "form client: display of items 77, which the key does not have",
    ),
    (CUT, lambda d: d["cuts"][0].update(default=False), "cuts: 0 of them are the default"),
    (CUT, lambda d: d["cuts"][1].update(default=True), "cuts: 2 of them are the default"),
    (CUT, lambda d: d["cuts"][1].update(id=d["cuts"][0]["id"]), "below-9: 2 times"),
    (
        CUT,
        lambda d: d["cuts"][1]["any_of"][0].update(scale="whole"),
        "cut srs-at-most-36: key four-lines has no scale whole",
    ),
    (
        OPEN,
        lambda d: d["test_vectors"][0]["expected"]["total"].update(sum=35.5),
        "expected 35.5",
    ),
    (
        OPEN,
        lambda d: d["test_vectors"][0]["expected"]["total"].update(mean=None),
        "expected None",
    ),
    (
        OPEN,
        lambda d: d["test_vectors"][0]["expected"].pop("total"),
        "expected and scored differ in the scales total",
    ),
    (
        OPEN,
        lambda d: d["test_vectors"][0]["answers"].update({"1": 5}),
        "answer to 1 refused: Expected a whole number from 0 to 4",
    ),
    (OPEN, lambda d: d["test_vectors"][0].update(form="judge"), "there is no form judge"),
    (
        OPEN,
        lambda d: d["test_vectors"][1].update(id=d["test_vectors"][0]["id"]),
        "vector OT-1: 2 times",
    ),
    (
        OPEN,
        lambda d: (
            d["forms"]["observer"].update(key="other"),
            d["keys"].update(other=copy.deepcopy(key_of(d))),
        ),
        "key other: 0 test vectors, expected at least 2",
    ),
]


@pytest.mark.parametrize(("instrument", "change", "fault"), DEFINITION_FAULTS)
def test_fault_of_a_definition(
    directory: Path, instrument: str, change: Change, fault: str
) -> None:
    found = faults_after(directory, f"{instrument}/{DEFINITION}", change)
    assert [f for f in found if f.startswith(f"{instrument}/{DEFINITION}: ") and fault in f]
    assert all("\n" not in line for line in found)


PACK_FAULTS: list[tuple[str, Change, str]] = [
    (OPEN, lambda p: p.pop("notices"), "document: 'notices' is a required property"),
    (OPEN, lambda p: p["non_answers"].pop("declined"), "'declined' is a required property"),
    (OPEN, lambda p: p.update(language="fr"), "holds form revision 1, language fr"),
    (OPEN, lambda p: p.update(instrument=LINES), f"{LINES} stands in folder {OPEN}"),
    (OPEN, lambda p: p["forms"].pop("client"), "pack and definition differ in the forms client"),
    (
        OPEN,
        lambda p: p["forms"]["client"]["items"].pop("5"),
        "form client: pack and key differ in the items 5",
    ),
    (
        OPEN,
        lambda p: p["forms"]["client"]["labels"].update({"5": "Even more"}),
        "form client: labels and values differ in 5",
    ),
    (
        OPEN,
        lambda p: p["forms"]["client"].update(labels=None),
        "form client: labels and values differ in 0, 1, 2, 3, 4",
    ),
    (
        LINES,
        lambda p: p["forms"]["client"].update(labels={"0": "None"}),
        "form client: a line has ends, no labels for values",
    ),
    (
        LINES,
        lambda p: p["forms"]["client"]["items"]["1"].pop("low_label"),
        "form client: item 1 does not say what its ends mean",
    ),
]


@pytest.mark.parametrize(("instrument", "change", "fault"), PACK_FAULTS)
def test_fault_of_a_text_pack(directory: Path, instrument: str, change: Change, fault: str) -> None:
    found = faults_after(directory, f"{instrument}/{PACK}", change)
    assert [f for f in found if f.startswith(f"{instrument}/{PACK}: ") and fault in f]


def test_wording_needs_open_rights(directory: Path) -> None:
    found = faults_after(
        directory, f"{OPEN}/{DEFINITION}", lambda d: d["rights"].update(status="unknown")
    )
    assert found == [f"{OPEN}/{PACK}: wording of an instrument whose rights are unknown"]


def test_wording_of_a_form_revision_that_nobody_defined(directory: Path) -> None:
    (directory / OPEN / PACK).rename(directory / OPEN / "2.texts.en.json")
    found = faults_after(
        directory, f"{OPEN}/2.texts.en.json", lambda p: p.update(form_revision="2")
    )
    assert found == [f"{OPEN}/2.texts.en.json: there is no definition of form revision 2"]


@pytest.mark.parametrize("content", ["{", "[]", "7"])
def test_file_that_is_no_json_object(directory: Path, content: str) -> None:
    (directory / OPEN / "1.1.json").write_text(content, encoding="utf-8")
    assert f"{OPEN}/1.1.json: not a JSON object" in definition_faults(directory)


def test_file_missing_from_the_manifest(directory: Path) -> None:
    copied = json.loads((directory / OPEN / DEFINITION).read_bytes()) | {"revision": "1.1"}
    (directory / OPEN / "1.1.json").write_text(json.dumps(copied), encoding="utf-8")
    assert definition_faults(directory) == [f"{OPEN}/1.1.json: not in the manifest"]


def test_manifest_names_a_file_that_is_gone(directory: Path) -> None:
    (directory / PENDING / DEFINITION).unlink()
    assert definition_faults(directory) == [
        f"{PENDING}/{DEFINITION}: in the manifest, but there is no such file"
    ]


def test_published_file_was_changed(directory: Path) -> None:
    path = directory / PENDING / DEFINITION
    path.write_bytes(path.read_bytes() + b"\n")
    assert definition_faults(directory) == [
        f"{PENDING}/{DEFINITION}: differs from what the manifest says was published"
    ]


def test_without_a_manifest_nothing_is_published(directory: Path) -> None:
    (directory / MANIFEST).unlink()
    found = definition_faults(directory)
    assert len(found) == len(manifest_of(directory)["files"]) == 6
    assert all(fault.endswith(": not in the manifest") for fault in found)


def test_publishing_adds_what_is_new_and_nothing_else(directory: Path) -> None:
    assert published(directory) == []
    shutil.copy(DIRECTORY / OPEN / "1.texts.de.json", directory / OPEN / "1.texts.de.json")
    assert published(directory) == [f"{OPEN}/1.texts.de.json"]
    assert json.loads((directory / MANIFEST).read_bytes()) == manifest_of(directory)
    assert definition_faults(directory) == []


def test_what_is_published_cannot_be_published_changed(directory: Path) -> None:
    before = (directory / MANIFEST).read_bytes()
    path = directory / OPEN / DEFINITION
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ValueError, match=rf"^{OPEN}/{DEFINITION} is published and was changed"):
        published(directory)
    assert (directory / MANIFEST).read_bytes() == before


def test_what_is_published_cannot_be_removed(directory: Path) -> None:
    (directory / PENDING / DEFINITION).unlink()
    with pytest.raises(ValueError, match=rf"^{PENDING}/{DEFINITION} is published and was removed"):
        published(directory)
