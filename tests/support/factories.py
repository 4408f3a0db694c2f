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
