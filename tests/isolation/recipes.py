"""A valid request for each operation, and how something else is put into it.

A new operation: write a function that makes what it needs, as the given world, and returns a Call
that succeeds; put it under the operationId in RECIPES. A new parameter or field: say in places.py
whether it names something of a tenant; where a body must be built otherwise to carry it, say so in
`put`; where it is refused whatever it says, in EXPECTED.
"""

import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from httpx import Response

from app.own_instruments.schemas import SAMPLE
from app.signal_settings.schemas import EXAMPLE
from tests.isolation.places import Place
from tests.isolation.worlds import BY, World, bring, export, fill_programme, sent, without
from tests.support.own import definition, draft, publish, texts_path
from tests.support.own import put as put_pack

NDJSON: Final = "application/x-ndjson"


@dataclass
class Call:
    """One request."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    """A file, instead of a body of JSON."""


@dataclass(frozen=True)
class Recipe:
    """How a valid request of one operation is made."""

    made: Callable[[World, str], Awaitable[Call]]
    """In this world, with names of its own that end in this text."""
    tries: Callable[[Place], bool] = lambda _: True
    """Which places this way of calling it has."""
    status: Callable[[Response], int] = lambda answer: answer.status_code
    """What became of it."""
    unknown: int = 200
    """What becomes of a reference that is nobody's; 200 stands for any success."""
    another_person: int = 200
    """What becomes of it for another person than the one that it was made for."""
    counts: bool = False
    """Whether every call makes one more version, so that no two answers name the same."""


async def with_data(world: World, name: str) -> Call:
    """A list, of a tenant that has something to list."""
    await sent(world.client, "/v1/responses", world.submission(name))
    return Call()


async def programmes(_: World, __: str) -> Call:
    """What was compared when the world was furnished."""
    return Call(query=dict(BY))


async def a_comparison(world: World, _: str) -> Call:
    """What was compared when the world was furnished, or is now: one scale of it."""
    if not world.compared:
        assert world.app is not None
        await fill_programme(world, world.app)
    named = {"instrument": "wai-sr-2006", "form": "client", "language": "en", "scale": "total"}
    return Call(query=BY | named)


async def nothing_needed(_: World, __: str) -> Call:
    return Call()


async def an_instrument(_: World, __: str) -> Call:
    return Call(path={"instrument": "wai-sr-2006", "form": "client"})


async def an_alliance(world: World, name: str) -> Call:
    made = await sent(world.client, "/v1/responses", world.submission(name))
    return Call(path={"alliance_id": made["alliance_id"]})


async def changed_alliance(world: World, name: str) -> Call:
    call = await an_alliance(world, name)
    return Call(call.path, headers={"If-Match": '"1"'}, body={"setting": "coaching"})


async def a_response(world: World, name: str) -> Call:
    made = await sent(world.client, "/v1/responses", world.submission(name))
    return Call(path={"response_id": made["id"]})


async def amendment(world: World, name: str) -> Call:
    call = await a_response(world, name)
    body = world.submission(f"{name}-moved", amendment_reason="wrong alliance")
    return Call(call.path, body=without(body, "external_id", "source"))


async def void(world: World, name: str) -> Call:
    call = await a_response(world, name)
    return Call(call.path, body={"reason": "wrong person"})


async def new_alliance(world: World, name: str) -> Call:
    return Call(body=world.alliance(name, source=world.ref("source")))


async def submission(world: World, name: str) -> Call:
    return Call(body=world.submission(name))


async def batch(world: World, name: str) -> Call:
    return Call(body={"items": [world.submission(name)]})


async def void_in_batch(world: World, name: str) -> Call:
    body = world.submission(name)
    await sent(world.client, "/v1/responses", body)
    item = {"external_id": body["external_id"], "source": body["source"], "external_version": 1}
    return Call(body={"items": [item | {"void": {"reason": "wrong person"}}]})


async def merge(world: World, name: str) -> Call:
    made = world.submission(name)
    await sent(world.client, "/v1/responses", made)
    old = made["alliance"]["client_ref"]
    return Call(
        body={"source": made["source"], "role": "client", "from": old, "into": f"{old}-new"}
    )


async def occasions(world: World, name: str) -> Call:
    made = await sent(world.client, "/v1/responses", world.submission(name))
    return Call(query={"alliance_id": made["alliance_id"]})


async def report(world: World, name: str) -> Call:
    invited = {"rater": {"role": "client"}, "instrument": "wai-sr-2006", "state": "invited"}
    occasion = {"session_ref": world.ref(f"session-{name}"), "session_number": 1}
    body = {"source": world.ref("source"), "alliance": world.alliance(name), "status": "held"}
    return Call(body=body | occasion | {"invited": [invited]})


async def mark(world: World, name: str) -> Call:
    call = await an_alliance(world, name)
    said = {
        "external_id": world.ref(f"mark-{name}"),
        "source": world.ref("source"),
        "occasion": {"session_ref": world.ref("session")},
        "by": {"role": "client"},
        "kind": "rupture",
        "notice": {"ref": world.ref("notice"), "audience": ["client"], "level": "items"},
    }
    return Call(call.path, body=said)


async def marks(world: World, name: str) -> Call:
    call = await mark(world, name)
    await sent(world.client, f"/v1/alliances/{call.path['alliance_id']}/marks", call.body)
    return Call(call.path)


async def low_rating(world: World, name: str) -> str:
    """The id of a signal that a rating has raised."""
    made = await sent(world.client, "/v1/responses", world.low_rating(name))
    (signal,) = made["signals"]
    found: str = signal["id"]
    return found


async def with_signal(world: World, name: str) -> Call:
    await low_rating(world, name)
    return Call()


async def caseload(world: World, name: str) -> Call:
    made = await sent(world.client, "/v1/responses", world.low_rating(name))
    assert made["signals"]
    return Call(
        query={"professional_ref": world.ref("professional"), "source": world.ref("source")}
    )


async def a_signal(world: World, name: str) -> Call:
    return Call(path={"signal_id": await low_rating(world, name)})


async def action(world: World, name: str) -> Call:
    call = await a_signal(world, name)
    return Call(call.path, body={"kind": "discuss", "by_ref": world.ref("professional")})


async def new_settings(world: World, _: str) -> Call:
    answer = await world.client.get("/v1/signal-settings")
    return Call(headers={"If-Match": answer.headers["ETag"]}, body=deepcopy(EXAMPLE))


async def an_order(_: World, __: str) -> Call:
    return Call(body={"kind": "responses", "format": "ndjson"})


async def an_export(world: World, name: str) -> Call:
    """An export whose file is made; the same one, however often it is asked for."""
    if "export" not in world.ids:
        await with_data(world, name)
        await export(world)
    return Call(path={"export_id": world.ids["export"]})


async def a_file(world: World, name: str) -> Call:
    query = {"external_id": f"file-{name}", "source": world.ref("source")}
    content = json.dumps(world.submission(name)).encode()
    return Call(query=query, headers={"Content-Type": NDJSON}, content=content)


async def an_import(world: World, name: str) -> Call:
    """A file that has come in; the same one, however often it is asked for."""
    if "import" not in world.ids:
        await bring(world, name)
    return Call(path={"import_id": world.ids["import"]})


async def a_form(_: World, __: str) -> Call:
    return Call(query={"instrument": "srs-3", "form": "client"})


async def imports(world: World, name: str) -> Call:
    await an_import(world, name)
    return Call()


async def something(world: World, name: str) -> Call:
    """A tenant with one rating that has raised a signal, however often it is asked for."""
    if "something" not in world.ids:
        world.ids["something"] = await low_rating(world, name)
    return Call()


async def a_dictionary(_: World, __: str) -> Call:
    return Call(query={"kind": "responses"})


async def own_draft(world: World, _: str) -> Call:
    return Call(body={"definition": definition(instrument=world.instrument)})


async def own_preview(_: World, __: str) -> Call:
    return Call(body={"definition": definition(), "samples": [SAMPLE]})


async def publication(world: World, name: str) -> Call:
    await draft(world.client, (await own_draft(world, name)).body["definition"])
    return Call(path={"instrument": world.instrument}, body={"revision": "1.0"})


async def text_pack(world: World, _: str) -> Call:
    await publish(world.client, definition(instrument=world.instrument))
    path = {"instrument": world.instrument, "form": "client", "language": "en"}
    return Call(path=path, body=world.pack())


async def text_pack_there(world: World, name: str) -> Call:
    call = await text_pack(world, name)
    await put_pack(world.client, call.body, texts_path(instrument=world.instrument))
    return Call(path=call.path)


async def grant_there(world: World, name: str) -> Call:
    await text_pack_there(world, name)
    return Call()


async def use(_: World, __: str) -> Call:
    return Call(body={"uses": ["clinical"]})


async def scores(_: World, __: str) -> Call:
    answers = {str(line): 5 for line in range(1, 5)}
    return Call(body={"instrument": "srs-3", "form": "client", "answers": answers})


async def score_batch(world: World, name: str) -> Call:
    return Call(body={"items": [(await scores(world, name)).body]})


def of_item(answer: Response) -> int:
    """What became of the only item of a batch."""
    if answer.status_code != 207:
        return answer.status_code
    (item,) = answer.json()["items"]
    found: int = item["status"]
    return found


def names_a_record(place: Place) -> bool:
    return place.name in {"/items/0/external_id", "/items/0/source"}


RECIPES: Final[dict[str, tuple[Recipe, ...]]] = {
    "act_on_signal": (Recipe(action),),
    "amend_response": (Recipe(amendment),),
    "cancel_export": (Recipe(an_export, another_person=404),),
    "cancel_import": (Recipe(an_import, another_person=404),),
    "compute_scores": (Recipe(scores),),
    "compute_scores_batch": (Recipe(score_batch, status=of_item),),
    "declare_use": (Recipe(use),),
    "draft_instrument": (Recipe(own_draft),),
    "create_alliance": (Recipe(new_alliance),),
    "create_export": (Recipe(an_order),),
    "create_import": (Recipe(a_file),),
    "download_export": (Recipe(an_export, another_person=404),),
    "download_failed": (Recipe(an_import, another_person=404),),
    "download_succeeded": (Recipe(an_import, another_person=404),),
    "download_unprocessed": (Recipe(an_import, another_person=404),),
    "export_alliances": (Recipe(something),),
    "export_responses": (Recipe(something),),
    "export_scores": (Recipe(something),),
    "export_signals": (Recipe(something),),
    "get_alliance": (Recipe(an_alliance),),
    "get_caseload_page": (Recipe(caseload),),
    "get_caseload_picture": (Recipe(caseload),),
    "get_comparison_picture": (Recipe(a_comparison, unknown=404),),
    "get_coverage": (Recipe(nothing_needed),),
    "get_declared_use": (Recipe(nothing_needed),),
    "get_events": (Recipe(with_data),),
    "get_export": (Recipe(an_export, another_person=404),),
    "get_export_dictionary": (Recipe(a_dictionary),),
    "get_form": (Recipe(an_instrument),),
    "get_import": (Recipe(an_import, another_person=404),),
    "get_import_dictionary": (Recipe(a_form),),
    "get_import_template": (Recipe(a_form),),
    "get_instrument": (Recipe(an_instrument),),
    "get_rights": (Recipe(an_instrument),),
    "get_response": (Recipe(a_response),),
    "get_signal": (Recipe(a_signal),),
    "get_signal_settings": (Recipe(nothing_needed),),
    "get_trend": (Recipe(an_alliance),),
    "get_trend_page": (Recipe(an_alliance),),
    "get_trend_picture": (Recipe(an_alliance),),
    "list_alliances": (Recipe(with_data),),
    "list_caseload": (Recipe(caseload),),
    "list_grants": (Recipe(grant_there),),
    "list_imports": (Recipe(imports),),
    "list_instruments": (Recipe(nothing_needed),),
    "list_marks": (Recipe(marks),),
    "list_occasions": (Recipe(occasions),),
    "list_program_comparisons": (Recipe(programmes),),
    "list_program_summaries": (Recipe(with_data),),
    "list_responses": (Recipe(with_data),),
    "list_signals": (Recipe(with_signal),),
    "merge_people": (Recipe(merge),),
    "preview_instrument": (Recipe(own_preview),),
    "publish_instrument": (Recipe(publication),),
    "put_text_pack": (Recipe(text_pack),),
    "record_mark": (Recipe(mark),),
    "report_occasion": (Recipe(report),),
    "set_signal_settings": (Recipe(new_settings, counts=True),),
    "submit_response": (Recipe(submission),),
    "submit_response_batch": (
        Recipe(batch, status=of_item),
        Recipe(void_in_batch, tries=names_a_record, status=of_item, unknown=404),
    ),
    "update_alliance": (Recipe(changed_alliance),),
    "void_response": (Recipe(void),),
    "withdraw_text_pack": (Recipe(text_pack_there, counts=True),),
}
"""Of each operation by its operationId."""

NOT_A_MEMBER: Final = 422
EXPECTED: Final = {
    "/rater/ref": NOT_A_MEMBER,
    "/about_ref": NOT_A_MEMBER,
    "/by/ref": NOT_A_MEMBER,
}
"""What becomes of other references that are nobody's here, by the end of their JSON pointer."""


def put(call: Call, place: Place, value: str) -> None:
    """Name this value in this place of a request, and mend what then no longer fits together."""
    if place.where == "body":
        way = place.name.strip("/").split("/")
        if way[-2:] == ["alliance", "id"]:
            _set(call.body, way[:-1], {})
        if "members" in way:
            _instead_of_a_pair(call.body, way[: way.index("members")], value)
        _set(call.body, way, value)
    elif place.where == "header":
        call.headers = {k: v for k, v in call.headers.items() if k.lower() != place.name.lower()}
        call.headers[place.name] = value
        if place.leaf == "idempotency-key" and isinstance(call.body, dict):
            call.body.pop("external_id", None)
    else:
        (call.path if place.where == "path" else call.query)[place.name] = value


def _set(body: Any, way: list[str], value: object) -> None:
    for step in way[:-1]:
        body = body[int(step)] if isinstance(body, list) else body.setdefault(step, {})
    body[way[-1]] = value


def _instead_of_a_pair(body: Any, way: list[str], ref: str) -> None:
    for step in way:
        body = body[int(step)] if isinstance(body, list) else body[step]
    professional = {"role": "professional", "ref": body.pop("professional_ref")}
    del body["client_ref"]
    body["members"] = [{"role": "client", "ref": ref}, professional]
