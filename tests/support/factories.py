"""Valid requests, one small builder per thing; keywords override."""

from itertools import count
from typing import Any

WAI_SR = {str(item): value for item, value in enumerate((4, 5, 3, 4, 4, 4, 5, 3, 4, 4, 5, 4), 1)}
_numbers = count(1)


def pair(**overrides: Any) -> dict[str, Any]:
    """The inline form of a new pair."""
    number = next(_numbers)
    return {
        "external_id": f"alliance-{number}",
        "client_ref": f"client-{number}",
        "professional_ref": f"professional-{number}",
        **overrides,
    }


def submission(**overrides: Any) -> dict[str, Any]:
    """A client's WAI-SR on a new pair's first session."""
    return {
        "external_id": f"response-{next(_numbers)}",
        "source": "ehr",
        "alliance": pair() if "alliance" not in overrides else None,
        "instrument": "wai-sr-2006",
        "language": "en",
        "rater": {"role": "client"},
        "occasion": {"session_number": 1, "occurred_at": "2026-10-01T10:00:00+02:00"},
        "answers": dict(WAI_SR),
        **overrides,
    }


def below_the_cut(**overrides: Any) -> dict[str, Any]:
    """A client's SRS that lies below its cut on every line, and so raises `low_level`."""
    answers = {str(line): 5 for line in range(1, 5)}
    return submission(instrument="srs-3", answers=answers, **overrides)


def invitation(role: str = "client", **overrides: Any) -> dict[str, Any]:
    """An invitation to rate with the WAI-SR."""
    return {
        "rater": {"role": role},
        "instrument": "wai-sr-2006",
        "state": "invited",
        **overrides,
    }


def report(**overrides: Any) -> dict[str, Any]:
    """A new pair's first session, which was held."""
    return {
        "source": "ehr",
        "alliance": pair() if "alliance" not in overrides else None,
        "session_number": 1,
        "occurred_at": "2026-10-01T10:00:00+02:00",
        "status": "held",
        **overrides,
    }


def mark(**overrides: Any) -> dict[str, Any]:
    """A rupture that a client noticed in the first session."""
    return {
        "external_id": f"mark-{next(_numbers)}",
        "source": "ehr",
        "occasion": {"session_number": 1},
        "by": {"role": "client"},
        "kind": "rupture",
        **overrides,
    }
