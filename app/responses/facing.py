"""Which streams of an alliance are compared with each other: client's and professional's."""

from collections.abc import Iterable
from typing import Final

from app.responses.stream_state import Stream

GUESS: Final = "professional_guess"
"""The form on which a professional guesses the client's answers."""


def facing(stream: Stream, others: Iterable[Stream]) -> list[Stream]:
    """Those of the streams that this one is compared with, in the order of their names."""
    return sorted((one for one in others if face_each_other(stream, one)), key=Stream.name)


def face_each_other(one: Stream, other: Stream) -> bool:
    """Whether two streams are client and professional about each other, on what can be compared.

    Both on their own views, or the client's answers and the professional's guess of them.
    """
    client, second = (one, other) if one.rater_role == "client" else (other, one)
    return (
        client.form == client.rater_role == "client"
        and second.rater_role == "professional"
        and second.form in {"professional", GUESS}
        and client.proxy_ref is None
        and second.proxy_ref is None
        and (client.instrument, client.form_revision) == (second.instrument, second.form_revision)
        and (client.about_role, client.about_ref) == (second.rater_role, second.rater_ref)
        and (second.about_role, second.about_ref) == (client.rater_role, client.rater_ref)
    )
