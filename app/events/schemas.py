"""What travels about events."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field

HIGHEST_POSITION: Final = 2**53 - 1
"""What every JSON reader can count to exactly."""

Position = Annotated[
    int,
    Field(
        ge=0,
        le=HIGHEST_POSITION,
        description="The `position` of the last event that you have handled; 0 from the start.",
    ),
]


class EventOut(BaseModel):
    """Something that changed: ids and a type. What it is now, a read of the subject says."""

    position: int = Field(description="Its place among your events: 1, 2, 3 and so on, no gaps.")
    id: UUID
    type: str = Field(description="Such as `response.recorded`. Pass over those you do not know.")
    alliance_id: UUID | None = Field(description="Null where it is about no single alliance.")
    subject_id: UUID = Field(
        description="What it is about: a response, an alliance, an occasion, a mark, a merge."
    )
    recorded_at: datetime = Field(description="Never goes back within one alliance.")


class EventPage(BaseModel):
    """The next events, in the order in which they are to be handled."""

    items: list[EventOut]
    next_cursor: str | None = Field(
        description="The last position, to hand back as `after`, when more events are there "
        "already; else null: go on later after the last `position` that you have."
    )
