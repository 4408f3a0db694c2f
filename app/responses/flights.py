"""Submissions that arrive while others are being stored travel together.

A process has one transaction of a tenant's submissions under way at a time. What arrives meanwhile
waits for the next one, which takes all of it: a few statements and one commit for many. A lone
submission waits for nobody and travels alone. Everybody is answered after the commit that holds
their record, and nobody is refused for another's sake: when a transaction of several fails, or has
to wait for somebody's lock, each of them goes on alone, and nobody waits behind them.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import UUID

import structlog

from app.database import LOCK_MILLISECONDS as FULL_LOCK_MILLISECONDS
from app.database import TRANSACTION_SECONDS
from app.errors import InternalError, Locked, Overtaken, Problem, Unavailable
from app.instruments.definitions import Catalogue
from app.instruments.own import is_own
from app.responses.chain import Record
from app.responses.changes import apply
from app.responses.decisions import Decision, Recording
from app.responses.service import decided, submit
from app.telemetry import kind_and_place

TOGETHER: Final = 64
"""The most that travel in one transaction."""
ASIDE: Final = 2
"""The most that wait for a lock aside, in one process: each keeps a connection meanwhile."""
WAITING: Final = 1000
"""The most that wait for one tenant in one process; who comes then is asked to come again."""
LOCK_MILLISECONDS: Final = 100
"""How long others wait behind one that waits for a lock; then it goes on aside."""

_log = structlog.get_logger("rapport.responses")

Answer: TypeAlias = tuple[Record, bool]
"""The stored record, and True if it had been stored before."""


@dataclass(slots=True)
class _Passenger:
    """A submission that waits for its transaction."""

    recording: Recording
    answer: asyncio.Future[Answer]


@dataclass(slots=True)
class _Lane:
    """What waits of one tenant, behind a transaction that is under way."""

    waiting: deque[_Passenger] = field(default_factory=deque)


class Flights:
    """The submissions of one process that are on their way to the database."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lanes: dict[UUID, _Lane] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._aside = 0

    async def submit(self, recording: Recording) -> Answer:
        """The stored response, and True if it had been stored before. Raises as submit does.

        One that may not travel with others goes alone: without an external_id it could not be
        sent again if its caller stopped waiting, and an instrument of the tenant's own was read
        for this one alone.
        """
        own = is_own(recording.filled.content.instrument)
        if own or recording.external_id is None or recording.external_version != 1:
            return await self._alone(recording)
        tenant_id = recording.caller.tenant_id
        lane = self._lanes.get(tenant_id)
        if lane is None:
            self._lanes[tenant_id] = _Lane()
            try:
                return await self._alone(recording, LOCK_MILLISECONDS)
            except Locked:
                pass  # nobody else is to wait for that lock: it goes on aside
            finally:
                self._go_on(tenant_id)
            return await self._go_aside(recording)
        if len(lane.waiting) >= WAITING:
            raise Unavailable("Too many submissions are waiting.", headers={"Retry-After": "1"})
        passenger = _Passenger(recording, asyncio.get_running_loop().create_future())
        lane.waiting.append(passenger)
        return await _answer_in_time(passenger)

    def _go_on(self, tenant_id: UUID) -> None:
        """Let the next transaction of the tenant begin, if anybody waits for it."""
        lane = self._lanes[tenant_id]
        passengers: list[_Passenger] = []
        while lane.waiting and len(passengers) < TOGETHER:
            passenger = lane.waiting.popleft()
            if not passenger.answer.done():
                passengers.append(passenger)
        if not passengers:
            del self._lanes[tenant_id]
            return
        self._begin(self._fly(tenant_id, passengers))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _fly(self, tenant_id: UUID, passengers: Sequence[_Passenger]) -> None:
        try:
            decisions = await self._together([one.recording for one in passengers])
        except (Locked, Overtaken, InternalError):
            for one in passengers:
                self._begin(self._deliver_alone(one))
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody is left waiting
            for one in passengers:
                _settle(one, _problem_of(error))
        else:
            for one, decision in zip(passengers, decisions, strict=True):
                _settle_decided(one, decision)
        finally:
            self._go_on(tenant_id)

    async def _deliver_alone(self, passenger: _Passenger) -> None:
        try:
            _settle(passenger, await self._go_aside(passenger.recording))
        except Exception as error:  # noqa: BLE001 - as above
            _settle(passenger, _problem_of(error))

    async def _go_aside(self, recording: Recording) -> Answer:
        """As _alone, while others go on; only so many wait long for a lock, and keep a connection.

        Raises Locked when the lock is not free in time.
        """
        patient = self._aside < ASIDE
        self._aside += patient
        try:
            return await self._alone(
                recording, FULL_LOCK_MILLISECONDS if patient else LOCK_MILLISECONDS
            )
        finally:
            self._aside -= patient

    async def _alone(
        self, recording: Recording, lock_milliseconds: int = FULL_LOCK_MILLISECONDS
    ) -> Answer:
        return await recording.caller.attempt(
            lambda transaction: submit(transaction, recording.filled.catalogue, recording),
            lock_milliseconds,
        )

    async def _together(self, recordings: Sequence[Recording]) -> list[Decision]:
        caller = recordings[0].caller
        return await caller.attempt(
            lambda transaction: apply(transaction, self._catalogue, recordings, caller.clock),
            LOCK_MILLISECONDS,
        )


async def _answer_in_time(passenger: _Passenger) -> Answer:
    """The passenger's answer. Raises Unavailable when it takes longer than a transaction may."""
    loop = asyncio.get_running_loop()
    timer = loop.call_later(TRANSACTION_SECONDS, _too_late, passenger)
    try:
        return await passenger.answer
    finally:
        timer.cancel()


def _too_late(passenger: _Passenger) -> None:
    detail = "The database did not answer in time. Sending it again is safe."
    _settle(passenger, Unavailable(detail, headers={"Retry-After": "1"}))


def _settle(passenger: _Passenger, answer: Answer | Problem) -> None:
    """Give the passenger what came of it, unless its caller is gone."""
    if passenger.answer.done():
        return
    if isinstance(answer, Problem):
        passenger.answer.set_exception(answer)
    else:
        passenger.answer.set_result(answer)


def _settle_decided(passenger: _Passenger, decision: Decision) -> None:
    try:
        _settle(passenger, decided(decision))
    except Problem as problem:
        _settle(passenger, problem)


def _problem_of(error: Exception) -> Problem:
    """The problem to answer; of an error that nobody foresaw only kind and place are logged."""
    if isinstance(error, Problem):
        return error
    _log.error("unforeseen_error", **kind_and_place(error))
    return InternalError()
