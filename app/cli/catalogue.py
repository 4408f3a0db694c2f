"""`rapport instruments`: checks the shipped definitions, or publishes new ones."""

import argparse
from typing import Any

from app.cli import importing
from app.errors import StartRefused
from app.instruments.checking import definition_faults, published
from app.instruments.definitions import DIRECTORY, catalogue_of


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the commands."""
    instruments = commands.add_parser("instruments", help="check the definitions").add_subparsers(
        required=True
    )
    check = instruments.add_parser(
        "check", help="every file against its schema, its vectors and the manifest of hashes"
    )
    check.set_defaults(run=run_check)
    publish = instruments.add_parser(
        "publish", help="add new files to the manifest; from then on they never change"
    )
    publish.set_defaults(run=run_publish)
    importing.add_to(instruments)


def run_check(_: argparse.Namespace) -> None:
    """Check every file. Raises StartRefused when one has a fault; each is printed."""
    faults = definition_faults(DIRECTORY)
    for fault in faults:
        print(fault)
    if faults:
        raise StartRefused(f"{len(faults)} faults in the instrument definitions.")
    definitions = [d for all_of in catalogue_of(DIRECTORY).definitions.values() for d in all_of]
    scorable = sum(definition.scorable for definition in definitions)
    print(f"{scorable} scorable, {len(definitions) - scorable} pending, no faults.")


def run_publish(_: argparse.Namespace) -> None:
    """Add new files to the manifest. Raises StartRefused when a published one was changed."""
    try:
        for name in published(DIRECTORY):
            print(f"published {name}")
    except ValueError as changed:
        raise StartRefused(str(changed)) from None
