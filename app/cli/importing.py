"""`rapport instruments import-…`: drafts of definitions from other systems' questionnaires."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.errors import StartRefused
from app.instruments.own import is_own
from app.questionnaire_imports.draft import FileRefused, Reading, draft_of
from app.questionnaire_imports.questionnaire import read_questionnaire
from app.questionnaire_imports.redcap import read_dictionary
from app.questionnaire_imports.values import non_answer


def add_to(instruments: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the two commands below `rapport instruments`."""
    redcap = instruments.add_parser(
        "import-redcap", help="a draft definition from a REDCap data dictionary (CSV)"
    )
    _add_common(redcap)
    redcap.add_argument("--form", help="which of the dictionary's forms")
    redcap.set_defaults(run=run_redcap)
    questionnaire = instruments.add_parser(
        "import-questionnaire", help="a draft definition from a FHIR R4 Questionnaire (JSON)"
    )
    _add_common(questionnaire)
    questionnaire.set_defaults(run=run_questionnaire)


def run_redcap(chosen: argparse.Namespace) -> None:
    """Print the draft of a data dictionary's form. Raises StartRefused."""
    content, non_answers = _read(chosen)
    _print(chosen, lambda: read_dictionary(content, chosen.form, non_answers))


def run_questionnaire(chosen: argparse.Namespace) -> None:
    """Print the draft of a Questionnaire. Raises StartRefused."""
    content, non_answers = _read(chosen)
    _print(chosen, lambda: read_questionnaire(content, non_answers))


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="the file to read; nothing is sent anywhere")
    command.add_argument("--instrument", required=True, help="the id it is to have: x-…")
    command.add_argument(
        "--non-answer",
        action="append",
        default=[],
        help="a value that is no answer, as 99=declined; may be given several times",
    )


def _read(chosen: argparse.Namespace) -> tuple[bytes, dict[int, str]]:
    if not is_own(chosen.instrument):
        raise StartRefused("--instrument: expected x- and small letters, digits, hyphens.")
    try:
        return chosen.file.read_bytes(), dict(map(non_answer, chosen.non_answer))
    except OSError:
        raise StartRefused("The file cannot be read.") from None
    except ValueError as wrong:
        raise StartRefused(f"--non-answer: {wrong}") from None


def _print(chosen: argparse.Namespace, read: Callable[[], Reading]) -> None:
    try:
        draft = draft_of(read(), chosen.instrument)
    except FileRefused as refused:
        raise StartRefused(str(refused)) from None
    print(json.dumps(draft, indent=2, ensure_ascii=False))
    left = sum(one["verdict"] == "refused" for one in draft["verdicts"])
    taken = len(draft["verdicts"]) - left
    print(f"{taken} taken, {left} refused, {len(draft['to_decide'])} to decide.", file=sys.stderr)
