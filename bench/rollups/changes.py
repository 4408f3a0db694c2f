"""Random changes of one tenant, sent through the service's own doors, and what is true after them.

What is true is kept here as it was sent, so that it can be asked later whether an answer was lost
or invented on the way.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import httpx

INSTRUMENT: Final = "open-triad-lines-1"
SOURCE: Final = "bench"
LINES: Final = ("1", "2", "3", "4")
SESSIONS: Final = 24
"""Of an alliance, a week apart."""
FIRST_MONDAY: Final = date(2026, 5, 25)
ENDS: Final = FIRST_MONDAY + timedelta(weeks=SESSIONS)
PROGRAMS: Final = 3
PROFESSIONAL_HAS: Final = 20
CHANGES_OF_ALLIANCE: Final = 20
"""About how many."""
MOST_AT_ONCE: Final = 100
"""In one batch."""
LATE: Final = 0.15
"""Of all new forms, so many are about a session before the last."""
ENOUGH: Final = 50
"""So many records before any is corrected."""
HELD: Final = ({"state": "invited"}, {"state": "declined"}, {"state": "opened"}, None)


@dataclass(slots=True)
class Record:
    """One record: its newest version as it was sent, and what the service calls its versions."""

    sent: dict[str, Any]
    alliance: int
    session: int
    ids: list[str] = field(default_factory=list)
    """Of its stored versions, the first first."""
    voided: bool = False


@dataclass(slots=True)
class Truth:
    """What was sent and taken."""

    records: list[Record] = field(default_factory=list)
    alliance_ids: dict[int, str] = field(default_factory=dict)
    into: dict[tuple[str, str], str] = field(default_factory=dict)
    """(role, reference) -> the one that it was merged into."""
    done: Counter[str] = field(default_factory=Counter)

    def now_called(self, role: str, ref: str) -> str:
        """What a person is called after all merges."""
        while (role, ref) in self.into:
            ref = self.into[role, ref]
        return ref


class Changes:
    """Draws changes and sends them; the same for the same seed."""

    def __init__(self, client: httpx.AsyncClient, wanted: int, seed: int) -> None:
        self._client = client
        self._draw = Random(seed)  # noqa: S311 - to be drawn again alike
        self._alliances = max(wanted // CHANGES_OF_ALLIANCE, 2 * PROFESSIONAL_HAS)
        self._next: Counter[int] = Counter()
        """Alliance -> its next session."""
        self.truth = Truth()

    async def go_on(self) -> int:
        """How many changes were made: a batch of submissions, or one of another kind."""
        ways: list[tuple[int, Callable[[], Awaitable[int]]]] = [(30, self._batch)]
        if len(self.truth.records) >= ENOUGH:
            ways += [(25, self._move), (10, self._end), (25, self._report), (5, self._merge)]
        (way,) = self._draw.choices([way for _, way in ways], [weight for weight, _ in ways])
        return await way()

    async def _batch(self) -> int:
        """New ones, late ones, amendments, some of them into another alliance, voids, revivals."""
        records, known = self.truth.records, len(self.truth.records)
        size = self._draw.randint(1, MOST_AT_ONCE)
        corrected = min(size * 2 // 5, known // 10) if known >= ENOUGH else 0
        items, told = [], []
        for number in self._draw.sample(range(known), corrected):
            record = records[number]
            if not record.voided and self._draw.random() < 0.3:  # noqa: PLR2004 - of all
                items.append(self._void(record))
                told.append((record, "voided"))
            else:
                items.append(self._amendment(record))
                told.append((record, "amended"))
        for _ in range(size - corrected):
            record = self._new()
            items.append(record.sent)
            told.append((record, "recorded"))
        answer = await self._sent("POST", "/v1/responses:batch", {"items": items})
        for (record, kind), one in zip(told, answer["items"], strict=True):
            if one["status"] >= 300:  # noqa: PLR2004 - HTTP
                raise RuntimeError(f"{kind} was refused: {one['problem']}")
            self._note(record, kind, one)
        return size

    def _note(self, record: Record, kind: str, one: dict[str, Any]) -> None:
        self.truth.done[kind] += 1
        record.voided = kind == "voided"
        if kind != "voided":
            record.ids.append(one["id"])
        if kind == "recorded":
            self.truth.records.append(record)

    def _new(self) -> Record:
        alliance = self._draw.randrange(self._alliances)
        session = min(self._next[alliance], SESSIONS - 1)
        if self._draw.random() < LATE:
            session = self._draw.randint(0, session)
        elif self._draw.random() < 0.5:  # noqa: PLR2004 - two forms a session, more or less
            self._next[alliance] += 1
        name = f"r-{len(self.truth.records)}-{self._draw.getrandbits(64):x}"
        made = Record({"external_id": name, "external_version": 1}, alliance, session)
        made.sent |= self._content(alliance, session)
        return made

    def _amendment(self, record: Record) -> dict[str, Any]:
        if self._draw.random() < 0.3:  # noqa: PLR2004 - it was about another alliance
            record.alliance = self._draw.randrange(self._alliances)
        if self._draw.random() < 0.3:  # noqa: PLR2004 - or another session
            record.session = self._draw.randrange(SESSIONS)
        version = record.sent["external_version"] + self._draw.randint(1, 3)
        named = {"external_id": record.sent["external_id"], "external_version": version}
        record.sent = named | self._content(record.alliance, record.session)
        return record.sent

    def _void(self, record: Record) -> dict[str, Any]:
        record.sent["external_version"] += 1
        named = {name: record.sent[name] for name in ("external_id", "external_version", "source")}
        return named | {"void": {"reason": "Typed in for somebody else."}}

    def _content(self, alliance: int, session: int) -> dict[str, Any]:
        draw = self._draw
        level = draw.choice((2, 5, 7, 8, 8, 9))
        form: dict[str, Any] = {
            "source": SOURCE,
            "alliance": self._alliance(alliance),
            "instrument": INSTRUMENT,
            "language": "de" if alliance % 5 == 0 else "en",
            "rater": {"role": draw.choice(("client", "client", "professional"))},
            "occasion": occasion(alliance, session),
        }
        if draw.random() < 0.03:  # noqa: PLR2004 - of all
            scores = [{"scale": "total", "sum": 4 * level}]
            return form | {"reported_scores": scores}
        answers = {line: min(10, level + draw.randint(0, 1)) for line in LINES}
        if draw.random() < 0.04:  # noqa: PLR2004 - of all
            del answers[draw.choice(LINES)]
        return form | {"answers": answers}

    def _alliance(self, number: int) -> dict[str, Any]:
        """As it was first described, but that people may be called as they are by now."""
        refs = {
            "client_ref": ("client", f"c-{number}"),
            "professional_ref": ("professional", f"p-{number // PROFESSIONAL_HAS}"),
        }
        if self._draw.random() < 0.5:  # noqa: PLR2004 - the old one is still understood
            refs = {name: (of, self.truth.now_called(of, ref)) for name, (of, ref) in refs.items()}
        return {
            "external_id": f"a-{number}",
            **{name: ref for name, (_, ref) in refs.items()},
            "program_ref": f"program-{number % PROGRAMS}",
            "setting": "counselling",
        }

    async def _known(self) -> str:
        """The id of some alliance that there is."""
        number = self._draw.choice(self.truth.records).alliance
        if number not in self.truth.alliance_ids:
            path = f"/v1/alliances?source={SOURCE}&external_id=a-{number}"
            (found,) = (await self._sent("GET", path))["items"]
            self.truth.alliance_ids[number] = found["id"]
        return self.truth.alliance_ids[number]

    async def _move(self) -> int:
        """An alliance into another programme: what comes from now on counts there."""
        return await self._patch({"program_ref": f"program-{self._draw.randrange(PROGRAMS)}"})

    async def _end(self) -> int:
        """An alliance ends after all its sessions, or goes on after all."""
        ended = self._draw.choice((None, ENDS + timedelta(days=self._draw.randrange(7))))
        return await self._patch({"ended_on": ended and str(ended)})

    async def _patch(self, change: dict[str, Any]) -> int:
        path = f"/v1/alliances/{await self._known()}"
        await self._sent("PATCH", path, change, {"If-Match": "*"})
        self.truth.done["alliance changed"] += 1
        return 1

    async def _report(self) -> int:
        """A meeting held, and who was invited to rate it."""
        record = self._draw.choice(self.truth.records)
        invited = [
            {"rater": {"role": role}, "instrument": INSTRUMENT} | came_to
            for role in ("client", "professional")
            if (came_to := self._draw.choice(HELD)) is not None
        ]
        body = {
            "source": SOURCE,
            "alliance": self._alliance(record.alliance),
            "status": "held",
            **occasion(record.alliance, record.session),
            **({"invited": invited} if invited else {}),
        }
        await self._sent("POST", "/v1/occasions", body)
        self.truth.done["occasion reported"] += 1
        return 1

    async def _merge(self) -> int:
        """Two references that turn out to be one person."""
        role = self._draw.choice(("client", "client", "client", "professional"))
        count = self._alliances if role == "client" else self._alliances // PROFESSIONAL_HAS
        drawn = (f"{role[0]}-{self._draw.randrange(count)}" for _ in range(2))
        one, other = (self.truth.now_called(role, ref) for ref in drawn)
        if one == other:
            return 0
        body = {"source": SOURCE, "role": role, "from": one, "into": other}
        await self._sent("POST", "/v1/people/merge", body)
        self.truth.into[role, one] = other
        self.truth.done["people merged"] += 1
        return 1

    async def _sent(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - JSON
        """The answer. Busy is no refusal: it is asked again."""
        for _ in range(50):
            answer = await self._client.request(method, path, json=body, headers=headers)
            if answer.status_code not in {409, 503} or "retry-after" not in answer.headers:
                break
            self.truth.done["asked again"] += 1
        if answer.is_error:
            raise RuntimeError(f"{method} {path} was answered with {answer.status_code}: "
                               f"{answer.text[:300]}")  # fmt: skip
        return answer.json()


def occasion(alliance: int, session: int) -> dict[str, Any]:
    """A session of an alliance: the same whoever tells of it. A few were never dated."""
    number = {"session_number": session + 1}
    day = day_of(alliance, session)
    if day is None:
        return number
    if (alliance + session) % 3:
        return number | {"occurred_on": str(day)}
    return number | {"occurred_at": f"{day}T23:30:00-05:00"}


def day_of(alliance: int, session: int) -> date | None:
    """The local date of a session; None: it was never said."""
    if (7 * alliance + session) % 50 == 0:
        return None
    return FIRST_MONDAY + timedelta(weeks=session, days=alliance % 7)
