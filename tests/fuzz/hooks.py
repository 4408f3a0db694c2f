"""What Schemathesis cannot know of this service; it loads this module into its own process."""

import atexit
import json
import os
import re
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import schemathesis
from pydantic_core._pydantic_core import list_all_errors
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.generation.meta import CoveragePhaseData
from schemathesis.openapi.checks import RejectedPositiveData

from app.edge.idempotency_key import read_idempotency_key
from app.edge.problem_documents import PYDANTIC_CODES
from app.errors import InvalidRequest
from tests.fuzz.links import FORM, INVITED, add_links
from tests.support.own import pack_of_ours

Case = schemathesis.Case[Any]
STORES: Final = (
    "/v1/alliances",
    "/v1/occasions",
    "/v1/responses",
    "/v1/responses:batch",
    "/v1/responses/{response_id}/amendments",
)
IMPORT: Final = "POST /v1/imports"
PAIR: Final = {"external_id": "fuzz-1", "client_ref": "fuzz-1", "professional_ref": "p-9"}
TEXTS: Final = "/v1/instruments/{instrument}/forms/{form}/texts/{language}"
OURS: Final = {"instrument": "open-triad-lines-1", "form": "client", "language": "en"}
ACTOR: Final = "Rapport-Actor"
OF_THE_SHAPE: Final = {
    "body_too_large", "control_character", "malformed", "malformed_date", "malformed_json",
    "malformed_time", "method_not_allowed", "not_text", "purpose_unsupported", "repeated",
    "scope_missing", "unauthenticated", "unknown_parameter", "unsupported_media_type",
    *PYDANTIC_CODES.values(), *(known["type"] for known in list_all_errors()),
}  # fmt: skip
"""A request that follows the contract is never refused for one of these; for what no schema can
say it may be: two fields together, the instrument's items, what is stored, the calendar."""
NO_SCHEMA_SAYS: Final = {
    ("required", "/form"),  # where the rater's role names none
    ("int_type", "/external_version"),  # 2.0 is an integer to a schema, and none to us
    ("int_type", "/occasion/session_number"),
    ("int_type", "/session_number"),
    ("int_type", "/parameter_sets/*/cases"),
    ("int_type", "/parameter_sets/*/ratings"),
}
BY_A_DEFINITION: Final = ("/definition", "/text/items", "/text/labels")
"""Parts whose shape another document says: that of definitions, or the form that is worded."""

ANSWERS: Final[defaultdict[str, Counter[int]]] = defaultdict(Counter)
"""How often each operation was answered with which status."""


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_it_is(_: object, value: object) -> bytes:
    """A file is sent as the text that it is."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def after_call(_: object, case: Case, response: schemathesis.Response) -> None:
    ANSWERS[case.operation.label][response.status_code] += 1


def _write_down() -> None:
    Path(os.environ["FUZZ_ANSWERS"]).write_text(json.dumps(ANSWERS), encoding="utf-8")


@schemathesis.hook
def before_load_schema(_: object, raw_schema: dict[str, Any]) -> None:
    add_links(raw_schema)
    atexit.register(_write_down)


@schemathesis.hook
def map_case(_: object, case: Case) -> Case:
    """Make every other body that is made up one that can be stored: what comes next finds it.

    By itself a schema hardly ever hits on an instrument, its items and a place in time.
    """
    if case.operation.path in STORES and isinstance(case.body, dict) and _made_up(case):
        items = case.body.get("items")
        for one in items if isinstance(items, list) else [case.body]:
            if isinstance(one, dict) and len(str(one)) % 2:
                _make_storable(one)
    if case.operation.label == IMPORT and _made_up(case):
        # To a schema a file is any text: this one is of a form that can be stored.
        case.query = {}
        case.media_type = "application/x-ndjson"
        case.body = f"{json.dumps(FORM | {'alliance': PAIR})}\n"
    if case.operation.path == TEXTS and _made_up(case) and len(str(case.path_parameters)) % 2:
        case.path_parameters = dict(OURS)
        if case.body:
            case.body = pack_of_ours(OURS["instrument"])
    return case


def _made_up(case: Case) -> bool:
    """Whether it follows the contract, and is not one of those made to cover each part of it."""
    return (
        case.meta is not None
        and case.meta.generation.mode.is_positive
        and not isinstance(case.meta.phase.data, CoveragePhaseData)
    )


def _make_storable(body: dict[str, Any]) -> None:
    """All stays as it is but its members; of a form, but when it was and what was ticked."""
    number = len(str(body)) % 50
    name = f"fuzz-{number % 3}"
    pair = {"external_id": name, "client_ref": name, "professional_ref": "p-9"}
    if "status" in body:
        body |= {"alliance": pair, "session_number": number, "invited": [INVITED]}
        body |= {"session_ref": None, "occurred_at": None, "occurred_on": None}
    elif "rater" in body:
        body |= FORM | {
            "instrument_revision": None,
            "form": None,
            "about_ref": None,
            "occasion": {"session_number": number},
            "completed_on": None,
            "answers": dict.fromkeys(FORM["answers"], number % 4),
            "reported_scores": None,
        }
        if body.get("alliance") is not None:
            body["alliance"] = pair
    elif "void" not in body:
        body |= pair | {"members": None}


@schemathesis.hook
def before_call(_: object, case: Case, __: object) -> None:
    """Mend the actor that every call of the coverage phase would carry, and be refused for.

    Of a header whose form asks for more than letters and digits it makes but wrong ones.
    """
    if case.meta is not None and isinstance(case.meta.phase.data, CoveragePhaseData):
        aimed_at = case.meta.phase.data.parameter
        if ACTOR in case.headers and aimed_at != ACTOR:
            case.headers[ACTOR] = "professional;p-9"


@schemathesis.hook
def filter_failure(
    _: object, failure: Failure, case: Case, response: schemathesis.Response
) -> bool:
    """Whether it is one: what two of the checks ask for cannot be had everywhere."""
    if isinstance(failure, RejectedPositiveData):
        return _refused_for_its_shape(response.json()) and not _needs_an_actor(case, response)
    if isinstance(failure, AcceptedNegativeData):
        return not (
            _an_item_is_refused(response)
            or _an_unread_key_is_malformed(case)
            or _a_file_is_any_text(case)
        )
    return True


def _needs_an_actor(case: Case, response: schemathesis.Response) -> bool:
    """Professionals are compared for some actors only, which no schema can say."""
    compared = case.operation.path.startswith("/v1/program-comparisons")
    return compared and bool(response.json()["code"] == "scope_missing")


def _refused_for_its_shape(problem: dict[str, Any]) -> bool:
    faults = {(one["code"], _anywhere(one["pointer"])) for one in problem["errors"]}
    faults = faults or {(problem["code"], "")}
    faults = {fault for fault in faults if not fault[1].startswith(BY_A_DEFINITION)}
    return any(code in OF_THE_SHAPE for code, _ in faults - NO_SCHEMA_SAYS)


def _anywhere(pointer: str) -> str:
    """The pointer, whichever of the parameter sets it points into."""
    return re.sub(r"^/parameter_sets/\d+", "/parameter_sets/*", pointer)


def _an_item_is_refused(response: schemathesis.Response) -> bool:
    """A batch is taken, and each of its items judged by itself."""
    items = response.json()["items"] if response.status_code == 207 else []
    return any(item["status"] >= 400 for item in items)


def _a_file_is_any_text(case: Case) -> bool:
    """A file that is taken in has its rows judged one by one, later."""
    return bool(case.operation.label == IMPORT and not isinstance(case.body, str))


def _an_unread_key_is_malformed(case: Case) -> bool:
    """Idempotency-Key is not looked at where an `external_id` makes the call safe."""
    key = case.headers.get("idempotency-key") if case.headers else None
    if not isinstance(case.body, dict) or case.body.get("external_id") is None or key is None:
        return False
    with suppress(InvalidRequest):
        read_idempotency_key(key)
        return False
    return True
