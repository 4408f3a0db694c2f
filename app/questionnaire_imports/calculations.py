"""Scores as REDCap writes them: the few forms that say exactly which items they count, and how.

`sum([a],[b])`, `mean([a],[b])` and `[a]+[b]`, each term plain or turned round as `(6-[a])`.
Anything else is refused, not interpreted.
"""

import re
from typing import Final

from app.questionnaire_imports.draft import Range, Refused, Sum

TERM: Final = re.compile(r"(?:\[(?P<plain>\w+)\]|\((?P<ends>-?\d+)-\[(?P<turned>\w+)\]\))")
CALL: Final = re.compile(r"(sum|mean)\((.*)\)", re.IGNORECASE)


def calculation(name: str, formula: str, answers: Range) -> Sum | Refused:
    """The score that a formula says over items with these answers, or why it cannot be read."""
    text = "".join(formula.split())
    call = CALL.fullmatch(text)
    separator, inside = (",", call[2]) if call else ("+", text)
    unit = call[1].lower() if call else "sum"
    names: list[str] = []
    turned: set[str] = set()
    for term in inside.split(separator):
        match = TERM.fullmatch(term)
        if match is None:
            detail = "Only sums and means of items are read, each plain or turned round."
            return Refused(name, "calculation_not_read", detail)
        if match["turned"] and int(match["ends"]) != answers.low + answers.high:
            detail = "It turns an item round by another number than lowest plus highest answer."
            return Refused(name, "reversal_of_another_range", detail)
        names.append(match["plain"] or match["turned"])
        turned |= {match["turned"]} if match["turned"] else set()
    if len(names) != len(set(names)):
        return Refused(name, "item_counted_twice", "It counts an item twice.")
    return Sum(
        name,
        "mean" if unit == "mean" else "sum",
        tuple(names),
        frozenset(turned),
        all_needed=call is None,
    )
