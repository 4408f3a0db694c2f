"""The items of a batch, read one by one."""

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from app.edge.problem_documents import model_problem, problem_document
from app.errors import FieldError, InvalidRequest, Problem
from app.instruments.definitions import Catalogue
from app.responses.answer_schemas import BatchItemOut, ResponseBatchOut
from app.responses.changes import Change
from app.responses.decisions import Decision, Voiding
from app.responses.filled_form import filled_form
from app.responses.schemas import HIGHEST_VERSION, Submission, VoidInBatch
from app.responses.service import recording
from app.tenants.authentication import Caller

STATUS: Final[Mapping[str, int]] = {
    "accepted": 201,
    "amended": 201,
    "replayed": 200,
    "voided": 200,
}
LONGEST_REF: Final = 200
TURN: Final = 25
"""After so many items others have their turn: reading a full batch takes a while."""


def instruments_in(items: Iterable[Any]) -> list[object]:
    """What the items name as instruments, whatever it is."""
    return [item.get("instrument") for item in items if isinstance(item, dict)]


async def read_items(
    caller: Caller, catalogue: Catalogue, items: Iterable[Any]
) -> list[Change | Problem]:
    """Each item as a change, its form read and scored, or as the problem with it.

    An item may be the problem with what could not even be read.
    """
    read: list[Change | Problem] = []
    for index, item in enumerate(items):
        if index % TURN == 0:
            await asyncio.sleep(0)
        try:
            read.append(_change(caller, catalogue, item))
        except ValidationError as error:
            read.append(model_problem(error))
        except Problem as problem:
            read.append(problem)
    return read


def _change(caller: Caller, catalogue: Catalogue, item: object) -> Change:
    if isinstance(item, Problem):
        raise item
    if isinstance(item, dict) and "void" in item:
        asked = VoidInBatch.model_validate(item)
        return Voiding(
            caller, None, asked.source, asked.external_id, asked.external_version, asked.void.reason
        )
    if not isinstance(item, dict):
        detail = "Expected an object: a submission, or the withdrawal of a record."
        raise InvalidRequest.of(FieldError("", "model_type", detail))
    submission = Submission.model_validate(item)
    if submission.external_id is None:
        detail = "In a batch every record needs your id of it, so that sending it again is safe."
        raise InvalidRequest.of(FieldError("/external_id", "required", detail))
    return recording(caller, submission, filled_form(catalogue, submission, caller.clock()))


def batch_answer(
    items: Sequence[object], decisions: Sequence[Decision], request_id: str, *, dry_run: bool
) -> ResponseBatchOut:
    """The verdicts on the items of a batch as they are shown."""
    # What a dry run would have made has no id that anybody could use.
    nowhere = {
        one.record["id"]
        for one in decisions
        if dry_run and one.record is not None and one.verdict in {"accepted", "amended"}
    }
    shown = [
        item_out(index, item, decision, request_id, nowhere)
        for index, (item, decision) in enumerate(zip(items, decisions, strict=True))
    ]
    return ResponseBatchOut(dry_run=dry_run, items=shown)


def item_out(
    index: int,
    item: object,
    decision: Decision,
    request_id: str,
    nowhere: Container[UUID] = (),
) -> BatchItemOut:
    """The verdict on one item as it is shown; nowhere: ids of what a dry run would have made."""
    sent = item if isinstance(item, dict) else {}
    record, problem = decision.record, decision.problem
    if problem is not None and problem.existing_id and UUID(problem.existing_id) in nowhere:
        problem.existing_id = None
    external_id = record["external_id"] if record else _text(sent.get("external_id"))
    version = _number(sent.get("external_version", None if "void" in sent else 1))
    return BatchItemOut(
        index=index,
        status=problem.status if problem else STATUS[decision.verdict],
        verdict=decision.verdict,
        external_id=external_id,
        external_version=version,
        id=record["id"] if record and record["id"] not in nowhere else None,
        problem=problem and problem_document(problem, request_id),
    )


def _text(sent: object) -> str | None:
    """The item's external_id, if it is one: then its sender knows which item is meant."""
    return sent if isinstance(sent, str) and len(sent) <= LONGEST_REF else None


def _number(sent: object) -> int | None:
    if not isinstance(sent, int) or isinstance(sent, bool):
        return None
    return sent if 1 <= sent <= HIGHEST_VERSION else None
