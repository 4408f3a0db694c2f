"""`python -m bench.events`: run it on a durable Postgres of its own, and print the figures."""

import argparse
import asyncio
import secrets
import sys
from dataclasses import asdict
from typing import Final

from app.errors import StartRefused
from bench.events.following import Asked, figures
from bench.processes import ROOT
from bench.store import store

HOME: Final = ROOT / ".rapport" / "bench-events"


def main() -> int:
    """Run it; 0 when every reader saw every committed event once and in order, else 1."""
    options = _options()
    asked = Asked(options.events, options.writers, options.seconds, options.seed)
    try:
        with store(HOME) as data:
            found = asyncio.run(figures(data.url, asked, HOME / "workers.log"))
    except StartRefused as refused:
        print(f"bench: {refused}", file=sys.stderr)
        return 1
    for name, value in (asdict(asked) | asdict(found)).items():
        print(f"{name:12} {value:.1f}" if isinstance(value, float) else f"{name:12} {value}")
    return 1 if found.faults() else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.events", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000, help="to be committed, at least")
    parser.add_argument("--writers", type=int, default=8, help="at once")
    parser.add_argument("--seconds", type=float, default=180.0, help="when readers give up")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="of the draws")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
