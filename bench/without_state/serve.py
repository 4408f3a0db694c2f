"""`python -m bench.without_state.serve`: the service, whose submissions write no state, no event.

Never for data that matter: a trend would not know of what is stored here.
"""

import copy
from typing import Any, Final

from app import statements

CUT: Final = frozenset({"state", "told", "event_queue_made", "signals_told"})
"""The parts of a submission's statement that write alliance_state and event_queue."""
_compiled: Final = statements.compiled


def cut(statement: Any, *, of_one_tenant: bool = True) -> statements.Statement:  # noqa: ANN401 - as there
    """The statement without these parts, where it writes responses."""
    parts = getattr(statement, "_independent_ctes", ())
    if any(part.name in {"told", "event_queue_made"} for part in parts):
        statement = copy.copy(statement)
        statement._independent_ctes = tuple(part for part in parts if part.name not in CUT)  # noqa: SLF001 - SQLAlchemy has no other way to take one out
    return _compiled(statement, of_one_tenant=of_one_tenant)


def main() -> None:
    """Serve with these parts cut out of the statements."""
    statements.compiled = cut
    # Only now: statements are compiled when their modules are read.
    from app.cli.main import main as command  # noqa: PLC0415

    command(["serve"])


if __name__ == "__main__":
    main()
