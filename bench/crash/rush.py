"""Many callers with one external_id at the same moment: one record, and the same word for all."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.crash.caller import Caller, NoAnswer
from bench.crash.forms import Forms
from bench.crash.history import CREATED, SERVER_ERROR, Answer
from bench.crash.postgres import OwnPostgres
from bench.crash.service import service
from bench.crash.stored import names, read
from bench.crash.submitters import PATH
from bench.crash.tenancy import tenancy
from bench.processes import RunFailed

REPLAYED: Final = 200
UNPROCESSABLE: Final = 422
REUSED: Final = "external_id_reused"
TRIES: Final = 60
PAUSE: Final = 0.2

Send = Callable[[int, bytes], Awaitable[Answer]]
"""From the number of a caller and what it sends to the answer. May raise NoAnswer."""


@dataclass(slots=True)
class Rushes:
    """What many rushes came to."""

    ids: int
    at_once: int
    same: Counter[int]
    """Answers by status where all sent the same; those that asked to try again included."""
    different: Counter[int]
    """The same where each sent something else."""
    wrong: list[str]
    """external_ids that came to anything but one record and the right words."""
    seconds: float


async def rushed(send: Send, bodies: Sequence[bytes], seen: Counter[int]) -> list[Answer]:
    """The answers to all bodies, sent at the same moment, each again while it is told to wait.

    Counts every answer into seen. Raises RunFailed when one is told so again and again.
    """

    async def one(number: int, body: bytes) -> Answer:
        for _ in range(TRIES):
            try:
                answer = await send(number, body)
            except NoAnswer:
                continue
            seen[answer.status] += 1
            if answer.status < SERVER_ERROR:
                return answer
            await asyncio.sleep(PAUSE)
        raise RunFailed("Callers with one external_id are kept waiting without end.")

    return await asyncio.gather(*(one(number, body) for number, body in enumerate(bodies)))


def one_told_all(answers: Sequence[Answer]) -> bool:
    """Whether one was told 201, all others 200, and all the same."""
    statuses = Counter(answer.status for answer in answers)
    expected = Counter({CREATED: 1, REPLAYED: len(answers) - 1})
    return statuses == expected and len({answer.body for answer in answers}) == 1


def one_won(answers: Sequence[Answer]) -> bool:
    """Whether one was told 201, and all others 422 with the id of that one."""
    won = [json.loads(answer.body)["id"] for answer in answers if answer.status == CREATED]
    others = [
        (answer.status, json.loads(answer.body)["code"], json.loads(answer.body)["existing_id"])
        for answer in answers
        if answer.status != CREATED
    ]
    return len(won) == 1 and others == [(UNPROCESSABLE, REUSED, won[0])] * (len(answers) - 1)


def differing(forms: Forms, number: int, count: int) -> list[bytes]:
    """So many bodies under one external_id, each with other answers, every third elsewhere."""
    name = f"{forms.run}-differing-{number:06d}"
    home: dict[str, Any] = json.loads(forms.form(number).body)
    bodies = []
    for turn in range(count):
        body = json.loads(forms.form(number + turn).body)
        if turn % 3:
            body |= {part: home[part] for part in ("alliance", "rater", "occasion")}
        bodies.append(json.dumps(body | {"external_id": name}).encode())
    return bodies


async def rush_run(server: OwnPostgres, home: Path, seed: int, *, ids: int, at_once: int) -> Rushes:
    """Rushes on so many external_ids with the same body, and on as many with different ones.

    Raises RunFailed, StartRefused.
    """
    began, forms = time.monotonic(), Forms(seed, ids, "rush")
    found = Rushes(ids, at_once, Counter(), Counter(), [], 0.0)
    async with tenancy(server, "rush") as data, service(data.url, data.key, home) as served:
        await asyncio.to_thread(served.start)
        callers = [Caller(lambda: served.port, data.key) for _ in range(at_once)]
        try:
            await _rushes(found, forms, lambda who, body: callers[who].post(PATH, body))
        finally:
            for caller in callers:
                await caller.close()
        stored = names((await read(data.url)).rows)
    found.wrong += [name for name, count in stored.items() if count > 1]
    if len(stored) != 2 * ids:
        found.wrong.append(f"{len(stored)} records where {2 * ids} should be")
    found.seconds = time.monotonic() - began
    return found


async def _rushes(found: Rushes, forms: Forms, send: Send) -> None:
    for number in range(found.ids):
        form = forms.form(number)
        if not one_told_all(await rushed(send, [form.body] * found.at_once, found.same)):
            found.wrong.append(form.external_id)
        bodies = differing(forms, found.ids + number * found.at_once, found.at_once)
        if not one_won(await rushed(send, bodies, found.different)):
            found.wrong.append(json.loads(bodies[0])["external_id"])
