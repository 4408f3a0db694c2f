"""Calling the service over a plain connection: an answer, or that none came."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from bench.crash.history import Answer
from bench.work import HOST, head

ANSWER_PATIENCE: Final = 15.0
"""Seconds: longer than the service may take, so that giving up here is rare."""
_LENGTH: Final = b"content-length:"
_RETRY_AFTER: Final = b"retry-after:"


class NoAnswer(Exception):
    """The call came to no answer; whether it did anything is unknown. The message says why."""


class Caller:
    """One caller with one keep-alive connection, made anew whenever it is lost."""

    def __init__(self, port: Callable[[], int], key: str) -> None:
        self._port, self._key = port, key
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes) -> Answer:
        """The answer to a POST. Raises NoAnswer when none came, or only part of one."""
        return await self._call("POST", path, body)

    async def get(self, path: str) -> Answer:
        """The answer to a GET. Raises NoAnswer as post does."""
        return await self._call("GET", path, b"")

    async def close(self) -> None:
        """Let the connection go."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _call(self, method: str, path: str, body: bytes) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_PATIENCE):
                return await self._exchange(head(method, path, self._key, len(body)) + body)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            await self.close()
            raise NoAnswer(type(error).__name__) from None

    async def _exchange(self, request: bytes) -> Answer:
        if self._reader is not None and self._reader.at_eof():
            await self.close()  # the other side closed it while nothing was under way
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port())
        self._writer.write(request)
        top = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length, closes, retry_after = 0, False, None
        for line in top.split(b"\r\n")[1:]:
            if line.startswith(_LENGTH):
                length = int(line[len(_LENGTH) :])
            elif line.startswith(_RETRY_AFTER):
                retry_after = line[len(_RETRY_AFTER) :].strip().decode()
            closes |= line.replace(b" ", b"") == b"connection:close"
        body = await self._reader.readexactly(length)
        answer = Answer(int(top[9:12]), body, retry_after)
        if closes:
            await self.close()
        return answer
