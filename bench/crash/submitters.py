"""Submitters: each sends one form after another, and the same one again until it is answered."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.crash.caller import Caller, NoAnswer
from bench.crash.forms import Form, Forms
from bench.crash.history import SERVER_ERROR, History
from bench.processes import RunFailed

PATH: Final = "/v1/responses"
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
"""Seconds between two sendings of one form."""
MOST_REFUSALS: Final = 20


@dataclass(slots=True)
class Habits:
    """What submitters do beside sending until it is answered."""

    forget: float = 0.05
    """Share of forms that are never sent again after a sending without an answer."""
    repeat: float = 0.05
    """Share of forms that are sent once more although they were answered."""


class Submitters:
    """Callers who share out the forms of a run until enough are stored and `more` says no."""

    def __init__(
        self, history: History, forms: Forms, key: str, port: Callable[[], int], habits: Habits
    ) -> None:
        self._history, self._forms, self._habits = history, forms, habits
        self._key, self._port = key, port
        self._next = 0
        self._draw = random.Random(f"{forms.seed}:habits")  # noqa: S311 - to be drawn again alike

    async def run(self, callers: int, more: Callable[[], bool]) -> None:
        """Send forms from so many callers at once for as long as `more` says yes.

        Raises RunFailed when many are refused: the harness sends only what can be stored.
        """
        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(self._caller(more))

    async def _caller(self, more: Callable[[], bool]) -> None:
        caller = Caller(self._port, self._key)
        try:
            while more():
                form = self._forms.form(self._next)
                self._next += 1
                await self._deliver(caller, form)
        finally:
            await caller.close()

    async def _deliver(self, caller: Caller, form: Form) -> None:
        forgets = self._draw.random() < self._habits.forget
        repeats = self._draw.random() < self._habits.repeat
        if await deliver(caller, self._history, form, tries=1 if forgets else 0) and repeats:
            await deliver(caller, self._history, form)


async def deliver(caller: Caller, history: History, form: Form, tries: int = 0) -> bool:
    """Send a form until it is answered for good; False when it was not within so many tries.

    tries 0: without end, which is the caller's to set. Raises RunFailed when too much is refused.
    """
    pause, tried = FIRST_PAUSE, 0
    while not await _send(caller, history, form):
        tried += 1
        if tried == tries:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    return True


async def _send(caller: Caller, history: History, form: Form) -> bool:
    """Send a form once; True when it need not be sent again."""
    history.invoke(form.external_id, form.digest)
    try:
        answer = await caller.post(PATH, form.body)
    except NoAnswer as none:
        history.info(form.external_id, str(none))
        return False
    if history.answered(form.external_id, answer):
        return True
    if len(history.refusals) > MOST_REFUSALS:
        raise RunFailed(f"Valid forms are refused: {history.refusals[0]}")
    return answer.status < SERVER_ERROR
