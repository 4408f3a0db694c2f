"""Submissions that arrive while others are being stored travel together.

A process has one transaction of a tenant's submissions under way, and a second one when many wait:
while one is at Postgres the other is being decided. What arrives meanwhile waits for the next one,
which takes many: a few statements and one commit for all of them. What is about one alliance never
travels in both at once, since one would only wait for the other's lock. A lone submission waits
for nobody and travels alone. Everybody is answered after the commit that holds
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
from app.responses.chain import Record
from app.responses.changes import apply
from app.responses.decisions import Decision, Recording
from app.responses.service import decided, submit
from app.telemetry import kind_and_place

TOGETHER: Final = 64
"""The most that travel in one transaction."""
ABREAST: Final = 2
"""The most transactions of one tenant that are under way at once. A process decides one at a time,
so a third would only wait."""
MANY: Final = 8
"""So many have to wait for a second transaction to begin beside the first. House rule: fewer make
two small ones of one, which costs Postgres more than it saves."""
LOOKED_AT: Final = 4 * TOGETHER
"""How many of those that wait are looked at for one that may go."""
ASIDE: Final = 2
"""The most that wait for a lock aside, in one process: each keeps a connection meanwhile."""
WAITING: Final = 1000
"""The most that wait for one tenant in one process; who comes then is asked to come again."""
LOCK_MILLISECONDS: Final = 100
"""How long others wait behind one that waits for a lock; then it goes on aside."""

_log = structlog.get_logger("rapport.responses")

Answer: TypeAlias = tuple[Record, bool]
"""The stored record, and True if it had been stored before."""
Named: TypeAlias = tuple[str, str | UUID | None]
"""An alliance as a submission names it."""


@dataclass(slots=True)
class _Passenger:
    """A submission that waits for its transaction."""

    recording: Recording
    answer: asyncio.Future[Answer]


@dataclass(slots=True)
class _Flight:
    """A transaction that is under way."""

    alliances: frozenset[Named]
    size: int


@dataclass(slots=True)
class _Lane:
    """What waits of one tenant, behind the transactions that are under way."""

    waiting: deque[_Passenger] = field(default_factory=deque)
    under_way: list[_Flight] = field(default_factory=list)

    def may_begin(self) -> bool:
        """Whether another transaction may begin, if there is anybody to take."""
        if not self.under_way:
            return bool(self.waiting)
        return len(self.under_way) < ABREAST and len(self.waiting) >= MANY

    def next(self) -> list[_Passenger]:
        """Those that travel next, in the order in which they came; they wait no longer.

        The share of one transaction among those abreast, and who else is about the same alliances.
        Nobody is among them whose alliance is under way, or whose caller is gone.
        """
        known = len(self.waiting) + sum(one.size for one in self.under_way)
        share = min(TOGETHER, max(MANY, -(-known // ABREAST)))
        busy = {name for one in self.under_way for name in one.alliances}
        taken: list[_Passenger] = []
        with_them: set[Named] = set()
        left: list[_Passenger] = []
        for _ in range(min(len(self.waiting), LOOKED_AT)):
            passenger = self.waiting.popleft()
            if passenger.answer.done():
                continue
            name = _named(passenger.recording)
            room = len(taken) < share or (name in with_them and len(taken) < TOGETHER)
            if room and name not in busy:
                taken.append(passenger)
                with_them.add(name)
            else:
                # Who comes later about the same alliance does not overtake.
                busy.add(name)
                left.append(passenger)
        self.waiting.extendleft(reversed(left))
        return taken


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
        sent again if its caller stopped waiting.
        """
        if recording.external_id is None or recording.external_version != 1:
            return await self._alone(recording)
        tenant_id = recording.caller.tenant_id
        lane = self._lanes.get(tenant_id)
        if lane is None:
            lane = self._lanes[tenant_id] = _Lane()
            flight = _flight([recording])
            lane.under_way.append(flight)
            try:
                return await self._alone(recording, LOCK_MILLISECONDS)
            except Locked:
                pass  # nobody else is to wait for that lock: it goes on aside
            finally:
                self._landed(tenant_id, flight)
            return await self._go_aside(recording)
        if len(lane.waiting) >= WAITING:
            raise Unavailable("Too many submissions are waiting.", headers={"Retry-After": "1"})
        passenger = _Passenger(recording, asyncio.get_running_loop().create_future())
        lane.waiting.append(passenger)
        self._go_on(tenant_id, lane)
        return await _answer_in_time(passenger)

    def _landed(self, tenant_id: UUID, flight: _Flight) -> None:
        """A transaction is at its end: let what waits for it go on."""
        lane = self._lanes[tenant_id]
        lane.under_way.remove(flight)
        self._go_on(tenant_id, lane)
        if not lane.under_way:
            del self._lanes[tenant_id]

    def _go_on(self, tenant_id: UUID, lane: _Lane) -> None:
        """Let the next transactions of the tenant begin, if there is anybody to take."""
        while lane.may_begin() and (passengers := lane.next()):
            flight = _flight([one.recording for one in passengers])
            lane.under_way.append(flight)
            self._begin(self._fly(tenant_id, passengers, flight))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _fly(
        self, tenant_id: UUID, passengers: Sequence[_Passenger], flight: _Flight
    ) -> None:
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
            self._landed(tenant_id, flight)

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
            lambda transaction: submit(transaction, self._catalogue, recording), lock_milliseconds
        )

    async def _together(self, recordings: Sequence[Recording]) -> list[Decision]:
        caller = recordings[0].caller
        return await caller.attempt(
            lambda transaction: apply(transaction, self._catalogue, recordings, caller.clock),
            LOCK_MILLISECONDS,
        )


def _named(recording: Recording) -> Named:
    """The alliance as it is named; by our id and by the caller's it seems to be two."""
    alliance = recording.alliance
    assert alliance is not None  # noqa: S101 - without one it goes alone
    return recording.source, alliance.id or alliance.external_id


def _flight(recordings: Sequence[Recording]) -> _Flight:
    return _Flight(frozenset(map(_named, recordings)), len(recordings))


async def _answer_in_time(passenger: _Passenger) -> Answer:
    """The passenger's answer. Raises Unavailable when it takes longer than a transaction may."""
    try:
        async with asyncio.timeout(TRANSACTION_SECONDS):
            return await passenger.answer
    except TimeoutError:
        detail = "The database did not answer in time. Sending it again is safe."
        raise Unavailable(detail, headers={"Retry-After": "1"}) from None


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
