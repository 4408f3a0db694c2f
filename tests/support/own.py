"""A tenant's own instruments and wordings, small and made up for tests."""

from copy import deepcopy
from typing import Any, Final

from httpx import AsyncClient, Response

from app.instruments.definitions import shipped
from app.own_instruments.schemas import DEFINITION
from app.wordings.schemas import GRANT, TEXT
from tests.support.factories import submission

OWN: Final = "x-four-questions"
ANSWERS: Final = {"1": 3, "2": 4, "3": 2, "4": 1}
"""Bond 7, tasks 5, total 12 by the first revision."""


def definition(revision: str = "1.0", instrument: str = OWN, **changes: Any) -> dict[str, Any]:
    """The own instrument of the contract's example."""
    found = deepcopy(DEFINITION) | {"instrument": instrument, "revision": revision}
    return found | changes


def unreversed(revision: str = "1.1", instrument: str = OWN) -> dict[str, Any]:
    """The same questions, scored without turning the last one round."""
    found = definition(revision, instrument)
    found["keys"]["four"]["reversed"] = []
    for vector in found["test_vectors"]:
        sums = _sums(list(vector["answers"].values()))
        vector["expected"] = {
            scale: {"sum": value, "mean": value / (4 if scale == "total" else 2)}
            for scale, value in sums.items()
        }
    return found


def _sums(values: list[int]) -> dict[str, int]:
    return {"bond": sum(values[:2]), "tasks": sum(values[2:]), "total": sum(values)}


async def draft(client: AsyncClient, document: dict[str, Any]) -> Response:
    """What a draft is answered with."""
    return await client.post("/v1/instruments", json={"definition": document})


async def publish(client: AsyncClient, document: dict[str, Any]) -> dict[str, Any]:
    """The published revision of a document that is taken."""
    answer = await draft(client, document)
    assert answer.status_code in {200, 201}, answer.text
    url = f"/v1/instruments/{document['instrument']}/publish"
    answer = await client.post(url, json={"revision": document["revision"]})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def filled(**overrides: Any) -> dict[str, Any]:
    """A client's answers to the own instrument on a new pair's first session."""
    return submission(**{"instrument": OWN, "answers": dict(ANSWERS)} | overrides)


def sums(answer: dict[str, Any]) -> dict[str, float | None]:
    """Scale -> sum."""
    return {one["scale"]: one["sum"] for one in answer["scores"]}


WORDS: Final = TEXT
"""The wording of the contract's example."""


def pack(language: str = "en", **changes: Any) -> dict[str, Any]:
    """The text pack of the contract's example; changes: of its grant."""
    return {
        "grant": deepcopy(GRANT) | {"languages": [language]} | changes,
        "text": deepcopy(TEXT),
    }


def pack_of_ours(instrument: str) -> dict[str, Any]:
    """The shipped English wording of one of our own, as a text pack of a tenant's."""
    theirs = shipped().text_packs[instrument, "1", "en"]
    shared = ("direction", "review", "notices", "role_slot", "non_answers", "errors")
    words = {name: theirs[name] for name in shared} | dict(theirs["forms"]["client"])
    return pack(holder="Rapport contributors") | {"text": words}


def texts_path(language: str = "en", instrument: str = OWN, form: str = "client") -> str:
    """Where the wording of a form is put."""
    return f"/v1/instruments/{instrument}/forms/{form}/texts/{language}"


async def put(client: AsyncClient, body: dict[str, Any], path: str) -> dict[str, Any]:
    """The text pack that was taken."""
    answer = await client.put(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def declare(client: AsyncClient, *uses: str) -> None:
    """Declare these uses."""
    answer = await client.put("/v1/declared-use", json={"uses": list(uses)})
    assert answer.status_code == 200, answer.text


async def form_of(client: AsyncClient, instrument: str = OWN, **query: str) -> dict[str, Any]:
    """The form to render."""
    answer = await client.get(f"/v1/instruments/{instrument}/forms/client", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
