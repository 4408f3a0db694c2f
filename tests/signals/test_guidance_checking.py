"""Each kind of fault in the texts of signals and guidance is found, in one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from app.alliances.schemas import Setting
from app.instruments.schemas import RaterRole
from app.signals.guidance import DIRECTORY
from app.signals.guidance_checking import SCHEMA, guidance_faults

Document = dict[str, Any]
Change = Callable[[Document], object]
FALL = "sudden_drop"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The shipped files, to be changed."""
    return Path(shutil.copytree(DIRECTORY, tmp_path / "guidance"))


def faults_after(directory: Path, name: str, change: Change) -> list[str]:
    path = directory / f"{name}.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return guidance_faults(directory)


def test_the_shipped_texts_have_no_faults() -> None:
    assert guidance_faults(DIRECTORY) == []


def test_the_schema_knows_the_settings_of_an_alliance() -> None:
    schema = json.loads(SCHEMA.read_bytes())
    assert tuple(schema["$defs"]["setting"]["enum"]) == get_args(Setting)


def test_every_language_has_words_for_every_role() -> None:
    for name in ("en", "es", "de"):
        texts = json.loads((DIRECTORY / f"{name}.json").read_bytes())
        assert set(texts["words"]["rater"]) == set(get_args(RaterRole))


SCHEMA_FAULTS: list[tuple[str, Change, str]] = [
    ("en", lambda d: d.update(note="x"), "en.json: document: Additional properties"),
    ("en", lambda d: d["signals"].update({FALL: "{rater} said so."}), f"en.json: signals/{FALL}: "),
    ("en", lambda d: d["signals"].update({FALL: "So said {name}."}), f"en.json: signals/{FALL}: "),
    ("en", lambda d: d["signals"].update({FALL: "No full stop"}), f"en.json: signals/{FALL}: "),
    ("de", lambda d: d["signals"].update({FALL: "x" * 200 + "."}), f"de.json: signals/{FALL}: "),
    ("es", lambda d: d["steps"]["look_back"].update(any="a" * 240 + "."), "es.json: steps/look_"),
    (
        "es",
        lambda d: d["steps"]["look_back"].update(any="Ask {rater} something now."),
        "es.json: s",
    ),
    (
        "es",
        lambda d: d["steps"]["look_back"].pop("any"),
        "es.json: steps/look_back: 'any' is a req",
    ),
    ("es", lambda d: d["steps"]["look_back"].update(school="Ask about the school."), "es.json: s"),
    ("de", lambda d: d["words"]["component"].pop("none"), "de.json: words/component: 'none' is"),
    ("de", lambda d: d.update(reviewed="yes"), "de.json: reviewed: 'yes' is not of type"),
    (
        "plan",
        lambda d: d["situations"][FALL].update(bond=[]),
        "plan.json: situations/sudden_drop/b",
    ),
    (
        "plan",
        lambda d: d["situations"][FALL].pop("bond"),
        "plan.json: situations/sudden_drop: 'bond'",
    ),
    (
        "plan",
        lambda d: d["situations"][FALL]["none"].append("look_back"),
        "plan.json: situations/sud",
    ),
    (
        "plan",
        lambda d: d["situations"][FALL].update(none=["look_back"] * 2),
        "plan.json: situation",
    ),
    ("plan", lambda d: d["steps"]["look_back"].update(leans_on=[]), "plan.json: steps/look_back/l"),
    (
        "plan",
        lambda d: d["steps"]["look_back"].pop("leans_on"),
        "plan.json: steps/look_back: 'leans",
    ),
    (
        "references",
        lambda d: d["bordin_1979"].pop("title"),
        "references.json: bordin_1979: 'title'",
    ),
    (
        "references",
        lambda d: d["bordin_1979"].update(year="1979"),
        "references.json: bordin_1979/y",
    ),
    (
        "references",
        lambda d: d.update(Bordin=d["bordin_1979"]),
        "references.json: document: 'Bordin'",
    ),
]


@pytest.mark.parametrize(("name", "change", "fault"), SCHEMA_FAULTS)
def test_what_departs_from_the_schema(
    directory: Path, name: str, change: Change, fault: str
) -> None:
    found = faults_after(directory, name, change)
    assert len(found) == 1
    assert found[0].startswith(fault)


FITTING_FAULTS: list[tuple[str, Change, str]] = [
    ("es", lambda d: d.update(language="pt"), "es.json: holds language pt"),
    ("es", lambda d: d.update(reviewed=None), "es.json: reviewed: null in the original, and only"),
    ("en", lambda d: d.update(reviewed=True), "en.json: reviewed: null in the original, and only"),
    ("de", lambda d: d["signals"].pop(FALL), f"de.json: signals/{FALL}: missing"),
    (
        "de",
        lambda d: d["signals"].update(rise="Es steigt."),
        "de.json: signals/rise: not in the original",
    ),
    (
        "de",
        lambda d: d["signals"].update({FALL: "Hier sinkt {component}."}),
        f"de.json: signals/{FALL}: its slots are not those of the original",
    ),
    (
        "de",
        lambda d: d["steps"]["goals_still_fit"].pop("coaching"),
        "de.json: steps/goals_still_fit/coaching: missing",
    ),
    ("es", lambda d: d["words"]["rater"].pop("other"), "es.json: words/rater/other: missing"),
    (
        "plan",
        lambda d: d["situations"].update(rise=d["situations"][FALL]),
        "plan.json: situation rise: no signal text",
    ),
    (
        "plan",
        lambda d: d["steps"]["look_back"].update(in_setting={"coaching": ["bordin_1979"]}),
        "plan.json: step look_back: setting coaching leans on more and has no words of its own",
    ),
    (
        "plan",
        lambda d: d["situations"][FALL].update(none=["be_kind"]),
        "plan.json: step be_kind: chosen, not planned",
    ),
    (
        "plan",
        lambda d: d["steps"]["look_back"].update(leans_on=["freud_1912"]),
        "plan.json: reference freud_1912: leaned on, not listed",
    ),
    (
        "references",
        lambda d: d.update(freud_1912=d["bordin_1979"]),
        "plan.json: reference freud_1912: listed, not leaned on",
    ),
]


@pytest.mark.parametrize(("name", "change", "fault"), FITTING_FAULTS)
def test_what_does_not_fit_together(directory: Path, name: str, change: Change, fault: str) -> None:
    assert [one for one in faults_after(directory, name, change) if one.startswith(fault)]


def test_a_step_that_nobody_chooses_and_one_that_nobody_words(directory: Path) -> None:
    found = faults_after(
        directory, "plan", lambda d: d["steps"].update(be_kind={"leans_on": ["bordin_1979"]})
    )
    assert found == [
        "plan.json: step be_kind: planned, not worded",
        "plan.json: step be_kind: planned, not chosen",
    ]
