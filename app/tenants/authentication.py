"""Who is calling, and the transaction that is theirs: what a route asks for in its signature."""

import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from app.database import LOCK_MILLISECONDS, NO_TENANT, Database, Result, Transaction
from app.edge.admission import Admission
from app.edge.json_body import raise_refusal
from app.edge.raw_headers import first_of, values_of
from app.errors import FieldError, InvalidRequest, ScopeMissing, Unauthenticated
from app.tenants.verification import (
    Key,
    PlatformKey,
    key_parts,
    platform_key_parts,
    valid_key,
    valid_platform_key,
)

KEY_TRUSTED_SECONDS: Final = 30.0
"""How long a process goes on trusting a key that it has looked up: a revoked one ends by then."""
KEYS_REMEMBERED: Final = 4096

Clock = Callable[[], datetime]

ACTOR_ROLES: Final = (
    "client",
    "professional",
    "family_member",
    "other",
    "supervisor",
    "observer",
)
PLAIN_REF: Final = r"[^\u0000-\u001f\u007f-\u009f]{1,200}"
ACTOR_REF: Final = re.compile(PLAIN_REF)
CARE: Final = "care"
CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True, slots=True)
class Actor:
    """The person on whose behalf a system calls, as named in the Rapport-Actor header."""

    role: str
    ref: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A known key, and the person acting; actor None: the system itself."""

    key: Key
    actor: Actor | None
    database: Database
    clock: Clock
    """The time of this process; a test may have set it."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of this caller's tenant; committed when its block is left.

        A route leaves the block before it returns, so what is answered is stored.
        """
        return self.database.transaction(self.tenant_id)

    async def attempt(
        self,
        work: Callable[[Transaction], Awaitable[Result]],
        lock_milliseconds: int = LOCK_MILLISECONDS,
    ) -> Result:
        """What work gives in a transaction of this caller's tenant, committed.

        work is begun anew when another caller was quicker; see Database.attempt.
        """
        return await self.database.attempt(self.tenant_id, work, lock_milliseconds)

    @property
    def tenant_id(self) -> UUID:
        """Whose data this caller sees; nobody else's."""
        return self.key.tenant_id


@dataclass(frozen=True, slots=True)
class PlatformCaller:
    """A known platform key: who hosts tenants, makes and closes them, and reads nothing of theirs.

    Postgres holds it to that: the role that its transactions take has no right on tenants' data.
    """

    key: PlatformKey
    database: Database
    clock: Clock
    """The time of this process; a test may have set it."""

    def transaction(self, tenant_id: UUID = NO_TENANT) -> AbstractAsyncContextManager[Transaction]:
        """A transaction with the platform's rights; without a tenant, to look at their list."""
        return self.database.platform_transaction(tenant_id)


class KnownKeys:
    """The keys that one process has looked up lately, so that a call costs no extra trip.

    seconds counts on from any start and never goes back, whatever is done to the clock.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._known: dict[str, tuple[float, Key | PlatformKey]] = {}
        self._seconds = seconds

    def find(self, text: str, now: datetime) -> Key | PlatformKey | None:
        """The key looked up within KEY_TRUSTED_SECONDS and not expired since; else None."""
        looked_up_at, key = self._known.get(text, (0.0, None))
        if key is None or self._seconds() - looked_up_at > KEY_TRUSTED_SECONDS:
            return None
        return None if key.expires_at is not None and key.expires_at <= now else key

    def remember(self, text: str, key: Key | PlatformKey) -> None:
        """Trust the key from now on for KEY_TRUSTED_SECONDS."""
        if len(self._known) >= KEYS_REMEMBERED:
            self._known.clear()
        self._known[text] = (self._seconds(), key)


CALLER_HEADERS: Final[list[dict[str, Any]]] = [
    {
        "name": "Rapport-Actor",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "pattern": f"^({'|'.join(ACTOR_ROLES)});{PLAIN_REF}$"},
        "description": "The person acting, as `<role>;<ref>` in UTF-8. Absent: the system itself.",
        "example": "professional;p-9",
    },
    {
        "name": "Rapport-Purpose",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "enum": [CARE]},
        "description": "What it is for: `care`, also when absent. Others are not taken yet.",
    },
]
"""What the contract says of the headers that every call may carry. They are read by hand below,
so that nothing about them is said before the key is known."""


class ApiKey(SecurityBase):
    """Finds out who is calling, before anything is said about what they sent."""

    scheme_name = "ApiKey"
    model = HTTPBearerModel(
        description="A key of one tenant, as `Authorization: Bearer rpt_<tenant>_…`. Made by "
        "`POST /v1/tenants/{tenant_id}/keys` or `rapport keys create`."
    )

    async def __call__(self, request: Request, needed: SecurityScopes) -> Caller:
        """Who is calling.

        Raises Unauthenticated without a valid key, ScopeMissing without the scope, and only then
        what is wrong with our own headers, the query string or the body as such.
        """
        key = await _identified(request)
        if isinstance(key, PlatformKey):
            raise ScopeMissing("A platform key opens no tenant's data. Use a key of the tenant.")
        for scope in needed.scopes:
            if scope not in key.scopes:
                raise ScopeMissing(f"This call needs a key with the scope {scope}.")
        actor = _checked_request(request)
        return Caller(key, actor, database_of(request), request.app.state.clock)


class PlatformApiKey(SecurityBase):
    """As ApiKey, for the calls of those who host tenants."""

    scheme_name = "PlatformKey"
    model = HTTPBearerModel(
        description="A platform key, as `Authorization: Bearer rpt_platform_…`: it makes and "
        "closes tenants and their keys, and reads nothing of their data. Made by "
        "`rapport platform-keys create`."
    )

    async def __call__(self, request: Request) -> PlatformCaller:
        """Who is calling.

        Raises Unauthenticated without a valid key, ScopeMissing with a tenant's key, and only then
        what is wrong with our own headers, the query string or the body as such.
        """
        key = await _identified(request)
        if isinstance(key, Key):
            raise ScopeMissing("This call needs a platform key. A tenant's key cannot make it.")
        _checked_request(request)
        return PlatformCaller(key, database_of(request), request.app.state.clock)


identified = ApiKey()
identified_platform = PlatformApiKey()


async def _identified(request: Request) -> Key | PlatformKey:
    """The key that the request comes with, noted for its log line.

    Raises Unauthenticated, and TooManyRequests when the key asks for more than its rate.
    """
    scheme, _, text = first_of(request, b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise Unauthenticated("Send Authorization: Bearer rpt_….", headers=dict(CHALLENGE))
    key = await _key(request, text.strip())
    state: dict[str, Any] = request.scope["state"]
    state["key_id"] = key.key_id
    admission: Admission = request.app.state.admission
    # The middleware says when the request is done with.
    state["key_left"] = admission.take(key.key_id)
    state["admitted_key"] = key.key_id
    if isinstance(key, Key):
        state["tenant_id"] = str(key.tenant_id)
    return key


async def _key(request: Request, text: str) -> Key | PlatformKey:
    known: KnownKeys = request.app.state.known_keys
    now = request.app.state.clock()
    key = known.find(text, now)
    if key is None:
        try:
            key = await _looked_up(database_of(request), text, now)
        except Unauthenticated as problem:
            problem.headers.update(CHALLENGE)
            raise
        known.remember(text, key)
    return key


async def _looked_up(database: Database, text: str, now: datetime) -> Key | PlatformKey:
    platform_parts = platform_key_parts(text)
    if platform_parts is not None:
        async with database.platform_transaction() as transaction:
            return await valid_platform_key(transaction, platform_parts, now)
    parts = key_parts(text)
    async with database.transaction(parts.tenant_id) as transaction:
        return await valid_key(transaction, parts, now)


def _checked_request(request: Request) -> Actor | None:
    """The actor. Raises what is wrong with our own headers, the query string or the body."""
    actor = _actor(values_of(request, b"rapport-actor"))
    _refuse_other_purposes(values_of(request, b"rapport-purpose"))
    raise_refusal(request)
    return actor


def _actor(headers: list[str]) -> Actor | None:
    """The actor of a request with these Rapport-Actor headers. Raises InvalidRequest."""
    if not headers:
        return None
    try:
        text = headers[0].encode("latin-1").decode()  # what carried UTF-8 was read byte by byte
    except UnicodeDecodeError:
        text = ""
    role, _, ref = text.partition(";")
    if len(headers) > 1 or role not in ACTOR_ROLES or not ACTOR_REF.fullmatch(ref):
        detail = f"Expected <role>;<ref> once, the role one of {', '.join(ACTOR_ROLES)}."
        raise InvalidRequest.of(FieldError("#/header/Rapport-Actor", "malformed", detail))
    return Actor(role, ref)


def _refuse_other_purposes(headers: list[str]) -> None:
    """Raises InvalidRequest: consents are not kept yet, so nothing but care can be answered."""
    if any(purpose != CARE for purpose in headers):
        detail = f"This release answers for the purpose {CARE} only."
        raise InvalidRequest.of(
            FieldError("#/header/Rapport-Purpose", "purpose_unsupported", detail)
        )


def database_of(request: Request) -> Database:
    """The pool of this process."""
    database: Database = request.app.state.database
    return database


def caller_with(scope: str) -> Any:  # noqa: ANN401 - what FastAPI takes as a dependency marker
    """A marker for a route's signature, which so states the scope that it needs."""
    return Security(identified, scopes=[scope])


def platform_caller() -> Any:  # noqa: ANN401 - as caller_with
    """A marker for a route's signature, which so states that it needs a platform key."""
    return Security(identified_platform)
