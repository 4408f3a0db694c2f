"""Three files of each kind, real in shape and with words of our own: every verdict, and why."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from app.cli.main import main
from app.own_instruments.rules import own_faults
from app.own_instruments.schemas import DEFINITION
from app.questionnaire_imports.draft import FileRefused, draft_of
from app.questionnaire_imports.questionnaire import read_questionnaire
from app.questionnaire_imports.redcap import read_dictionary

FILES: Final = Path(__file__).parent / "files"
DECLINED: Final = {99: "declined"}


def redcap(name: str, form: str | None = None, **more: Any) -> dict[str, Any]:
    content = (FILES / f"{name}.csv").read_bytes()
    return draft_of(read_dictionary(content, form, more.get("non_answers", {})), "x-imported")


def questionnaire(name: str, **more: Any) -> dict[str, Any]:
    content = (FILES / f"{name}.json").read_bytes()
    return draft_of(read_questionnaire(content, more.get("non_answers", {})), "x-imported")


def verdicts(draft: dict[str, Any]) -> dict[str, str]:
    """Source -> `item 3`, `scale x`, or the code of its refusal."""
    return {
        one["source"]: f"{one['code']} {one['detail']}"
        if one["verdict"] == "taken"
        else one["code"]
        for one in draft["verdicts"]
    }


def test_a_matrix_with_calculations() -> None:
    draft = redcap("matrix")
    assert verdicts(draft) == {
        "record_id": "free_text",
        "intro": "no_question",
        "am_welcome": "item 1",
        "am_time": "item 2",
        "am_useful": "item 3",
        "am_other": "item 4",
        "am_remarks": "free_text",
        "am_relation": "scale am_relation",
        "am_work": "scale am_work",
        "am_all": "scale am_all",
    }
    key = draft["definition"]["keys"]["imported"]
    assert (key["low"], key["high"], key["reversed"]) == (0, 4, ["4"])
    assert [(s["id"], s["items"], s["unit"], s["min_answered"]) for s in key["scales"]] == [
        ("am_relation", ["1", "2"], "sum", 2),
        ("am_work", ["3", "4"], "sum", 2),
        ("am_all", ["1", "2", "3", "4"], "sum", None),  # it leaves open how few are enough
    ]
    assert draft["text"]["labels"]["4"] == "yes"
    assert draft["text"]["items"]["4"]["text"] == "I would rather have done something else."


def test_two_forms_with_values_that_are_no_answers() -> None:
    with pytest.raises(FileRefused, match="2 forms"):
        redcap("two_forms")
    with pytest.raises(FileRefused, match="no form of this name"):
        redcap("two_forms", "none")
    with pytest.raises(FileRefused, match="Nothing of the file"):
        redcap("two_forms", "intake")
    unnamed = verdicts(redcap("two_forms", "check_in"))
    assert (unnamed["cs_clear"], unnamed["cs_line"]) == ("values_with_gaps", "item 1")
    assert verdicts(redcap("two_forms", "check_in", non_answers=DECLINED)) == {
        "cs_clear": "item 1",
        "cs_heard": "item 2",
        "cs_pace": "slider_of_another_range",
        "cs_line": "another_range",
        "cs_again": "another_range",
        "cs_which": "several_answers",
        "cs_why": "branching",
        "cs_mean": "scale cs_mean",
    }


def test_what_cannot_be_read_without_guessing() -> None:
    draft = redcap("hard")
    assert verdicts(draft) == {
        "hd_1": "item 1",
        "hd_2": "item 2",
        "hd_3": "no_range",
        "hd_4": "values_with_gaps",
        "hd_5": "choices_not_numbers",
        "hd_6": "free_text",
        "hd_7": "item 3",
        "hd_8": "no_value",
        "hd_total": "scale hd_total",
        "hd_weighted": "calculation_not_read",
        "hd_turned": "reversal_of_another_range",
        "hd_later": "names_no_item",
        "hd_minus": "reversals_differ",
        "hd_if": "calculation_not_read",
    }
    open_places = {one["pointer"] for one in draft["to_decide"]}
    assert {"/text/items/2/text", "/text/labels"} <= open_places
    assert draft["text"]["labels"] is None


def test_groups_with_ordinal_values() -> None:
    draft = questionnaire("grouped")
    assert verdicts(draft) == {
        "intro": "no_question",
        "1": "item 1",
        "2": "item 2",
        "3": "item 3",
        "4": "free_text",
        "total": "calculated",
    }
    definition = draft["definition"]
    assert definition["name"] == "After the meeting"
    assert definition["citations"] == [
        {"text": "https://clinic.example/Questionnaire/after-meeting|2.1"}
    ]
    assert definition["rights"]["sources"] == ["The file says: The clinic, all rights reserved."]
    assert definition["rights"]["status"] == "unknown"
    assert definition["keys"]["imported"]["reversed"] is None
    assert draft["text"]["language"] == "en"
    assert draft["text"]["labels"] == {
        "0": "no", "1": "a little", "2": "partly", "3": "mostly", "4": "yes",
    }  # fmt: skip


def test_lines_and_numbers() -> None:
    draft = questionnaire("lines")
    assert verdicts(draft) == {
        "rel": "item 1",
        "dir": "item 2",
        "way": "not_a_line",
        "all": "another_range",
        "open": "no_range",
    }
    assert draft["definition"]["keys"]["imported"]["kind"] == "visual_analogue"


def test_codes_are_not_taken_for_numbers() -> None:
    assert verdicts(questionnaire("codes", non_answers=DECLINED)) == {
        "a": "options_without_values",
        "b": "item 1",
        "c": "item 2",
        "c.1": "below_another",
        "d": "free_text",
        "e": "value_set_elsewhere",
        "f": "no_value",
        "g": "branching",
        "h": "several_answers",
        "i": "modifier_extension",
        "j": "options_without_values",
    }
    assert verdicts(questionnaire("codes"))["b"] == "values_with_gaps"


def test_what_the_files_come_to() -> None:
    """For the record: how much was taken and how much refused."""
    drafts = {
        "matrix": redcap("matrix"),
        "two_forms": redcap("two_forms", "check_in", non_answers=DECLINED),
        "hard": redcap("hard"),
        "grouped": questionnaire("grouped"),
        "lines": questionnaire("lines"),
        "codes": questionnaire("codes", non_answers=DECLINED),
    }
    found = {
        name: Counter(one["verdict"] for one in draft["verdicts"]) for name, draft in drafts.items()
    }
    assert {name: (of["taken"], of["refused"]) for name, of in found.items()} == {
        "matrix": (7, 3),
        "two_forms": (3, 5),
        "hard": (4, 10),
        "grouped": (3, 3),
        "lines": (2, 3),
        "codes": (2, 9),
    }
    for draft in drafts.values():
        assert own_faults(draft["definition"])  # never fit as it stands: people decide the rest
        assert {"/definition/forms", "/definition/test_vectors"} <= {
            one["pointer"] for one in draft["to_decide"]
        }


def test_a_draft_is_fit_once_everything_is_decided() -> None:
    draft = redcap("matrix")
    definition = draft["definition"]
    given = ("acronym", "family", "summary", "name", "citations", "rights", "missing_items")
    definition |= {name: DEFINITION[name] for name in given}
    key = definition["keys"]["imported"]
    key["source"] = "The dictionary."
    for scale in key["scales"]:
        scale |= {"use": "decision", "min_answered": len(scale["items"])}
    status = {scale["id"]: "verified" for scale in key["scales"]}
    form = DEFINITION["forms"]["client"] | {"key": "imported", "status": status}
    definition["forms"] = {"client": form}
    names = {"bond": "am_relation", "tasks": "am_work", "total": "am_all"}
    definition["test_vectors"] = [
        vector | {"expected": {names[s]: e for s, e in vector["expected"].items()}}
        for vector in DEFINITION["test_vectors"]
    ]
    assert own_faults(definition) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"a,b\n1,2\n", b'Variable / Field Name\n"open', b"{}"],
)
def test_what_is_no_data_dictionary_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused):
        read_dictionary(content, None, {})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"resourceType": "Patient"}',
        b'{"resourceType": "Questionnaire", "item": {}}',
        b'{"resourceType": "Questionnaire", "item": [7]}',
        b'{"resourceType": "Questionnaire", "item": [{"type": "choice"}]}',
        b'{"resourceType": "Questionnaire", "implicitRules": "x", "item": []}',
        b'{"resourceType": "Questionnaire", "item": [{"linkId": "1"}, {"linkId": "1"}]}',
        b'{"resourceType": "Questionnaire", "item": '
        + b'[{"linkId": "1", "type": "group", "item": ' * 30
        + b"[]"
        + b"}]" * 30
        + b"}",
    ],
)
def test_what_is_no_questionnaire_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused):
        draft_of(read_questionnaire(content, {}), "x-imported")


def test_the_commands_print_a_draft(capsys: pytest.CaptureFixture[str]) -> None:
    main(["instruments", "import-redcap", str(FILES / "matrix.csv"), "--instrument", "x-a"])
    printed = capsys.readouterr()
    assert json.loads(printed.out) == redcap("matrix") | {
        "definition": redcap("matrix")["definition"] | {"instrument": "x-a"}
    }
    assert "7 taken, 3 refused" in printed.err
    arguments = ["--instrument", "x-a", "--non-answer", "99=declined"]
    main(["instruments", "import-questionnaire", str(FILES / "codes.json"), *arguments])
    assert "2 taken, 9 refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["import-redcap", "none.csv", "--instrument", "x-a"],
        ["import-redcap", str(FILES / "matrix.csv"), "--instrument", "four"],
        ["import-redcap", str(FILES / "two_forms.csv"), "--instrument", "x-a"],
        ["import-questionnaire", str(FILES / "matrix.csv"), "--instrument", "x-a"],
        [
            *("import-questionnaire", str(FILES / "codes.json"), "--instrument", "x-a"),
            *("--non-answer", "99=gone"),
        ],
    ],
)
def test_a_command_that_cannot_says_why_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["instruments", *arguments])
    assert stopped.value.code == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
