"""A valid body for every shape that a request can have, and a way to every place in it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.support.factories import pair, submission
from tests.support.own import definition, pack

SCORE = {
    "instrument": "srs-3",
    "instrument_revision": "1.0",
    "form": "client",
    "rater": {"role": "client"},
    "answers": {"1": 9.4, "2": {"mark_mm": 50, "line_mm": 100}, "3": 8, "4": "declined"},
}
FACTS = {
    "case_ref": "case",
    "setting": "counselling",
    "program_ref": "programme",
    "started_on": "2026-01-01",
    "ended_on": "2026-02-01",
    "end_reason": "completed",
    "continues": "019ab0b6-7e62-7ae1-8f6f-000000000001",
}
RESPONSE = submission(
    alliance=pair(**FACTS),
    rater={"role": "client", "ref": "c"},
    about_ref="p",
    assistance={"proxy_ref": "x", "interpreter": True, "professional_present": False},
    occasion={
        "session_ref": "s",
        "session_number": 1,
        "occurred_at": "2026-10-01T10:00:00Z",
        "occurred_on": "2026-10-01",
    },
    completed_at="2026-10-01T10:00:00Z",
    mode="kiosk",
    notice={"ref": "n", "audience": ["client"], "level": "items"},
    backfill=True,
    instrument_revision="1.0",
    form="client",
    external_version=1,
)
REPORTED = submission(
    alliance={"id": "019ab0b6-7e62-7ae1-8f6f-000000000001"},
    answers=None,
    reported_scores=[{"scale": "total", "sum": 40, "mean": 3.3}],
    completed_on="2026-10-01",
)
MEMBERS = {
    "members": [{"role": "client", "ref": "c"}, {"role": "professional", "ref": "p"}],
    "external_id": "x",
    "source": "s",
}
OCCASION = {
    "source": "s",
    "alliance": pair(**FACTS),
    "session_ref": "s",
    "session_number": 1,
    "occurred_at": "2026-10-01T10:00:00Z",
    "occurred_on": "2026-10-01",
    "status": "held",
    "invited": [
        {
            "rater": {"role": "client", "ref": "c"},
            "instrument": "srs-3",
            "form": "client",
            "state": "invited",
            "at": "2026-10-01T10:00:00Z",
            "reason": "r",
        }
    ],
}
MARK = {
    "external_id": "x",
    "source": "s",
    "occasion": {
        "session_ref": "s",
        "session_number": 1,
        "occurred_at": "2026-10-01T10:00:00Z",
        "occurred_on": "2026-10-01",
    },
    "by": {"role": "client", "ref": "c"},
    "kind": "rupture",
    "note": "n",
    "notice": {"ref": "n", "audience": ["client"], "level": "items"},
}
ACTION = {"kind": "note", "by_ref": "p", "at": "2026-10-01T10:00:00Z", "note": "n"}
SETTINGS = {
    "alerts_per_100_ratings": 3.5,
    "parameter_sets": [
        {
            "instrument": "srs-3",
            "form": "client",
            "scale": "total",
            "language": "en",
            "parameters": {
                "mean": 8.5,
                "between_sd": 1.2,
                "slope_mean": 0.1,
                "slope_sd": 0.1,
                "within_sd": 0.8,
                "reliability": 0.7,
                "decay_per_day": 0.2,
                "volatility_log_sd": 0.3,
            },
            "cases": 412,
            "ratings": 4630,
            "method": "m",
        }
    ],
    "reason": "r",
}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "score": ("/v1/scores", SCORE),
    "response": ("/v1/responses", RESPONSE),
    "reported": ("/v1/responses", REPORTED),
    "pair": ("/v1/alliances", pair(**FACTS)),
    "members": ("/v1/alliances", MEMBERS),
    "occasion": ("/v1/occasions", OCCASION),
    "mark": ("/v1/alliances/019ab0b6-7e62-7ae1-8f6f-000000000001/marks", MARK),
    "action": ("/v1/signals/019ab0b6-7e62-7ae1-8f6f-000000000001/actions", ACTION),
    "settings": ("/v1/signal-settings", SETTINGS),
    "draft": ("/v1/instruments", {"definition": definition()}),
    "text pack": ("/v1/instruments/open-triad-1/forms/client/texts/en", pack()),
    "declared use": ("/v1/declared-use", {"uses": ["clinical", "research"]}),
    "publication": ("/v1/instruments/x-a/publish", {"revision": "1.0", "sha256": "0" * 64}),
    "patch": ("/v1/alliances/019ab0b6-7e62-7ae1-8f6f-000000000001", FACTS),
}

Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value inside."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for name, part in parts:
        yield (*path, name)
        if isinstance(part, dict | list):
            yield from places(part, (*path, name))


def at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def changed(body: Any, path: Path, value: Any) -> Any:
    """The body with this value there."""
    copy = deepcopy(body)
    at(copy, path[:-1])[path[-1]] = value
    return copy


def pointer(path: Path) -> str:
    return "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in path)


def method_of(name: str) -> str:
    puts = ("settings", "text pack", "declared use")
    return {"patch": "PATCH"}.get(name, "PUT" if name in puts else "POST")
