"""Leaving in order: a process that is told to stop first lets its callers go elsewhere."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]


class Draining:
    """Whether this process is about to stop. Until it does it serves, unready."""

    def __init__(self, seconds: float) -> None:
        self.begun = False
        self._seconds = seconds

    @contextmanager
    def on_sigterm(self) -> Iterator[None]:
        """While the block is open, SIGTERM does what it did only after so many seconds.

        A second one at once. Nothing changes with 0 seconds, and outside the main thread, where
        there are no signals.
        """
        before = signal.getsignal(signal.SIGTERM) if self._seconds else None
        if not callable(before):
            yield
            return
        loop = asyncio.get_running_loop()
        stop: Handler = before

        def begin(number: int, frame: FrameType | None) -> None:
            if self.begun:
                stop(number, frame)
                return
            self.begun = True
            # From a signal handler only this reaches the loop at once.
            loop.call_soon_threadsafe(loop.call_later, self._seconds, stop, number, None)

        try:
            signal.signal(signal.SIGTERM, begin)
        except ValueError:  # not the main thread
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
