"""What travels about people."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.alliances.schemas import MemberRole
from app.edge.scalars import Closed, Ref, Source


class MergeRequest(Closed):
    """Two references of one source that are one person."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"source": "clinic-ehr", "role": "client", "from": "c-1-double", "into": "c-1"}
            ]
        },
    )

    source: Source
    role: MemberRole = Field(description="In which role both references name a member.")
    from_ref: Ref = Field(alias="from", description="The reference that goes out of use.")
    into_ref: Ref = Field(alias="into", description="The one that stands for the person from now.")

    @model_validator(mode="after")
    def _two_references(self) -> Self:
        if self.from_ref == self.into_ref:
            raise Mistake("same_reference", "from and into are the same reference.")
        return self


class MergeOut(BaseModel):
    """A merge as it was made."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    id: UUID
    source: str
    role: str
    from_ref: str = Field(alias="from")
    into_ref: str = Field(alias="into")
    current: str = Field(description="Where `from` leads by now: `into` may have been merged on.")
    alliances: int = Field(description="How many alliances changed a member's reference.")
    merged_at: datetime
