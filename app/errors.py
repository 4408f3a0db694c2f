"""Everything the service refuses, and how it says so.

    Exception
    ├── StartRefused              a command cannot start: one line, exit status 1
    └── Problem                   an answer other than 2xx (RFC 9457)
        ├── BadRequest            400  MalformedJson, InvalidCursor
        ├── Unauthenticated       401
        ├── ScopeMissing          403
        ├── NotFound              404
        ├── MethodNotAllowed      405
        ├── Conflict              409  AllianceConflict, StaleVersion, AmendmentUnsupported
        ├── PreconditionFailed    412
        ├── BodyTooLarge          413
        ├── UnsupportedMediaType  415
        ├── Unprocessable         422  InvalidRequest, ExternalIdReused
        ├── PreconditionRequired  428
        ├── InternalError         500
        └── Unavailable           503

A problem never carries the value that was sent: answers are health data.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

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


class AmendmentUnsupported(Conflict):
    """A higher external_version came for a stored response; amendments are not taken yet."""

    code = "amendment_unsupported"
    title = "This response is stored and cannot be amended yet"


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
    """The body is not application/json in UTF-8."""

    status = 415
    code = "unsupported_media_type"
    title = "Only application/json in UTF-8 is taken"


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
    def of(cls, *errors: FieldError) -> "InvalidRequest":
        """The problem of these errors; its detail tells the first for those who log only that."""
        first = errors[0]
        more = f" {len(errors) - 1} more: see errors." if len(errors) > 1 else ""
        where = f"{first.pointer}: " if first.pointer else ""
        return cls(f"{where}{first.detail.removesuffix('.')}.{more}", errors[:ERRORS_SHOWN])


class ExternalIdReused(Unprocessable):
    """The external_id and version are stored with other content."""

    code = "external_id_reused"
    title = "This external_id is stored with other content"


class PreconditionRequired(Problem):
    """A change needs If-Match, so that nobody's change is overwritten unseen."""

    status = 428
    code = "precondition_required"
    title = "If-Match is needed"


class Unavailable(Problem):
    """The service cannot do it now; nothing was stored; try again."""

    status = 503
    code = "unavailable"
    title = "Not available right now"
