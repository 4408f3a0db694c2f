"""How a course is asked for: the same everywhere, whatever it is answered as."""

from typing import Annotated

from fastapi import Depends, Query

from app.edge.scalars import Day, Instant, Language
from app.instruments.schemas import FormId, InstrumentId, RaterRole
from app.trends.service import Window


async def _window(
    *,
    instrument: Annotated[InstrumentId | None, Query()] = None,
    form: Annotated[FormId | None, Query()] = None,
    role: Annotated[RaterRole | None, Query(description="The rater's role.")] = None,
    scale: Annotated[str | None, Query(max_length=60, description="Only this one.")] = None,
    start: Annotated[
        Day | None, Query(alias="from", description="First day of occasions, YYYY-MM-DD.")
    ] = None,
    end: Annotated[
        Day | None, Query(alias="to", description="Last day of occasions, YYYY-MM-DD.")
    ] = None,
    as_of: Annotated[
        Instant | None, Query(description="What was known then, by time of receipt.")
    ] = None,
    language: Annotated[
        Language, Query(description="Of the texts: the nearest there is, else English.")
    ] = "en",
) -> Window:
    return Window(instrument, form, role, scale, start, end, as_of, language=language)


WindowAsked = Annotated[Window, Depends(_window)]
