"""What follows on what, where Schemathesis does not find it in the contract, or finds no body."""

from typing import Any, Final

from tests.support.own import definition, pack

FORM: Final[dict[str, Any]] = {
    "instrument": "open-triad-1",
    "rater": {"role": "client"},
    "occasion": {"session_number": 1},
    "answers": {str(item): 3 for item in range(1, 10)},
}
AMENDMENT: Final = FORM | {
    "amendment_reason": "Typed in wrongly.",
    "occasion": {"session_number": 2},
}
INVITED: Final = {"rater": {"role": "client"}, "instrument": "open-triad-1", "state": "invited"}
MARK: Final = {"occasion": {"session_number": 1}, "by": {"role": "client"}, "kind": "rupture"}
ACTION: Final = {"kind": "discuss", "by_ref": "p-9", "note": "Talked about the goals."}
ITSELF: Final = "$response.body#/id"
CHANGE: Final = {
    "operationId": "update_alliance",
    "parameters": {"path.alliance_id": ITSELF, "header.if-match": "$response.header.ETag"},
}
AMEND: Final = {
    "operationId": "amend_response",
    "parameters": {"path.response_id": ITSELF},
    "requestBody": AMENDMENT,
}
NOTICE: Final = {
    "operationId": "record_mark",
    "parameters": {"path.alliance_id": ITSELF},
    "requestBody": MARK,
}
ACT: Final = {
    "operationId": "act_on_signal",
    "parameters": {"path.signal_id": "$response.body#/items/0/id"},
    "requestBody": ACTION,
}
ACT_ON_ITSELF: Final = ACT | {"parameters": {"path.signal_id": ITSELF}}
SET: Final = {
    "operationId": "set_signal_settings",
    "parameters": {"header.if-match": "$response.header.ETag"},
    "requestBody": {"alerts_per_100_ratings": 2.5, "reason": "Fewer alarms."},
}
PUBLISH: Final = {
    "operationId": "publish_instrument",
    "parameters": {"path.instrument": "$response.body#/instrument"},
    "requestBody": {"revision": "1.0"},
}
WORDED: Final = {
    "path.instrument": "$response.body#/instrument",
    "path.form": "client",
    "path.language": "en",
}
WORD: Final = {"operationId": "put_text_pack", "parameters": WORDED, "requestBody": pack()}
WITHDRAW: Final = {"operationId": "withdraw_text_pack", "parameters": WORDED}
DRAFT: Final = {"operationId": "draft_instrument", "requestBody": {"definition": definition()}}
REPEAT: Final = {"operationId": "submit_response", "requestBody": "$request.body"}


def _submit(alliance: dict[str, str]) -> dict[str, Any]:
    """A form whose `external_id` nobody has used."""
    body = FORM | {"external_id": "$response.header.X-Request-Id", "alliance": alliance}
    return {"operationId": "submit_response", "requestBody": body}


ANYBODYS: Final = _submit({"external_id": "case-1", "client_ref": "c-1", "professional_ref": "p-1"})
ITS_OWN: Final = _submit({"id": ITSELF})
LINKS: Final[dict[tuple[str, str, str], dict[str, dict[str, Any]]]] = {
    # Without these a schema's many ways of writing a form would let hardly one come first.
    ("/v1/events", "get", "200"): {"submit": ANYBODYS},
    ("/v1/instruments", "get", "200"): {"submit": ANYBODYS, "draft": DRAFT},
    ("/v1/instruments", "post", "201"): {"publish": PUBLISH},
    ("/v1/instruments", "post", "200"): {"publish": PUBLISH},
    ("/v1/instruments/{instrument}/publish", "post", "200"): {"word": WORD},
    ("/v1/instruments/{instrument}/forms/{form}/texts/{language}", "put", "200"): {
        "withdraw": WITHDRAW
    },
    ("/v1/responses", "get", "200"): {"submit": ANYBODYS},
    ("/v1/alliances", "post", "201"): {"submit": ITS_OWN, "change": CHANGE, "notice": NOTICE},
    ("/v1/alliances/{alliance_id}", "get", "200"): {"submit": ITS_OWN, "change": CHANGE},
    ("/v1/alliances/{alliance_id}", "patch", "200"): {"submit": ITS_OWN, "change": CHANGE},
    ("/v1/responses", "post", "201"): {"amend": AMEND, "repeat": REPEAT},
    ("/v1/signals", "get", "200"): {"act": ACT},
    ("/v1/signals/{signal_id}", "get", "200"): {"act": ACT_ON_ITSELF},
    ("/v1/signal-settings", "get", "200"): {"set": SET},
    ("/v1/signal-settings", "put", "200"): {"set": SET},
    ("/v1/responses/{response_id}/amendments", "post", "201"): {"amend": AMEND},
    ("/v1/responses/{response_id}/void", "post", "200"): {"amend": AMEND},
}


def add_links(contract: dict[str, Any]) -> None:
    for (path, method, status), links in LINKS.items():
        # A body is sent as it stands here, not merged into one that is made up.
        whole = {
            name: link | {"x-schemathesis": {"merge_body": False}} for name, link in links.items()
        }
        contract["paths"][path][method]["responses"][status]["links"] = whole
