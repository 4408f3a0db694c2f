"""The verdict: what callers were told, held against what is stored."""

import asyncio
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

from bench.crash.caller import Caller, NoAnswer
from bench.crash.forms import SOURCE
from bench.crash.history import History
from bench.crash.stored import Stored, names
from bench.processes import RunFailed

TRIES: Final = 20
PAUSE: Final = 0.25
PAGE: Final = 500
SCALE: Final = "bond"
OK: Final = 200


@dataclass(slots=True)
class Verdict:
    """What should not be, by kind: the external_ids, or alliances, that it happened to."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged and not stored."""
    duplicate: list[str] = field(default_factory=list)
    """Stored more than once, or said more than once to have been stored just now."""
    phantom: list[str] = field(default_factory=list)
    """Stored although never sent, or refused."""
    divergent: list[str] = field(default_factory=list)
    """Answered once in one way and once in another."""
    altered: list[str] = field(default_factory=list)
    """Stored with other content than was sent."""
    refused: list[str] = field(default_factory=list)
    """Valid, and answered with 4xx."""
    miscounted: list[str] = field(default_factory=list)
    """Alliances whose state, or whose trend, disagrees with the stored responses."""
    mistold: list[str] = field(default_factory=list)
    """Responses (by our ids) that not exactly one event tells of."""
    unlisted: list[str] = field(default_factory=list)
    """Stored and not in the API's list, or the other way round."""
    empty_occasions: int = 0
    """Occasions that no response belongs to: left over from half a transaction."""

    def counts(self) -> dict[str, int]:
        """Kind -> how many."""
        return {
            kind: found if isinstance(found, int) else len(found)
            for kind, found in asdict(self).items()
        }

    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.counts().values())


def judged(history: History, stored: Stored) -> Verdict:
    """The verdict on what was stored and answered, without the API's own view."""
    count = names(stored.rows)
    sent = history.sendings
    return Verdict(
        lost=sorted(name for name, one in sent.items() if one.acknowledged and not count[name]),
        duplicate=sorted(
            {name for name, times in count.items() if times > 1}
            | {name for name, one in sent.items() if one.created > 1}
        ),
        phantom=sorted(
            name
            for name in count
            if name not in sent or not (sent[name].acknowledged or sent[name].unanswered)
        ),
        divergent=sorted(name for name, one in sent.items() if one.divergent),
        altered=sorted(
            row.external_id
            for row in stored.rows
            if row.external_id in sent and sent[row.external_id].digest != row.digest
        ),
        refused=sorted(name for name, one in sent.items() if one.refused),
        miscounted=sorted(str(alliance) for alliance in stored.miscounted()),
        mistold=sorted(str(response) for response in stored.mistold()),
        empty_occasions=stored.empty_occasions,
    )


async def unlisted(caller: Caller, stored: Stored) -> list[str]:
    """What the API's list has and the table has not, or the other way round. Raises RunFailed."""
    listed = Counter[str]()
    cursor: str | None = ""
    while cursor is not None:
        page = await fetched(caller, f"/v1/responses?source={SOURCE}&limit={PAGE}{cursor}")
        listed.update(one["external_id"] for one in page["items"])
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    table = names(stored.rows)
    return sorted((table - listed) + (listed - table))


async def miscounted_trends(caller: Caller, stored: Stored, most: int) -> list[str]:
    """Alliances whose trend has other points than they have responses; looks at most at so many.

    Raises RunFailed when a trend cannot be read.
    """
    rows: dict[UUID, Counter[str]] = {}
    for row in stored.rows:
        rows.setdefault(row.alliance_id, Counter())[str(row.id)] += 1
    wrong = []
    for alliance, expected in sorted(rows.items(), key=lambda one: -one[1].total())[:most]:
        trend = await fetched(caller, f"/v1/alliances/{alliance}/trend?scale={SCALE}")
        points = [point for one in trend["streams"] for point in one["points"] + one["unplaced"]]
        if Counter(point["response_id"] for point in points) != expected:
            wrong.append(str(alliance))
    return wrong


async def fetched(caller: Caller, path: str) -> Any:  # noqa: ANN401 - JSON
    """What a GET gives. Raises RunFailed when it cannot be had."""
    for _ in range(TRIES):
        try:
            answer = await caller.get(path)
        except NoAnswer as none:
            said = str(none)
        else:
            if answer.status == OK:
                return json.loads(answer.body)
            said = answer.body.decode(errors="replace")
        await asyncio.sleep(PAUSE)
    raise RunFailed(f"GET {path.partition('?')[0]} is not answered: {said}")
