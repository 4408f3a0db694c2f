"""Doing a call once that came twice with one Idempotency-Key."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from app.database import LockNotAvailable, Transaction
from app.edge.scalars import plain_numbers
from app.errors import IdempotencyKeyInUse, IdempotencyKeyReused, Overtaken
from app.idempotency import queries

REMEMBERED: Final = timedelta(days=7)
WAIT_SECONDS: Final = 2
"""How long a call waits for the first one with its key to come to an end."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A call with an Idempotency-Key: who calls what, with which content."""

    key: str
    key_id: str
    operation: str
    content_sha256: bytes


def claim_of(key: str | None, key_id: str, operation: str, body: BaseModel) -> Claim | None:
    """The claim of a call; None without a key.

    operation: what is called, ids in its path included. The content is compared by meaning: a
    field that is left out and one that says its default are the same.
    """
    if key is None:
        return None
    said = body.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(
        plain_numbers(said), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return Claim(key, key_id, operation, hashlib.sha256(text.encode()).digest())


async def once(
    transaction: Transaction,
    claim: Claim | None,
    now: datetime,
    work: Callable[[], Awaitable[tuple[Record, bool]]],
    again: Callable[[Transaction, UUID], Awaitable[Record]],
) -> tuple[Record, bool]:
    """What work gives, and True if it had been done before: then what it made, read again.

    Key and effect are stored together or not at all. Raises IdempotencyKeyReused when the key was
    used for something else, IdempotencyKeyInUse when its first call takes too long.
    """
    if claim is None:
        return await work()
    made = await _made_before(transaction, claim, now)
    if made is not None:
        return await again(transaction, made), True
    record, replayed = await work()
    await queries.settle(transaction, claim.key, record["id"], now)
    return record, replayed


async def _made_before(transaction: Transaction, claim: Claim, now: datetime) -> UUID | None:
    """What the first call with the key made; None: this is the first."""
    new = {
        "idempotency_key": claim.key,
        "key_id": claim.key_id,
        "operation": claim.operation,
        "content_sha256": claim.content_sha256,
        "expires_at": now + REMEMBERED,
    }
    try:
        if await queries.claim(transaction, new, now, WAIT_SECONDS):
            return None
    except LockNotAvailable:
        raise IdempotencyKeyInUse(
            "The first call with this key is still under way.", headers={"Retry-After": "1"}
        ) from None
    known = await queries.claimed(transaction, claim.key)
    if known is None or known["subject_id"] is None:
        raise Overtaken("The first call came to nothing.")
    if any(known[name] != new[name] for name in ("key_id", "operation", "content_sha256")):
        raise IdempotencyKeyReused("Another request, or another API key, needs another key.")
    subject_id: UUID = known["subject_id"]
    return subject_id
