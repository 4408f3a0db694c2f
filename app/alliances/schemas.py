"""What travels about alliances."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError as Mistake

from app.edge.scalars import Closed, Day, Ref, Source

MemberRole = Literal["client", "professional", "family_member", "other"]
Setting = Literal[
    "psychotherapy",
    "counselling",
    "coaching",
    "vocational_rehabilitation",
    "physical_rehabilitation",
    "family_work",
    "other",
]
EndReason = Literal["completed", "dropped_out", "transferred", "administrative", "unknown"]


class Member(Closed):
    """One member of an alliance."""

    role: MemberRole
    ref: Ref


class AllianceFacts(Closed):
    """What can change during an alliance; changes act forward only."""

    case_ref: Ref | None = Field(default=None, description="Your case; it may hold many alliances.")
    setting: Setting | None = Field(default=None, description="The field of work.")
    program_ref: Ref | None = Field(default=None, description="The programme it is part of.")
    started_on: Day | None = None
    ended_on: Day | None = None
    end_reason: EndReason | None = Field(default=None, description="Why it ended.")
    continues: UUID | None = Field(
        default=None, description="The alliance that this one continues: a reopened case."
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.started_on and self.ended_on and self.ended_on < self.started_on:
            raise Mistake("ends_before_start", "ended_on lies before started_on.")
        return self


class AllianceBody(AllianceFacts):
    """An alliance as its caller describes it."""

    external_id: Ref | None = Field(default=None, description="Your id of the alliance.")
    client_ref: Ref | None = Field(
        default=None, description="With professional_ref short for the two members of a pair."
    )
    professional_ref: Ref | None = None
    members: list[Member] | None = Field(
        default=None,
        min_length=2,
        max_length=50,
        description="All members, for family, group and team work. Never changes afterwards.",
    )

    @model_validator(mode="after")
    def _members_said_once(self) -> Self:
        pair = (self.client_ref, self.professional_ref)
        if self.members is not None and pair != (None, None):
            raise Mistake(
                "members_said_twice", "Give members, or client_ref and professional_ref, not both."
            )
        if self.members is None and (pair[0] is None) != (pair[1] is None):
            raise Mistake("pair_incomplete", "client_ref and professional_ref go together.")
        if self.members is not None:
            roles = [member.role for member in self.members]
            if "client" not in roles or "professional" not in roles:
                raise Mistake(
                    "members_incomplete",
                    "An alliance has at least one client and one professional.",
                )
            if len(self.member_set()) != len(self.members):
                raise Mistake("member_twice", "A member stands twice.")
        return self

    def member_set(self) -> frozenset[tuple[str, str]]:
        """The members as (role, ref); empty when none are named."""
        if self.members is not None:
            return frozenset((member.role, member.ref) for member in self.members)
        if self.client_ref is None or self.professional_ref is None:
            return frozenset()
        return frozenset({("client", self.client_ref), ("professional", self.professional_ref)})


class AllianceCreate(AllianceBody):
    """A new alliance."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "source": "clinic-ehr",
                    "external_id": "case-77:p-9",
                    "case_ref": "case-77",
                    "client_ref": "c-1",
                    "professional_ref": "p-9",
                    "setting": "vocational_rehabilitation",
                }
            ]
        },
    )

    source: Source = "default"

    @model_validator(mode="after")
    def _has_members(self) -> Self:
        if not self.member_set():
            raise Mistake("members_needed", "Give client_ref and professional_ref, or members.")
        return self


class AllianceInSubmission(AllianceBody):
    """The alliance of a submission: `id`, or the inline form that makes it on first sight."""

    id: UUID | None = Field(default=None, description="The service's id, and then nothing else.")

    @model_validator(mode="after")
    def _named_one_way(self) -> Self:
        if self.id is None and self.external_id is None:
            raise Mistake("alliance_unnamed", "Give id, or external_id with the members.")
        if self.id is not None and len(self.model_fields_set) > 1:
            raise Mistake("alliance_named_twice", "With id nothing else is given.")
        return self


class AlliancePatch(AllianceFacts):
    """A change; absent fields stay as they are, null clears one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"ended_on": "2026-11-20", "end_reason": "completed"}]},
    )


class MemberOut(BaseModel):
    """One member of an alliance."""

    role: str
    ref: str


class AllianceOut(BaseModel):
    """A stored alliance."""

    id: UUID
    source: str
    external_id: str | None
    case_ref: str | None
    members: list[MemberOut]
    setting: str | None
    program_ref: str | None
    started_on: date | None
    ended_on: date | None
    end_reason: str | None
    continues: UUID | None
    version: int = Field(description="Counts changes; the ETag is this number in quotes.")
    created_at: datetime
