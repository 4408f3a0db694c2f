"""A small made-up caseload, so that a first look at the service shows something."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

SOURCE: Final = "demo"
FIRST_DAY: Final = date(2026, 9, 1)
"""Fixed, so that loading the demo again is a replay and stores nothing new."""

WAI_SR_CLIENT: Final = (
    (3, 4, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3),
    (4, 4, 4, 4, 4, 3, 4, 4, 4, 4, 4, 3),
    (4, 4, 4, 4, 5, 4, 4, 4, 5, 4, 4, 4),
    (2, 2, 4, 2, 4, 2, 3, 2, 4, 2, 2, 2),
    (3, 4, 4, 4, 5, 4, 4, 3, 4, 4, 4, 4),
    (4, 5, 5, 4, 5, 4, 5, 4, 5, 4, 5, 4),
)
WAI_SR_PROFESSIONAL: Final = (
    (3, 3, 4, 3, 4, 3, 3, 3, 4, 3, 3, 3),
    (3, 4, 4, 4, 4, 3, 4, 3, 4, 3, 4, 3),
    (4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4),
    (4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4),
    (4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4, 4),
    (4, 4, 5, 4, 5, 4, 4, 4, 5, 4, 4, 4),
)
TRIAD_CLIENT: Final = (
    (2, 2, 3, 3, 1, 2, 1, 2, 2),
    (3, 2, 3, 3, 1, 3, 1, 3, 3),
    (3, 3, 3, 4, 0, 3, 1, 3, 3),
    (4, 3, 4, 4, 0, 3, 0, 3, 4),
)
LINES_CLIENT: Final = ((7.5, 6.0, 6.8, 7.0), (8.1, 7.2, 7.0, 7.6), (5.2, 4.1, 6.6, 5.0))


def submissions() -> Iterator[dict[str, Any]]:
    """Every submission of the demo, as a caller would send it to POST /v1/responses."""
    job = _alliance("job-1", "c-ana", "p-jo", "vocational_rehabilitation", "return-to-work")
    yield from _course(job, "client", "wai-sr-2006", WAI_SR_CLIENT)
    yield from _course(job, "professional", "wai-sr-2006", WAI_SR_PROFESSIONAL)
    back = _alliance("back-1", "c-bo", "p-kim", "physical_rehabilitation", "back-pain")
    yield from _course(back, "client", "open-triad-1", TRIAD_CLIENT)
    talk = _alliance("talk-1", "c-eli", "p-jo", "counselling", "counselling")
    yield from _course(talk, "client", "open-triad-lines-1", LINES_CLIENT)


def _alliance(
    name: str, client: str, professional: str, setting: str, program: str
) -> dict[str, Any]:
    return {
        "external_id": name,
        "case_ref": f"case-{name}",
        "client_ref": client,
        "professional_ref": professional,
        "setting": setting,
        "program_ref": program,
    }


def _course(
    alliance: dict[str, Any], role: str, instrument: str, forms: tuple[tuple[float, ...], ...]
) -> Iterator[dict[str, Any]]:
    for number, answers in enumerate(forms, start=1):
        day = FIRST_DAY + timedelta(days=7 * number)
        yield {
            "external_id": f"{alliance['external_id']}-{role}-{number}",
            "source": SOURCE,
            "alliance": alliance,
            "instrument": instrument,
            "language": "en",
            "rater": {"role": role},
            "occasion": {"session_number": number, "occurred_on": day.isoformat()},
            "mode": "self_online",
            "answers": {str(item): answer for item, answer in enumerate(answers, start=1)},
        }
