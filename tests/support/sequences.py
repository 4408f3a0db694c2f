"""Random sequences of submissions, corrections and withdrawals, right ones and wrong ones."""

from random import Random
from typing import Any

from tests.support.corrections import items, withdrawal
from tests.support.factories import submission

NOTICES = (
    {"audience": ["client", "professional"], "level": "items"},
    {"audience": ["client"], "level": "signals"},
    {"audience": ["supervisor"], "level": "scores"},
)
ENDS = "2026-10-03"
WRONG: tuple[dict[str, Any], ...] = (
    {"answers": {"1": 9}},
    {"rater": {"role": "client", "ref": "nobody"}},
    {"about_ref": "nobody"},
    {"unheard": 1},
    {"external_id": "a\nb"},
    {"alliance": {"external_id": "unheard"}},
    {"alliance": {"external_id": "new", "client_ref": "c"}},
    {"alliance": {"id": "01a20546-cbdf-7696-ab47-5fe4ee35dee3"}},
)


class Sequence:
    """Changes to a few records of a few alliances; the same for the same seed."""

    def __init__(self, seed: int, known_alliance_id: str | None = None) -> None:
        self.random = Random(seed)  # noqa: S311 - no secret
        self.known_alliance_id = known_alliance_id
        self.records = [f"r-{number}" for number in range(7)]
        self.sent: list[dict[str, Any]] = []

    def next(self) -> dict[str, Any]:
        """Another item, as a batch takes it."""
        choice = self.random.random()
        if choice < 0.15 and self.sent:
            return self.random.choice(self.sent)
        if choice < 0.30:
            named = {"external_id": self.random.choice(self.records), "source": self.source()}
            made = withdrawal(named, self.random.randint(1, 6))
        elif choice < 0.40:
            made = self.submission() | self.random.choice(WRONG)
        else:
            made = self.submission()
        self.sent.append(made)
        return made

    def source(self) -> str:
        return "ehr" if self.random.random() < 0.9 else "another"

    def submission(self) -> dict[str, Any]:
        """A form; its alliance, record, version and occasion are drawn independently."""
        random = self.random
        made = submission(
            external_id=random.choice(self.records),
            external_version=random.choice((1, 1, 1, 2, 2, 3, 4, 5)),
            source=self.source(),
            alliance=self.alliance(),
            rater={"role": random.choice(("client", "client", "professional"))},
            language=random.choice(("en", "en", "en", "de")),
            occasion=self.occasion(),
            answers=items(random.choice((1, 2, 3, 4, 5))),
        )
        if random.random() < 0.1:
            made["notice"] = random.choice(NOTICES)
        if random.random() < 0.15:
            del made["answers"]
            made["reported_scores"] = [{"scale": "total", "sum": random.randint(12, 60)}]
        return made

    def alliance(self) -> dict[str, Any]:
        random = self.random
        number = random.randint(0, 3)
        if number == 0 and self.known_alliance_id is not None:
            return {"id": self.known_alliance_id}
        client = "another" if random.random() < 0.05 else "c"
        made = {
            "external_id": f"a-{number}",
            "client_ref": client,
            "professional_ref": "p",
        }
        if number == 3 and random.random() < 0.7:
            made |= {"ended_on": ENDS}
        if random.random() < 0.05:
            made |= {"continues": "01a20546-cbdf-7696-ab47-5fe4ee35dee3"}
        return made

    def occasion(self) -> dict[str, Any]:
        """Exactly timed, dated or undated."""
        random = self.random
        kind = random.choice(("timed", "timed", "dated", "undated"))
        day = f"2026-10-{random.randint(1, 5):02}"
        made: dict[str, Any] = {}
        if kind == "timed":
            hour = random.choice(("00:30", "09:00", "23:30"))
            made["occurred_at"] = f"{day}T{hour}:00{random.choice(('Z', '+02:00', '-10:00'))}"
        elif kind == "dated":
            made["occurred_on"] = day
        if kind == "undated" or random.random() < 0.7:
            made["session_number"] = random.randint(0, 9)
        return made
