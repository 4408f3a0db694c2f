"""A single submission worked into its streams, before anything of it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.instruments.definitions import Catalogue
from app.responses.fold import Courses, Series
from app.responses.raising import Raising, Standing
from app.responses.stream_course import Added
from app.responses.subject import Subject


@dataclass(frozen=True, slots=True)
class Work:
    """A submission worked into its streams."""

    courses: Courses
    raising: Raising
    added: Added | None
    """None: a stream is missing."""
    signals: Sequence[Mapping[str, Any]]
    at: datetime
    """After the lock, so that what is received later is never marked as earlier."""


def worked_in(
    subject: Subject,
    catalogue: Catalogue,
    series: Series,
    standing: Mapping[UUID, list[Standing]],
) -> Work:
    """The work of a submission, with the series that were read for it.

    Nothing is stored yet. Where a stream is missing it is to be done again with its series.
    """
    caller = subject.caller
    at = subject.alliance.moment(caller.clock())
    courses = Courses(series, catalogue, caller.key.signal_settings)
    raising = Raising(courses, standing)
    added, signals = raising.add(subject, 0, at)
    return Work(courses, raising, added, signals, at)
