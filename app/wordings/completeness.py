"""Whether a wording says everything that its form asks, and nothing else."""

from collections.abc import Iterator
from typing import Final

from app.errors import FieldError
from app.instruments.definitions import Definition
from app.instruments.text_pack_checking import form_faults
from app.wordings.schemas import TextPackIn

SLOT: Final = "{role}"


def incomplete(
    definition: Definition, form: str, language: str, pack: TextPackIn
) -> list[FieldError]:
    """Everything to mend in a text pack, each pointed at; none: it is complete.

    Every item and answer of the form has words and nothing else has, the slot for a role is
    explained where it is used, and the grant names the language.
    """
    text = pack.text.model_dump(exclude_none=True) | {"labels": pack.text.labels}
    key = definition.document["keys"][definition.document["forms"][form]["key"]]
    before = f"/forms/{form}"
    found = [
        FieldError(f"/text{fault.pointer.removeprefix(before)}", fault.code, fault.detail)
        for fault in form_faults(text, key, form)
    ]
    found += _slot_errors(pack)
    if language not in pack.grant.languages:
        detail = "The grant must name the language of the wording."
        found.append(FieldError("/grant/languages", "language_not_covered", detail))
    return found


def _slot_errors(pack: TextPackIn) -> Iterator[FieldError]:
    text = pack.text
    texts = {f"/text/items/{item}/text": words.text for item, words in text.items.items()}
    texts |= {"/text/title": text.title, "/text/instruction": text.instruction}
    for pointer, words in texts.items():
        if SLOT in words and text.role_slot is None:
            detail = "It holds the slot {role}, which role_slot does not explain."
            yield FieldError(pointer, "slot_unexplained", detail)
        if "{" in words.replace(SLOT, ""):
            yield FieldError(pointer, "unknown_slot", "The only slot there is reads {role}.")
