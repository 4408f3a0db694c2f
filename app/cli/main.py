"""`rapport`: reads the command, runs it, and says in one line why it could not."""

import argparse
import sys
from collections.abc import Sequence

from app.cli import (
    access,
    catalogue,
    contract,
    import_file,
    migrate,
    programs,
    serve,
    signals,
    worker,
)
from app.errors import StartRefused


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command. Exit status 0 when it did its work, 1 when it could not, 2 for usage.

    `import` has one more: 3 when some rows of the file failed.
    """
    parser = argparse.ArgumentParser(
        prog="rapport", description="Working-alliance measurement as a service."
    )
    commands = parser.add_subparsers(metavar="command", required=True)
    for command in (
        serve, worker, migrate, access, catalogue, import_file, signals, programs, contract,
    ):  # fmt: skip
        command.add_to(commands)
    chosen = parser.parse_args(arguments)
    try:
        chosen.run(chosen)
    except StartRefused as refused:
        print(f"rapport: {refused}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
