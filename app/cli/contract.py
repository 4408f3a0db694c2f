"""`rapport openapi`: writes the contract file, or checks that it is true."""

import argparse
import difflib
import json
import sys
from pathlib import Path
from typing import Any, Final

from app.errors import StartRefused
from app.main import create_app
from app.settings import settings_from

FILE: Final = Path(__file__).parents[2] / "openapi" / "openapi.json"


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    parser = commands.add_parser("openapi", help="write openapi/openapi.json")
    parser.add_argument("--check", action="store_true", help="compare only, and print the diff")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Write the file, or compare it. Raises StartRefused when it differs."""
    made = contract_text()
    stored = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if not arguments.check:
        FILE.write_text(made, encoding="utf-8")
    elif made != stored:
        diff = difflib.unified_diff(
            stored.splitlines(), made.splitlines(), "committed", "made by this code", lineterm=""
        )
        sys.stdout.writelines(f"{line}\n" for line in diff)
        raise StartRefused("The contract file is not true: run `rapport openapi`.")


def contract_text() -> str:
    """The contract that this code keeps, as JSON."""
    nowhere = settings_from({"DATABASE_URL": "postgresql://"})
    return json.dumps(create_app(nowhere).openapi(), indent=2, ensure_ascii=False) + "\n"
