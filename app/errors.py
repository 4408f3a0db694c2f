"""Everything the service refuses, and how it says so.

Problems follow in the order of their status, and never carry the value that was sent.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

ERRORS_SHOWN: Final = 100
"""So that a small request never makes a large answer; the detail counts them all."""


class StartRefused(Exception):
    """A command cannot start; the message is the one line its user reads."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to mend in a request: where (a JSON pointer), which kind, and what to do."""

    pointer: str
    code: str
    detail: str


@dataclass(eq=False)
class Problem(Exception):
    """An answer other than 2xx. `code` is stable; `detail` is for people."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something failed on our side"

    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    existing_id: str | None = None
    """The record that stands in the way, when the caller may know it."""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What a kind of problem adds by itself."""

    def faults(self, pointer: str) -> list[FieldError]:
        """What it says of one part of a body, for the problem of the whole; pointer: that part."""
        if not self.errors:
            return [FieldError(pointer, self.code, self.detail or self.title)]
        return [FieldError(f"{pointer}{e.pointer}", e.code, e.detail) for e in self.errors]


class InternalError(Problem):
    """Nothing was stored; trying again is safe."""


class MalformedJson(Problem):
    """The body is not the JSON that RFC 8259 and RFC 7493 (I-JSON) describe."""

    status = 400
    code = "malformed_json"
    title = "The body is not valid JSON"


class InvalidCursor(Problem):
    """A cursor that this list did not hand out."""

    status = 400
    code = "invalid_cursor"
    title = "The cursor does not belong to this list"


class Unauthenticated(Problem):
    """No key, or one that is unknown, expired or revoked; which of them is not said."""

    status = 401
    code = "unauthenticated"
    title = "A valid API key is needed"


class ScopeMissing(Problem):
    """The key is valid and may not do this."""

    status = 403
    code = "scope_missing"
    title = "The API key lacks the scope for this call"


class WordingNotLicensed(Problem):
    """No licence that is known covers the wording that was asked for; `errors` says why."""

    status = 403
    code = "wording_not_licensed"
    title = "No known licence covers this wording"


class NotFound(Problem):
    """Nothing here for this caller; another tenant's record reads the same."""

    status = 404
    code = "not_found"
    title = "There is nothing here"


class MethodNotAllowed(Problem):
    """The path exists and does not take this method."""

    status = 405
    code = "method_not_allowed"
    title = "This path does not take that method"


class Conflict(Problem):
    """What is stored stands against what was asked."""

    status = 409
    code = "conflict"
    title = "The request conflicts with what is stored"


class AllianceConflict(Conflict):
    """The alliance's external_id is known with other members; members never change."""

    code = "alliance_conflict"
    title = "This alliance is known with other members"


class StaleVersion(Conflict):
    """A higher external_version of this response is stored."""

    code = "stale_version"
    title = "A newer version of this response is stored"


class AlreadyAmended(Conflict):
    """A correction of a version that another version has replaced: a chain never forks."""

    code = "already_amended"
    title = "Another version has replaced this one"


class IdempotencyKeyInUse(Conflict):
    """The first call with this Idempotency-Key is still being worked on."""

    code = "idempotency_key_in_use"
    title = "The first call with this Idempotency-Key is not done yet"


class InstrumentConflict(Conflict):
    """The revision is published with other content, or was changed since it was read."""

    code = "instrument_conflict"
    title = "What is stored of this instrument stands against it"


class MergeConflict(Conflict):
    """Two references cannot become one person as asked."""

    code = "merge_conflict"
    title = "These references cannot be merged"


class OccasionConflict(Conflict):
    """The occasion is stored with another number, time or day, which make it what it is."""

    code = "occasion_conflict"
    title = "This occasion is known with another number or time"


class SignalConflict(Conflict):
    """What is to be done does not fit where the signal stands."""

    code = "signal_conflict"
    title = "The signal is past that"


class TenantConflict(Conflict):
    """The tenant's id is known with another name, or the tenant is closed."""

    code = "tenant_conflict"
    title = "What is stored of this tenant stands against it"


class PreconditionFailed(Problem):
    """If-Match names a version that is no longer the current one."""

    status = 412
    code = "precondition_failed"
    title = "The record has changed since it was read"


class BodyTooLarge(Problem):
    """The body passes the limit of the route."""

    status = 413
    code = "body_too_large"
    title = "The body is too large"


class UnsupportedMediaType(Problem):
    """The body's media type is not one that the route takes."""

    status = 415
    code = "unsupported_media_type"
    title = "The body is of a kind that is not taken"


class Unprocessable(Problem):
    """Well-formed, and not something that can be stored."""

    status = 422
    code = "unprocessable"
    title = "The request cannot be taken as it stands"


class InvalidRequest(Unprocessable):
    """One or more fields need mending; `errors` says which and how."""

    code = "invalid_request"
    title = "Some fields need mending"

    @classmethod
    def of(cls, *errors: FieldError) -> Self:
        """The problem of these errors; its detail tells the first for those who log only that."""
        first = errors[0]
        more = f" {len(errors) - 1} more: see errors." if len(errors) > 1 else ""
        where = f"{first.pointer}: " if first.pointer else ""
        return cls(f"{where}{first.detail.removesuffix('.')}.{more}", errors[:ERRORS_SHOWN])


class BatchRefused(InvalidRequest):
    """A strict batch holds items that cannot be taken; nothing of it was stored."""

    code = "batch_refused"
    title = "Nothing of the batch was stored"


class ExternalIdReused(Unprocessable):
    """The external_id and version are stored with other content."""

    code = "external_id_reused"
    title = "This external_id is stored with other content"


class IdempotencyKeyReused(Unprocessable):
    """The Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request"


class PreconditionRequired(Problem):
    """A change needs If-Match, so that nobody's change is overwritten unseen."""

    status = 428
    code = "precondition_required"
    title = "If-Match is needed"


class TooManyRequests(Problem):
    """The key asks for more than its rate, or for too much at once; Retry-After says when."""

    status = 429
    code = "too_many_requests"
    title = "The key asks for too much"


class Unavailable(Problem):
    """Not now. Mostly nothing was stored; where the answer was lost, only a retry can tell."""

    status = 503
    code = "unavailable"
    title = "Not available right now"

    def __post_init__(self) -> None:
        self.headers.setdefault("Retry-After", "1")


class Locked(Unavailable):
    """Somebody else kept a lock for longer than was waited."""


class Interrupted(Unavailable):
    """The connection to the database was lost before anything was stored."""


class Overtaken(Unavailable):
    """Another call changed the same records first; what was decided no longer holds."""

    code = "overtaken"
    title = "Another call was quicker"


class Overloaded(Unavailable):
    """The service is asked for more than it can do; nothing of the request was read."""

    code = "overloaded"
    title = "Too much is asked at this moment"
