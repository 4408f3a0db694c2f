"""Whether a text pack says everything that its definition asks, and nothing else."""

from collections.abc import Iterable, Iterator
from typing import Final

from app.instruments.definitions import Document
from app.instruments.faults import Fault, listed, pointer_to

MISSING: Final = "This has no words."
UNKNOWN: Final = "The definition has nothing of this name."


def wording_faults(pack: Document, definition: Document) -> Iterator[Fault]:
    """Every form, item and answer of the definition has words, and nothing else has."""
    if different := pack["forms"].keys() ^ definition["forms"].keys():
        line = f"pack and definition differ in the forms {listed(different)}"
        yield Fault("/forms", "other_forms", "Expected the forms of the definition.", line)
    for name in sorted(pack["forms"].keys() & definition["forms"].keys()):
        key = definition["keys"][definition["forms"][name]["key"]]
        yield from form_faults(pack["forms"][name], key, name)


def form_faults(words: Document, key: Document, name: str) -> Iterator[Fault]:
    """Every item and answer of one form has words, and nothing else has."""
    where = pointer_to("forms", name)
    line = f"form {name}: pack and key differ in the items {{}}"
    yield from _differing(words["items"].keys(), set(key["items"]), f"{where}/items", line)
    if key["kind"] == "likert":
        if words["labels"] is None:
            line = f"form {name}: labels and values differ in {listed(_values(key))}"
            yield Fault(f"{where}/labels", "required", "Expected a label for each value.", line)
            return
        line = f"form {name}: labels and values differ in {{}}"
        yield from _differing(words["labels"].keys(), _values(key), f"{where}/labels", line)
        return
    if words["labels"] is not None:
        detail = "A line has ends and no labels for values: expected null."
        line = f"form {name}: a line has ends, no labels for values"
        yield Fault(f"{where}/labels", "labels_of_a_line", detail, line)
    for item, text in words["items"].items():
        if "low_label" not in text or "high_label" not in text:
            detail = "Expected low_label and high_label: what the ends of the line mean."
            line = f"form {name}: item {item} does not say what its ends mean"
            yield Fault(f"{where}/items{pointer_to(item)}", "required", detail, line)


def _values(key: Document) -> set[str]:
    """The values of an item with answers to choose from."""
    return {str(value) for value in range(int(key["low"]), int(key["high"]) + 1)}


def _differing(worded: Iterable[str], wanted: set[str], where: str, line: str) -> Iterator[Fault]:
    """One fault for each name with no words and each name that is unknown; one line for all."""
    found = set(worded)
    said = line.format(listed(found ^ wanted))
    for name in sorted(found ^ wanted, key=lambda one: (len(one), one)):
        missing = name in wanted
        code, detail = ("required", MISSING) if missing else ("unknown_item", UNKNOWN)
        yield Fault(f"{where}{pointer_to(name)}", code, detail, said)
