"""The submissions of a run: each with answers of its own, spread over alliances old and new."""

import json
import random
from dataclasses import dataclass
from typing import Any, Final

from bench.crash.history import digest
from bench.work import submission

SOURCE: Final = "crash"
ITEMS: Final = 12
HIGHEST: Final = 5
FRESH_EVERY: Final = 10
"""Of so many submissions one makes its alliance."""


@dataclass(frozen=True, slots=True)
class Form:
    """One submission, ready to be sent as often as it takes."""

    external_id: str
    alliance: str
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of one run: the same seed and number give the same form."""

    seed: int
    alliances: int
    """How many alliances nine in ten submissions are spread over."""
    run: str = "run"
    """The beginning of every id, so that runs in one database never meet."""

    def form(self, number: int) -> Form:
        """The form with this number, from 0 on."""
        draw = random.Random(f"{self.seed}:{number}")  # noqa: S311 - to be drawn again alike
        answers = {str(item): draw.randint(1, HIGHEST) for item in range(1, ITEMS + 1)}
        alliance, turn = self._alliance(number)
        role = "professional" if turn % 2 else "client"
        body = submission(f"{self.run}-{number:06d}", alliance, turn // 2 + 1, role)
        body |= {"source": SOURCE, "answers": answers}
        body["alliance"] |= {"client_ref": f"c:{alliance}", "professional_ref": f"p:{alliance}"}
        body["rater"]["ref"] = body["alliance"][f"{role}_ref"]
        return _made(body)

    def _alliance(self, number: int) -> tuple[str, int]:
        """The alliance of a submission, and the how manieth of its submissions it is."""
        tens, place = divmod(number, FRESH_EVERY)
        if place == FRESH_EVERY - 1:
            return f"{self.run}-fresh-{tens:06d}", 0
        turn, which = divmod(tens * (FRESH_EVERY - 1) + place, self.alliances)
        return f"{self.run}-known-{which:04d}", turn


def _made(body: dict[str, Any]) -> Form:
    alliance = body["alliance"]["external_id"]
    session = body["occasion"]["session_number"]
    said = digest(alliance, body["rater"]["role"], session, body["answers"])
    text = json.dumps(body, separators=(",", ":")).encode()
    return Form(body["external_id"], alliance, text, said)
