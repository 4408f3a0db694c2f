"""What travels about tenants and their keys."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError as Mistake

from app.database import NO_TENANT
from app.edge.scalars import PLAIN, Closed, Instant, Ref, no_control_characters
from app.tenants.scopes import Scope

Audience = Literal["client", "professional", "supervisor"]
TenantState = Literal["open", "closed"]
ShortText = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra=PLAIN),
    AfterValidator(no_control_characters),
]


def _of_a_tenant(tenant_id: UUID) -> UUID:
    if tenant_id == NO_TENANT:
        raise Mistake("nil_id", "The id of nothing but zeros stands for no tenant.")
    return tenant_id


class Notice(Closed):
    """What raters are told about who will see their answers; no read ever exceeds it."""

    ref: Ref | None = None
    audience: list[Audience] = Field(min_length=1, max_length=3)
    level: Literal["items", "scores", "signals"] = Field(
        description="The most that anybody is shown."
    )


TENANT: Final[dict[str, Any]] = {
    "id": "0c9d7a52-4c5e-4f0e-9a39-2f3d5f1f7f10",
    "name": "North Clinic",
    "default_notice": {
        "ref": "leaflet-2026",
        "audience": ["client", "professional"],
        "level": "scores",
    },
}
KEY: Final[dict[str, Any]] = {
    "label": "clinic-ehr",
    "scopes": [Scope.RESPONSES_WRITE, Scope.TRENDS_READ],
    "expires_at": "2036-01-01T00:00:00Z",
}


class TenantCreate(Closed):
    """A tenant that is to be: an organisation whose data nobody else sees."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [TENANT]})

    id: Annotated[UUID, AfterValidator(_of_a_tenant)] | None = Field(
        default=None,
        description="Made by you, so that sending it again makes no second tenant; else by us.",
    )
    name: ShortText = Field(description="For people; need not be unique.")
    default_notice: Notice | None = Field(
        default=None,
        description="What its raters were told where a submission says nothing about it; absent: "
        "that everybody sees everything.",
    )


class KeyCreate(Closed):
    """A key that is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [KEY]})

    label: ShortText = Field(description="What the key is for.")
    scopes: list[Scope] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="What it may do; absent: everything that there is today.",
    )
    expires_at: Instant | None = Field(
        default=None, description="RFC 3339 with offset, in the future; absent: valid for ever."
    )


class NoticeOut(BaseModel):
    """What raters are told about who will see their answers."""

    ref: str | None
    audience: list[str]
    level: str


class TenantOut(BaseModel):
    """A tenant. Nothing of its data is shown here."""

    id: UUID
    name: str
    state: str = Field(description="`open`, or `closed`: then none of its keys opens anything.")
    default_notice: NoticeOut
    created_at: datetime
    closed_at: datetime | None


class KeyOut(BaseModel):
    """A key without its secret, of which only a hash is stored."""

    key_id: str = Field(description="The third part of the key.")
    state: str = Field(description="`valid`, `expired` or `revoked`.")
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None = Field(description="Null: valid for ever.")
    revoked_at: datetime | None


class KeyMade(KeyOut):
    """A new key, with all of it."""

    key: str = Field(description="The whole key, shown this once. Goes into `Authorization`.")
