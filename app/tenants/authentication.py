"""Who is calling, and the transaction that is theirs: what a route asks for in its signature."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from app.database import Database, Transaction
from app.errors import FieldError, InvalidRequest, ScopeMissing, Unauthenticated
from app.tenants.service import Key, key_parts, valid_key

KEY_TRUSTED_SECONDS: Final = 30.0
"""How long a process goes on trusting a key that it has looked up: a revoked one ends by then."""
KEYS_REMEMBERED: Final = 4096

Clock = Callable[[], datetime]

ACTOR_ROLES: Final = ("client", "professional", "family_member", "supervisor", "observer")
CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="ApiKey",
    description="A key made by `rapport keys create`, as `Authorization: Bearer rpt_…`.",
)


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

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of this caller's tenant; committed when its block is left.

        A route leaves the block before it returns, so what is answered is stored.
        """
        return self.database.transaction(self.tenant_id)

    @property
    def tenant_id(self) -> UUID:
        """Whose data this caller sees; nobody else's."""
        return self.key.tenant_id


class KnownKeys:
    """The keys that one process has looked up lately, so that a call costs no extra trip."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Key]] = {}

    def find(self, text: str, now: datetime) -> Key | None:
        """The key looked up within KEY_TRUSTED_SECONDS and not expired since; else None."""
        looked_up_at, key = self._known.get(text, (0.0, None))
        if key is None or time.monotonic() - looked_up_at > KEY_TRUSTED_SECONDS:
            return None
        return None if key.expires_at is not None and key.expires_at <= now else key

    def remember(self, text: str, key: Key) -> None:
        """Trust the key from now on for KEY_TRUSTED_SECONDS."""
        if len(self._known) >= KEYS_REMEMBERED:
            self._known.clear()
        self._known[text] = (time.monotonic(), key)


ActorHeader = Annotated[
    str | None,
    Header(
        alias="Rapport-Actor",
        max_length=240,
        description="The person acting, as `<role>;<ref>`. Absent: the system itself.",
    ),
]


async def identified(
    request: Request,
    needed: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    rapport_actor: ActorHeader = None,
) -> Caller:
    """Find out who is calling.

    Raises Unauthenticated without a valid key, ScopeMissing without the scope.
    """
    if credentials is None:
        raise Unauthenticated("Send Authorization: Bearer rpt_….", headers=dict(CHALLENGE))
    key = await _key(request, credentials.credentials)
    for scope in needed.scopes:
        if scope not in key.scopes:
            raise ScopeMissing(f"This call needs a key with the scope {scope}.")
    return Caller(key, _actor(rapport_actor), database_of(request))


async def _key(request: Request, text: str) -> Key:
    known: KnownKeys = request.app.state.known_keys
    now = request.app.state.clock()
    key = known.find(text, now)
    if key is None:
        try:
            parts = key_parts(text)
            async with database_of(request).transaction(parts.tenant_id) as transaction:
                key = await valid_key(transaction, parts, now)
        except Unauthenticated as problem:
            problem.headers.update(CHALLENGE)
            raise
        known.remember(text, key)
    return key


def _actor(text: str | None) -> Actor | None:
    if text is None:
        return None
    role, separator, ref = text.partition(";")
    if role not in ACTOR_ROLES or not separator or not 1 <= len(ref) <= 200:  # noqa: PLR2004
        detail = f"Expected <role>;<ref>, the role one of {', '.join(ACTOR_ROLES)}."
        raise InvalidRequest(
            "1 to mend; see errors.", (FieldError("#/header/Rapport-Actor", "malformed", detail),)
        )
    return Actor(role, ref)


def database_of(request: Request) -> Database:
    """The pool of this process."""
    database: Database = request.app.state.database
    return database


def caller_with(scope: str) -> Any:  # noqa: ANN401 - what FastAPI takes as a dependency marker
    """A marker for a route's signature, which so states the scope that it needs."""
    return Security(identified, scopes=[scope])


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


ClockInUse = Annotated[Clock, Depends(_clock)]
